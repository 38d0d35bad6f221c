"""What a sequence of a flow shop means: the plain recursion, against the verifier, rules and other shops."""

import random
from itertools import permutations

import pytest

from opt_twin.errors import ModelError, PlanError, UnknownNameError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import Job, Operation, SchedulingInstance, evaluate_objective, verify
from opt_twin.scheduling.closed_forms import gilmore_gomory, held_karp, johnson
from opt_twin.scheduling.local_search.flow_shop import FLOW_SHOP_OBJECTIVES, FlowShop, decode, value_of


def _durations(seed, jobs, machines, low=1):
    rng = random.Random(seed)
    return tuple(tuple(rng.randint(low, 9) for _ in range(machines)) for _ in range(jobs))


def _setups(seed, jobs, machines):
    rng = random.Random(seed)
    return tuple(
        tuple(tuple(rng.randint(0, 6) for _ in range(jobs)) for _ in range(jobs)) for _ in range(machines)
    )


@pytest.mark.parametrize("with_setups", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_times_pass_the_verifier_and_the_objectives_agree(seed, with_setups):
    rng = random.Random(seed)
    n, m = 5, 3
    durations, setups = _durations(seed, n, m), _setups(seed, n, m) if with_setups else None
    dues, releases = [rng.randint(1, 40) for _ in range(n)], [rng.randint(0, 20) for _ in range(n)]
    weights = [rng.randint(1, 4) for _ in range(n)]
    shop = FlowShop(durations=durations, setups=setups, releases=releases, dues=dues, weights=weights)
    names = [f"M{i}" for i in range(m)]
    instance = SchedulingInstance(
        name="shop",
        machines=tuple(names),
        jobs=tuple(
            Job(
                name=f"J{j}",
                operations=tuple(
                    Operation(machine=name, duration=ticks)
                    for name, ticks in zip(names, durations[j], strict=True)
                ),
                release=releases[j],
                due=dues[j],
                weight=weights[j],
                family=f"F{j}",
            )
            for j in range(n)
        ),
        setup_times={
            names[i]: {
                f"F{a}": {f"F{b}": ticks for b, ticks in enumerate(row) if a != b}
                for a, row in enumerate(rows)
            }
            for i, rows in enumerate(setups or ())
        },
        permutation=True,
    )
    sequence = tuple(rng.sample(range(n), n))
    timing = decode(shop, (sequence,))
    schedule = Schedule(
        assignments=tuple(
            Assignment(
                job=f"J{j}",
                operation=i,
                machine=names[i],
                start=timing.starts[j][i],
                end=timing.starts[j][i] + durations[j][i],
            )
            for j in range(n)
            for i in range(m)
        )
    )
    assert verify(instance, schedule) == ()
    for objective in FLOW_SHOP_OBJECTIVES:
        assert value_of(shop, (sequence,), objective) == evaluate_objective(instance, schedule, objective)


@pytest.mark.parametrize("seed", range(10))
def test_two_machines_agree_with_johnson_and_with_gilmore_and_gomory(seed):
    times = _durations(seed, 5, 2, low=0)
    for kind, rule in (("permutation", johnson), ("no_wait", gilmore_gomory)):
        shop = FlowShop(durations=times, kind=kind)
        found = rule(times)
        assert value_of(shop, (found.order,)) == found.value
        assert found.value == min(value_of(shop, (order,)) for order in permutations(range(5)))


@pytest.mark.parametrize("seed", range(10))
def test_one_machine_with_setups_agrees_with_held_and_karp(seed):
    times, setups = _durations(seed, 5, 1), _setups(seed, 5, 1)
    first = ((3, 1, 4, 1, 5),)
    shop = FlowShop(durations=times, setups=setups, first_setups=first)
    found = held_karp([row[0] for row in times], setups[0], first[0])
    assert value_of(shop, (found.order,)) == found.value
    assert found.value == min(value_of(shop, (order,)) for order in permutations(range(5)))


@pytest.mark.parametrize("seed", range(10))
def test_waiting_less_never_ends_earlier(seed):
    """And two machines without a buffer are as good as those of a job that must not wait."""
    durations, sequence = _durations(seed, 6, 4), tuple(random.Random(seed).sample(range(6), 6))
    classic, blocking, strict = (
        value_of(FlowShop(durations=durations, kind=kind), (sequence,))
        for kind in ("permutation", "blocking", "no_wait")
    )
    assert classic <= blocking <= strict
    two = tuple(row[:2] for row in durations)
    assert value_of(FlowShop(durations=two, kind="blocking"), (sequence,)) == value_of(
        FlowShop(durations=two, kind="no_wait"), (sequence,)
    )


@pytest.mark.parametrize("kind", ["permutation", "blocking", "no_wait"])
@pytest.mark.parametrize("seed", range(5))
def test_reversing_machines_and_sequence_keeps_the_makespan(kind, seed):
    durations, sequence = _durations(seed, 6, 4), tuple(random.Random(seed).sample(range(6), 6))
    mirrored = tuple(row[::-1] for row in durations)
    assert value_of(FlowShop(durations=durations, kind=kind), (sequence,)) == value_of(
        FlowShop(durations=mirrored, kind=kind), (sequence[::-1],)
    )


def test_jobs_that_must_not_wait_do_not():
    shop = FlowShop(durations=_durations(1, 6, 4), kind="no_wait")
    for starts, work in zip(decode(shop, (tuple(range(6)),)).starts, shop.durations, strict=True):
        assert all(starts[i + 1] == starts[i] + work[i] for i in range(3))


def test_a_job_without_a_buffer_holds_its_machine():
    shop = FlowShop(durations=((1, 9, 1), (1, 1, 1), (2, 1, 1)), kind="blocking")
    timing = decode(shop, ((0, 1, 2),))
    assert timing.starts == ((0, 1, 10), (1, 10, 11), (10, 12, 13))
    assert timing.completions == (11, 12, 14)


def test_hybrid_shop_with_one_machine_a_stage_is_a_permutation_shop():
    for seed in range(5):
        durations, sequence = _durations(seed, 6, 3), tuple(random.Random(seed).sample(range(6), 6))
        hybrid = FlowShop(durations=durations, kind="hybrid", stage_machines=(1, 1, 1))
        assert decode(hybrid, (sequence,)) == decode(FlowShop(durations=durations), (sequence,))


def test_hybrid_shop_serves_first_come_first_served_on_the_machine_that_is_free_first():
    shop = FlowShop(durations=((4, 2), (1, 2), (1, 3)), kind="hybrid", stage_machines=(2, 1))
    timing = decode(shop, ((0, 1, 2),))
    assert timing.starts == ((0, 6), (0, 1), (1, 3))
    assert timing.units == ((0, 0), (1, 0), (1, 0))
    assert timing.completions == (8, 3, 6)


def test_factories_work_beside_one_another():
    shop = FlowShop(durations=((3, 2), (1, 4), (5, 5)), factories=2)
    assert value_of(shop, ((0, 1), (2,))) == 10
    assert value_of(shop, ((0, 1), (2,)), "total_weighted_flow_time") == 5 + 9 + 10
    assert value_of(shop, ((), (1, 2, 0))) == 13


def test_sequences_that_do_not_hold_each_job_once_are_refused():
    shop = FlowShop(durations=((3, 2), (1, 4)))
    for sequences in (((0, 0),), ((0,),), ((0,), (1,)), ()):
        with pytest.raises(PlanError, match="each of the 2 jobs once"):
            decode(shop, sequences)
    with pytest.raises(UnknownNameError, match="did you mean 'makespan'"):
        value_of(shop, ((0, 1),), "makespam")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"durations": ()}, "one job and one machine"),
        ({"durations": ((1, 2), (3,))}, r"durations\.1: has 1 machines, the first has 2"),
        ({"dues": (1,)}, "dues: has 1 values for 2 jobs"),
        ({"setups": (((0, 1), (1, 0)),)}, "setups: needs 2 x 2 x 2"),
        ({"first_setups": ((1, 1),)}, "first_setups: needs 2 x 2"),
        ({"kind": "hybrid"}, "stage_machines: belongs to a hybrid shop"),
        ({"kind": "hybrid", "stage_machines": (1,)}, "1 values for 2 stages"),
        ({"kind": "hybrid", "stage_machines": (1, 1), "factories": 2}, "a hybrid shop has one"),
        ({"kind": "blocking", "first_setups": ((1, 1), (1, 1))}, "a blocking shop takes none"),
        ({"durations": ((2**29, 2**29), (2**29, 1))}, "use a longer tick"),
        ({"durations": ((2**29, 1), (1, 1)), "first_setups": ((2**29, 1), (1, 1))}, "use a longer tick"),
    ],
)
def test_a_shop_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ModelError, match=message):
        FlowShop(**({"durations": ((3, 2), (1, 4))} | change))


def test_weights_that_would_overflow_are_refused():
    durations = ((976_000,),) * 1100
    with pytest.raises(ModelError, match="weights: are too large"):
        FlowShop(durations=durations, weights=(10**6,) * 1100)
    durations = ((2**19,) * 10,) * 100
    rows = ((0,) * 100,) * 99
    with pytest.raises(ModelError, match="use a longer tick"):
        FlowShop(durations=durations, setups=(((0,) * 99 + (2**29,), *rows),) * 10)
