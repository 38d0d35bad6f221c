"""Plans in which each station follows a sequence of its own."""

import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opt_twin as ot
from opt_twin.errors import PlanError, SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Inspection,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
)
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import Job, Operation, SchedulingInstance
from opt_twin.scheduling.dispatching import dispatch
from opt_twin.simulation import RunSettings, run_replication
from opt_twin.streams import stream

RANDOM = {"cycle_time": Exponential(mean=3.0), "cycle_time_by_product": {}}
RULES = ("SPT", "MWKR", "LWKR")


def job_shop(instance, **fields):
    """Return the line of a job shop: a product and an order for each job, a buffer before each machine."""
    ways, times = {}, {machine: {} for machine in instance.machines}
    for job in instance.jobs:
        before = "In"
        for operation in job.operations:
            ways.setdefault((before, f"Q{operation.machine}"), []).append(job.name)
            times[operation.machine][job.name] = operation.duration
            before = operation.machine
        ways.setdefault((before, "Out"), []).append(job.name)
    return Line(
        name=instance.name,
        elements=(
            Source(name="In"),
            *(Buffer(name=f"Q{machine}", discipline="by_product") for machine in instance.machines),
            *(
                Station(
                    name=machine,
                    cycle_time=1,
                    cycle_time_by_product=times[machine],
                    **fields.get(machine, {}),
                )
                for machine in instance.machines
            ),
            Sink(name="Out"),
        ),
        connections=(
            *(Connection(source=a, target=b, products=names) for (a, b), names in ways.items()),
            *(Connection(source=f"Q{machine}", target=machine) for machine in instance.machines),
        ),
        products=tuple(Product(name=job.name) for job in instance.jobs),
        orders=tuple(Order(name=job.name, product=job.name, quantity=1) for job in instance.jobs),
    )


def executed(run):
    return sorted((e.time, e.element, e.order) for e in run.events if e.kind == "start")


@pytest.mark.parametrize("late", ["keep", "swap"])
def test_a_job_shop_executes_its_optimal_schedule(late):
    """The optimum of ft06 is 55 (Muth and Thompson 1963); every operation starts when it is planned."""
    instance = ot.load_instance("ft06")
    schedule = ot.solve_schedule(instance, options=ot.SolveOptions(time_limit=20)).solution()
    run = run_replication(job_shop(instance), plan=schedule, settings=RunSettings(late=late), log=True)
    assert run.end == run.values["makespan"] == 55.0
    planned = sorted((float(done.start), done.machine, done.job) for done in schedule.assignments)
    assert executed(run) == planned


@st.composite
def shops(draw):
    """Return a small job shop and a schedule of it, from random priorities."""
    count, machines = draw(st.integers(2, 4)), ("M1", "M2", "M3")
    jobs = []
    for number in range(count):
        route = draw(st.permutations(machines))
        jobs.append(
            Job(
                name=f"J{number}",
                operations=tuple(Operation(machine=m, duration=draw(st.integers(1, 5))) for m in route),
            )
        )
    return SchedulingInstance(name="shop", machines=machines, jobs=tuple(jobs)), draw(st.sampled_from(RULES))


@given(shops())
@settings(max_examples=30, deadline=None)
def test_a_semi_active_schedule_is_executed_to_the_second(shop):
    """In the schedule of a dispatching rule no operation can start earlier in the same sequences."""
    instance, rule = shop
    schedule = dispatch(instance, rule)
    planned = sorted((float(done.start), done.machine, done.job) for done in schedule.assignments)
    for late in ("keep", "swap"):
        run = run_replication(
            job_shop(instance), plan=schedule, settings=RunSettings(late=late, horizon=200), log=True
        )
        assert executed(run) == planned


@given(shops(), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_run_with_random_times_is_the_recursion_of_its_sequences(shop, seed):
    """An operation starts when its job and its machine have done what comes before; to the last bit."""
    instance, rule = shop
    schedule = dispatch(instance, rule)
    line = job_shop(instance)
    line = line.with_values(
        {f"{machine}.{field}": value for machine in instance.machines for field, value in RANDOM.items()}
    )
    run = run_replication(line, plan=schedule, settings=RunSettings(horizon=2000), seed=seed, log=True)
    draws = {machine: stream(seed, 0, machine, "processing") for machine in instance.machines}
    times = {
        machine: [float(RANDOM["cycle_time"].sample(draws[machine], 1)[0]) for _ in instance.jobs]
        for machine in instance.machines
    }
    job_end, machine_end = {}, {}
    for done in schedule.assignments:
        start = max(job_end.get(done.job, 0.0), machine_end.get(done.machine, 0.0))
        machine_end[done.machine] = job_end[done.job] = start + times[done.machine].pop(0)
    assert {name: run.values[f"order.{name}.completion"] for name in job_end} == job_end


@given(shops(), st.data())
@settings(max_examples=30, deadline=None)
def test_each_of_two_servers_follows_its_own_sequence(shop, data):
    """Operations are planned on single servers, each after what its job and its server do before."""
    instance, _ = shop
    left = {job.name: list(job.operations) for job in instance.jobs}
    done, job_end, server_end = [], dict.fromkeys(left, 0), {}
    while any(left.values()):
        job = data.draw(st.sampled_from([name for name, operations in left.items() if operations]))
        operation = left[job].pop(0)
        server = f"{operation.machine}#{data.draw(st.integers(1, 2))}"
        start = max(job_end[job], server_end.get(server, 0))
        job_end[job] = server_end[server] = start + operation.duration
        done.append(
            assignment(job, server, start, operation=len(instance.jobs[0].operations) - len(left[job]))
        )
    line = job_shop(instance, **{machine: {"servers": 2} for machine in instance.machines})
    run = run_replication(line, plan=Schedule(assignments=tuple(done)), log=True)
    begun = sorted((e.time, f"{e.element}#{e.server + 1}", e.order) for e in run.events if e.kind == "start")
    assert begun == sorted((float(a.start), a.machine, a.job) for a in done)


def assignment(job, machine, start, operation=0):
    return Assignment(job=job, operation=operation, machine=machine, start=start, end=start)


def two_feeders(**fields):
    """Return a line: a comes through A (1 s), b through B (3 s), then both through C (4 s each)."""
    return Line(
        name="feeders",
        elements=(
            Source(name="In"),
            Station(name="A", cycle_time=1.0, **fields.pop("A", {})),
            Station(name="B", cycle_time=3.0),
            Buffer(name="Q", discipline="by_product"),
            Station(name="C", cycle_time=4.0, **fields.pop("C", {})),
            Sink(name="Out"),
        ),
        connections=(
            Connection(source="In", target="A", products=["a"]),
            Connection(source="In", target="B", products=["b"]),
            Connection(source="A", target="Q"),
            Connection(source="B", target="Q"),
            Connection(source="Q", target="C"),
            Connection(source="C", target="Out"),
        ),
        products=(Product(name="a"), Product(name="b")),
        orders=fields.pop(
            "orders", (Order(name="a", product="a", quantity=1), Order(name="b", product="b", quantity=1))
        ),
    )


B_FIRST = Schedule(
    assignments=(
        assignment("a", "A", 0),
        assignment("b", "B", 0),
        assignment("b", "C", 2, 1),
        assignment("a", "C", 6, 1),
    )
)


def test_a_machine_keeps_its_sequence_or_swaps_once_the_planned_start_has_passed():
    """Part a is there at 1 s; b, which is planned for 2 s, comes at 3 s only."""
    keep = run_replication(two_feeders(), plan=B_FIRST, log=True)
    assert [entry for entry in executed(keep) if entry[1] == "C"] == [(3.0, "C", "b"), (7.0, "C", "a")]
    swap = run_replication(two_feeders(), plan=B_FIRST, settings=RunSettings(late="swap"), log=True)
    assert [entry for entry in executed(swap) if entry[1] == "C"] == [(2.0, "C", "a"), (6.0, "C", "b")]


ASKED = []


class Impatient:
    """Takes what waits."""

    def replan(self, machine, rest, waiting, now):
        ASKED.append((machine, rest, waiting, now))
        names = [name for name, _ in rest]
        return [*waiting, *(name for name in names if name not in waiting)]


class Forgetful:
    """Loses orders."""

    def replan(self, machine, rest, waiting, now):
        return waiting


@pytest.fixture
def own_rules(monkeypatch):
    module = types.ModuleType("own_rules")
    module.Impatient, module.Forgetful = Impatient, Forgetful
    monkeypatch.setitem(sys.modules, "own_rules", module)
    ASKED.clear()


@pytest.mark.usefixtures("own_rules")
def test_a_rule_of_ones_own_plans_again():
    settings = RunSettings(late="own_rules:Impatient")
    run = run_replication(two_feeders(), plan=B_FIRST, settings=settings, log=True)
    assert [entry for entry in executed(run) if entry[1] == "C"] == [(1.0, "C", "a"), (5.0, "C", "b")]
    assert ASKED == [("C", (("b", 2.0), ("a", 6.0)), ("a",), 1.0)]
    with pytest.raises(SimulationError, match=r"gave machine 'C' the orders a at 1 s; it must give .* b, a"):
        run_replication(two_feeders(), plan=B_FIRST, settings=RunSettings(late="own_rules:Forgetful"))
    with pytest.raises(SimulationError, match="late parts: the behaviour 'own_rules:Nothing' cannot be made"):
        run_replication(two_feeders(), plan=B_FIRST, settings=RunSettings(late="own_rules:Nothing"))


def test_a_machine_does_not_wait_for_units_that_were_scrapped():
    """Every part of a is scrapped at A, the last at 5 s; b, released behind them at 4 s, comes at 7 s."""
    bad = {"defect_rate": 1.0, "inspection": Inspection()}
    plan = Schedule(
        assignments=(
            assignment("a", "A", 0),
            assignment("b", "B", 0),
            assignment("a", "C", 2, 1),
            assignment("b", "C", 6, 1),
        )
    )
    orders = (Order(name="a", product="a", quantity=5), Order(name="b", product="b", quantity=1))
    run = run_replication(two_feeders(A=bad, orders=orders), plan=plan, log=True)
    assert [entry for entry in executed(run) if entry[1] == "C"] == [(7.0, "C", "b")]
    assert run.values["scrapped"] == 5


def test_a_machine_does_not_wait_for_units_that_went_another_way():
    """A plan that sends all through C, on a line where a leaves without."""
    line = Line(
        name="shortcut",
        elements=(
            Source(name="In"),
            Station(name="A", cycle_time=1.0),
            Station(name="C", cycle_time=4.0),
            Sink(name="Out"),
        ),
        connections=(
            Connection(source="In", target="A", products=["a"]),
            Connection(source="In", target="C", products=["b"]),
            Connection(source="A", target="Out"),
            Connection(source="C", target="Out"),
        ),
        products=(Product(name="a"), Product(name="b")),
        orders=(Order(name="a", product="a", quantity=1), Order(name="b", product="b", quantity=1)),
    )
    plan = Schedule(assignments=(assignment("a", "C", 0), assignment("b", "C", 5)))
    assert run_replication(line, plan=plan).end == 5.0


def test_each_server_follows_its_own_machine_and_sets_up_ahead():
    """Orders a and c are planned on the second server of C, b on the first."""
    products = (Product(name="a"), Product(name="b"), Product(name="c"))
    line = Line(
        name="parallel",
        elements=(
            Source(name="In"),
            Buffer(name="Q", discipline="by_product"),
            Station(
                name="C",
                cycle_time=4.0,
                servers=2,
                setup_times={"a": {"c": 3.0}, "b": {"a": 9.0}},
                initial_product="b",
            ),
            Buffer(name="R"),
            Station(name="D", cycle_time=0.5),
            Sink(name="Out"),
            Sink(name="Else"),
        ),
        connections=(
            Connection(source="In", target="Q"),
            Connection(source="Q", target="C"),
            Connection(source="C", target="R", products=["a"]),
            Connection(source="C", target="Else", products=["b", "c"]),
            Connection(source="R", target="D"),
            Connection(source="D", target="Out"),
        ),
        products=products,
        orders=tuple(Order(name=p.name, product=p.name, quantity=2, release=10.0) for p in products),
    )
    plan = Schedule(
        assignments=(assignment("a", "C#2", 10), assignment("b", "C#1", 10), assignment("c", "C#2", 20))
    )
    run = run_replication(line, plan=plan, log=True)
    begun = [(e.time, e.server, e.order) for e in run.events if e.kind == "start" and e.element == "C"]
    # the set-up of server 2 for a runs from 0 s to 9 s, that for c from 18 s to 21 s
    assert begun == [
        (10.0, 1, "a"),
        (10.0, 0, "b"),
        (14.0, 0, "b"),
        (14.0, 1, "a"),
        (21.0, 1, "c"),
        (25.0, 1, "c"),
    ]


def test_batches_of_a_plan_close_with_their_order():
    """C makes batches of three: five units of a make three and two."""
    orders = (Order(name="a", product="a", quantity=5), Order(name="b", product="b", quantity=1))
    plan = Schedule(
        assignments=(
            assignment("a", "A", 0),
            assignment("b", "B", 0),
            assignment("a", "C", 1, 1),
            assignment("b", "C", 9, 1),
        )
    )
    run = run_replication(two_feeders(C={"batch_size": 3}, orders=orders), plan=plan, log=True)
    assert [entry for entry in executed(run) if entry[1] == "C"] == [
        (3.0, "C", "a"),
        (7.0, "C", "a"),
        (11.0, "C", "b"),
    ]


def test_a_part_that_comes_again_is_taken_when_the_plan_expects_nothing_more_of_it():
    """The first test rejects every part of a: it goes through A once more, unplanned."""
    line = Line(
        name="again",
        elements=(
            Source(name="In"),
            Buffer(name="Q", discipline="by_product"),
            Station(name="A", cycle_time=1.0, inspection=Inspection(false_alarm=1.0, rejects="route")),
            Sink(name="Out"),
        ),
        connections=(
            Connection(source="In", target="Q"),
            Connection(source="Q", target="A"),
            Connection(source="A", target="Q", quality="rejected", limit=1, probability=1.0),
            Connection(source="A", target="Out", quality="passed", probability=1.0),
        ),
        products=(Product(name="a"), Product(name="b")),
        orders=(Order(name="a", product="a", quantity=1), Order(name="b", product="b", quantity=1)),
    )
    plan = Schedule(assignments=(assignment("b", "A", 0), assignment("a", "A", 1)))
    run = run_replication(line, plan=plan, log=True)
    assert executed(run) == [(0.0, "A", "b"), (1.0, "A", "a"), (2.0, "A", "b"), (3.0, "A", "a")]
    assert run.values["scrapped"] == 2
    assert run.end == 4.0


def test_a_plan_that_does_not_fit_is_refused():
    line = two_feeders()
    for assignments, message in (
        ([assignment("a", "X", 0)], "uses machine 'X'"),
        ([assignment("a", "C#2", 0)], "station 'C' has 1 servers"),
        ([assignment("a", "C", 0), assignment("b", "C#1", 0)], "both 'C' and its single servers"),
        ([assignment("z", "C", 0)], "no such order"),
        ([assignment("a", "C", 0)], "when to make order 'b'"),
    ):
        with pytest.raises(PlanError, match=message):
            run_replication(line, plan=Schedule(assignments=tuple(assignments)))


@given(st.sampled_from(["keep", "swap"]), st.integers(1, 2), st.integers(1, 2), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_plans_are_carried_out_whatever_happens(late, servers, size, seed):
    """Failures, scrap and batches: every order is complete in the end."""
    jam = FailureMode(time_to_failure=Exponential(mean=9.0), time_to_repair=1.0, interrupted="scrap")
    line = two_feeders(
        A={"failures": (jam,), "defect_rate": 0.3, "inspection": Inspection()},
        C={"servers": servers, "batch_size": size, "failures": (jam,)},
        orders=tuple(
            Order(name=f"{product}{number}", product=product, quantity=3, release=2.0 * number)
            for number in range(3)
            for product in "ab"
        ),
    )
    names = [order.name for order in line.orders]
    plan = Schedule(
        assignments=(
            *(assignment(name, name[0].upper(), i) for i, name in enumerate(names)),
            *(
                assignment(name, "C", 9 + i, 1)
                for i, name in enumerate(sorted(names, reverse=True, key=_first))
            ),
        )
    )
    run = run_replication(line, plan=plan, settings=RunSettings(late=late, horizon=2000), seed=seed)
    assert run.end == run.values["makespan"]


def _first(name):
    return name[0]
