"""Rules for the next way of a part, and connections with conditions."""

import sys
import types
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError, OptionError, SimulationError
from opt_twin.line import (
    Behaviour,
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Inspection,
    Product,
    Release,
    Sink,
    Source,
    Station,
)
from opt_twin.simulation import RunSettings, run_replication, simulate
from opt_twin.simulation.build import Floor
from opt_twin.simulation.calendar import Kind

AB = (Product(name="a"), Product(name="b"))


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def to(source, target, **fields):
    return Connection(source=source, target=target, **fields)


def starts(run, element):
    return [(e.time, e.part) for e in run.events if e.kind == "start" and e.element == element]


def parts(run, kind, element):
    return [e.part for e in run.events if e.kind == kind and e.element == element]


def fork(line_of, routing, *, times=(1.0, 1.0, 1.0), every=1.0, limit=12, **fields):
    """Return In -> A, B, C -> Out, without buffers."""
    names = "ABC"[: len(times)]
    return line_of(
        Source(name="In", interarrival=every, limit=limit, routing=routing),
        *(Station(name=name, cycle_time=time) for name, time in zip(names, times, strict=True)),
        Sink(name="Out"),
        ways=(*(to("In", name) for name in names), *(to(name, "Out") for name in names)),
        **fields,
    )


def test_round_robin_goes_from_way_to_way(line_of):
    run = once(fork(line_of, "round_robin"), 20)
    assert [parts(run, "start", name) for name in "ABC"] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_round_robin_waits_for_the_way_whose_turn_it_is(line_of):
    """B takes 10 s: part 3 waits for it from 4 s to 12 s although A is free."""
    run = once(fork(line_of, "round_robin", times=(1.0, 10.0), limit=4), 40)
    assert starts(run, "A") == [(1.0, 0), (3.0, 2)]
    assert starts(run, "B") == [(2.0, 1), (12.0, 3)]


def test_the_shortest_queue_counts_parts_in_it_and_those_that_wait(line_of):
    """Parts come each second. A queue of equal length goes to the first way."""
    line = line_of(
        Source(name="In", interarrival=1.0, limit=6, routing="shortest_queue"),
        Buffer(name="QA"),
        Buffer(name="QB"),
        Station(name="A", cycle_time=100.0),
        Station(name="B", cycle_time=100.0),
        Sink(name="Out"),
        ways=(to("In", "QA"), to("In", "QB"), to("QA", "A"), to("QB", "B"), to("A", "Out"), to("B", "Out")),
    )
    run = once(line, 50)  # parts 0 and 2 pass through to the stations at once
    assert parts(run, "enter", "QA") == [0, 1, 4]
    assert parts(run, "enter", "QB") == [2, 3, 5]


def test_stations_count_what_their_servers_hold(line_of):
    run = once(fork(line_of, "shortest_queue", times=(100.0, 100.0, 100.0), limit=5), 50)
    # 0 -> A, 1 -> B, 2 -> C; all hold one: part 3 waits at A for good
    assert [parts(run, "start", name) for name in "ABC"] == [[0], [1], [2]]


def test_first_ready_takes_the_first_way_that_is_free(line_of):
    """A takes 5 s, B 3 s, parts always wait: each goes to the station that becomes free first."""
    line = fork(line_of, "first_ready", times=(5.0, 3.0), every=None, limit=6)
    run = once(line, 30)
    assert starts(run, "A") == [(0.0, 0), (5.0, 3)]
    assert starts(run, "B") == [(0.0, 1), (3.0, 2), (6.0, 4), (9.0, 5)]


def test_first_ready_from_servers_and_buffers_loses_no_part(line_of):
    """Part 3 gets the place in B at 4 s; 4 and 5 wait at both targets, and A is free first."""
    line = line_of(
        Source(name="In", limit=6),
        Station(name="P", cycle_time=2.0, servers=3, routing="first_ready"),
        Station(name="A", cycle_time=4.0),
        Buffer(name="B", capacity=1, routing="first_ready"),
        Station(name="C", cycle_time=7.0),
        Station(name="D", cycle_time=9.0),
        Sink(name="Out"),
        ways=(
            to("In", "P"),
            to("P", "A"),
            to("P", "B"),
            to("A", "Out"),
            to("B", "C"),
            to("B", "D"),
            to("C", "Out"),
            to("D", "Out"),
        ),
    )
    run = once(line, 60)
    assert run.values["parts_out"] == 6
    assert starts(run, "A") == [(2.0, 0), (6.0, 4)]
    assert starts(run, "C") == [(2.0, 1), (9.0, 3)]
    assert starts(run, "D") == [(2.0, 2), (11.0, 5)]


def test_products_go_their_ways(line_of):
    line = line_of(
        Source(name="In", interarrival=1.0, mix={"a": 0.5, "b": 0.5}),
        Station(name="A", cycle_time=0.5),
        Station(name="B", cycle_time=0.5),
        Sink(name="Out"),
        ways=(to("In", "A", products=["a"]), to("In", "B", products=["b"]), to("A", "Out"), to("B", "Out")),
        products=AB,
    )
    run = once(line, 100)
    for name in "AB":
        assert {e.product for e in run.events if e.element == name and e.kind == "start"} == {name.lower()}


def test_probabilities_are_those_of_the_ways_that_admit_the_part(line_of):
    """Of a: A and B at 0.2 : 0.6. Of b: B only."""
    line = line_of(
        Source(name="In", interarrival=1.0, mix={"a": 0.5, "b": 0.5}),
        Station(name="A", cycle_time=0.5),
        Station(name="B", cycle_time=0.5),
        Sink(name="Out"),
        ways=(
            to("In", "A", products=["a"], probability=0.2),
            to("In", "B", probability=0.6),
            to("A", "Out"),
            to("B", "Out"),
        ),
        products=AB,
    )
    run = once(line, 20_000)
    went = {
        name: [e.product for e in run.events if e.kind == "start" and e.element == name] for name in "ABC"
    }
    of_a = went["A"].count("a") + went["B"].count("a")
    assert went["A"].count("a") / of_a == pytest.approx(0.25, abs=0.015)
    assert went["A"].count("b") == 0


def test_a_part_that_no_way_admits_is_an_error_with_place_part_and_time(line_of):
    line = line_of(
        Source(name="In", interarrival=3.0, mix={"b": 1.0}),
        Station(name="A", cycle_time=1.0),
        Sink(name="Out"),
        ways=(to("In", "A", products=["a"]), to("A", "Out")),
        products=AB,
    )
    with pytest.raises(SimulationError, match=r"out of 'In' admits part 0 of product 'b', .* at 3 s"):
        once(line, 10)


def rework(line_of, limit, **fields):
    """Every part is defective and found out: Test sends it back to Mend so often, then it is scrap."""
    return line_of(
        Source(name="In", interarrival=20.0, limit=2),
        Station(name="Make", cycle_time=1.0, defect_rate=1.0),
        Station(name="Test", cycle_time=1.0, inspection=Inspection(rejects="route")),
        Station(name="Mend", cycle_time=3.0),
        Sink(name="Out"),
        ways=(
            to("In", "Make"),
            to("Make", "Test"),
            to("Test", "Out", quality="passed"),
            to("Test", "Mend", quality="rejected", limit=limit),
            to("Mend", "Test"),
        ),
        **fields,
    )


def test_a_rejected_part_is_reworked_up_to_the_limit_and_then_scrapped(line_of):
    run = once(rework(line_of, 2), 100)
    # 20: Make, 21: Test, 22: Mend, 25: Test, 26: Mend, 29: Test, 30: scrap
    assert starts(run, "Mend") == [(22.0, 0), (26.0, 0), (42.0, 1), (46.0, 1)]
    scrap = [(e.time, e.element, e.part, e.detail) for e in run.events if e.kind == "scrap"]
    assert scrap == [(30.0, "Test", 0, "rework limit"), (50.0, "Test", 1, "rework limit")]
    assert run.values["scrapped"] == 2
    assert run.values["parts_out"] == 0


def test_quality_asks_what_a_part_is_and_what_is_known_of_it(line_of):
    """A blind test passes all: passed, and yet defective."""
    line = line_of(
        Source(name="In", limit=10),
        Station(
            name="Make",
            cycle_time=1.0,
            defect_rate=1.0,
            inspection=Inspection(detection=0.0, rejects="route"),
        ),
        Sink(name="Good"),
        Sink(name="Bad"),
        Sink(name="Known"),
        ways=(
            to("In", "Make"),
            to("Make", "Good", quality="good", probability=0.5),
            to("Make", "Bad", quality="defective", probability=0.5),
            to("Make", "Known", quality="rejected", probability=0.5),
        ),
    )
    run = once(line, 20)
    assert {e.element for e in run.events if e.kind == "exit"} == {"Bad"}


def test_the_share_of_scrap_after_rework_is_geometric(line_of):
    """Each pass is rejected with 0.5; two reworks: scrap 0.125."""
    line = line_of(
        Source(name="In", interarrival=10.0),
        Station(name="Test", cycle_time=1.0, inspection=Inspection(false_alarm=0.5, rejects="route")),
        Buffer(name="Again"),
        Sink(name="Out"),
        ways=(
            to("In", "Test"),
            to("Test", "Out", quality="passed"),
            to("Test", "Again", quality="rejected", limit=2),
            to("Again", "Test"),
        ),
    )
    result = simulate(line, settings=RunSettings(horizon="10 h", replications=10), seed=3)
    share = result.estimate("scrapped").mean / 3600
    assert share == pytest.approx(0.125, abs=0.01)


class Alternate:
    """Sends odd parts to B."""

    def __init__(self, *, odd="B"):
        self.odd = odd

    def choose(self, part, targets, now):
        return self.odd if part.number % 2 else next(iter(targets))


@pytest.fixture
def own_rules(monkeypatch):
    module = types.ModuleType("own_rules")
    module.Alternate = Alternate
    monkeypatch.setitem(sys.modules, "own_rules", module)


@pytest.mark.usefixtures("own_rules")
def test_a_rule_of_ones_own_chooses(line_of):
    run = once(fork(line_of, "own_rules:Alternate", limit=6), 20)
    assert [parts(run, "start", name) for name in "ABC"] == [[0, 2, 4], [1, 3, 5], []]
    wrong = Behaviour(path="own_rules:Alternate", options={"odd": "D"})
    with pytest.raises(
        SimulationError,
        match=r"of the routing of 'In' chose 'D'.* for part 1, which may go to A, B, C, at 2 s",
    ):
        once(fork(line_of, wrong), 20)
    with pytest.raises(SimulationError, match=r"routing of 'In': the behaviour 'own_rules:Nothing' cannot"):
        once(fork(line_of, "own_rules:Nothing"), 20)


def test_decisions_are_left_to_whoever_steps(line_of):
    line = fork(line_of, "decision", times=(5.0, 5.0), every=None, limit=3)
    with pytest.raises(SimulationError, match=r"is 'decision'"):
        once(line, 20)
    floor = Floor(line, settings=RunSettings(), plan=None, seed=0, replication=0, log=[])
    floor.start()
    ((giver, targets),) = floor.pending
    assert targets == ("A", "B")
    with pytest.raises(OptionError, match="at 'In' cannot go to 'C'"):
        floor.decisions.carry_out(giver, "C", 0.0)
    for target in "AAB":  # the second waits at A, so that the third comes up only when it has gone
        assert len(floor.pending) == (1 if floor.ledger.released < 1 or target == "A" else 0)
        if floor.pending:
            floor.decisions.carry_out(floor.pending[0][0], target, 0.0)
    assert floor.ledger.released == 1
    assert [giver.peek().number for giver in floor.stations["A"].waiting] == [1]


def test_a_head_that_is_overtaken_after_its_decision_goes_where_that_said(line_of):
    """Part 1 is sent to A, which works on part 0 until 10 s; part 2 comes to the front meanwhile."""
    line = line_of(
        Source(name="In", interarrival=1.0, limit=3),
        Buffer(name="L", discipline="lifo", routing="decision"),
        Station(name="A", cycle_time=9.0),
        Station(name="B", cycle_time=1.0),
        Sink(name="Out"),
        ways=(to("In", "L"), to("L", "A"), to("L", "B"), to("A", "Out"), to("B", "Out")),
    )
    floor = Floor(line, settings=RunSettings(), plan=None, seed=0, replication=0, log=[])
    for time, target in ((1.5, "A"), (2.5, "A"), (3.5, "B")):
        floor.at(time, Kind.OBSERVATION, partial(decide, floor, target))
    floor.at(30.0, Kind.HORIZON, floor.calendar.end)
    floor.start()
    floor.calendar.execute()
    begun = [(e.time, e.element, e.part) for e in floor.ledger.log if e.kind == "start"]
    assert begun == [(1.5, "A", 0), (3.5, "B", 2), (10.5, "A", 1)]
    assert floor.pending == []


def decide(floor, target, now):
    ((giver, _),) = floor.pending
    floor.decisions.carry_out(giver, target, now)


def test_whatever_changes_in_a_run_says_what_it_is(line_of):
    """Every actor names its state in slots that it has, and its events."""
    line = line_of(
        Source(name="In", timetable=[Release(time=0.0)], routing="first_ready"),
        Buffer(name="L", discipline="lifo", routing="round_robin"),
        Buffer(name="P", discipline="by_product"),
        Station(name="A", cycle_time=1.0, components={"a": 1}, batch_by="family"),
        Station(name="B", cycle_time=1.0, batch_size=2, batch_wait=3, routing="decision"),
        Sink(name="Out"),
        Sink(name="Else"),
        ways=(
            to("In", "L"),
            to("In", "P"),
            to("L", "A"),
            to("L", "B"),
            to("P", "A"),
            to("A", "Out"),
            to("B", "Out"),
            to("B", "Else"),
        ),
        products=AB,
    )
    floor = Floor(line, settings=RunSettings(), plan=None, seed=0, replication=0, log=None)
    for name, actor in floor.actors.items():
        for field in (*getattr(type(actor), "STATE", ()), *getattr(type(actor), "CAUSES", ())):
            assert hasattr(actor, field), (name, field)
    assert {"In|ways", "L|ways", "B|ways", "P|", "P|a", "P|b", "decisions"} <= set(floor.actors)


def test_a_limit_needs_a_number_of_times(line_of):
    with pytest.raises(ModelError):
        rework(line_of, 0)


rules = st.sampled_from(["round_robin", "shortest_queue", "first_ready"])


@given(rules, rules, rules, st.sampled_from(["fifo", "lifo", "priority", "by_product"]), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_and_the_same_seed_walks_the_same_path(line_of, one, two, three, discipline, seed):
    """Conservation is checked at the end of each run, also of those that lock up."""
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=1.0), mix={"a": 0.6, "b": 0.4}, routing=one),
        Station(name="A", cycle_time=Exponential(mean=1.5), servers=2, routing=two, defect_rate=0.2),
        Buffer(name="B", capacity=2, discipline=discipline, routing=three),
        Station(
            name="C",
            cycle_time=Exponential(mean=1.2),
            batch_size=2,
            failures=(FailureMode(time_to_failure=9.0, time_to_repair=2.0, interrupted="scrap"),),
        ),
        Station(name="D", cycle_time=1.0, inspection=Inspection(rejects="route"), routing=two),
        Sink(name="Out"),
        ways=(
            to("In", "A", products=["a"]),
            to("In", "B"),
            to("A", "B", limit=2),
            to("A", "D"),
            to("B", "C", products=["a"]),
            to("B", "D"),
            to("C", "Out"),
            to("D", "Out", quality="passed"),
            to("D", "A", quality="rejected", limit=2),
        ),
        products=AB,
    )
    run = once(line, 60, seed=seed)
    assert once(line, 60, seed=seed).events == run.events


def test_timetabled_parts_meet_the_conditions_of_their_products(line_of):
    line = line_of(
        Source(name="In", timetable=[Release(time=0.0, product="b"), Release(time=4.0, quantity=2)]),
        Station(name="A", cycle_time=1.0),
        Station(name="B", cycle_time=1.0),
        Sink(name="Out"),
        ways=(to("In", "A", products=["a"]), to("In", "B", products=["b"]), to("A", "Out"), to("B", "Out")),
        products=AB,
    )
    run = once(line, 10)
    assert starts(run, "A") == [(4.0, 1), (5.0, 2)]
    assert starts(run, "B") == [(0.0, 0)]
