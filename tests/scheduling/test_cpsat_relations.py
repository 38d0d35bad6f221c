"""What must hold between the optima of an instance and of its relatives."""

import pytest

from opt_twin.scheduling import Closure, Mode, Operation, SchedulingInstance, solve_schedule
from opt_twin.testing import random_instance, random_shop


def _best(instance, objective="makespan"):
    result = solve_schedule(instance, objective=objective, solver="cp-sat")
    return result.objective


def _with_jobs(instance, **changes):
    return instance.replace(jobs=tuple(job.replace(**changes) for job in instance.jobs))


@pytest.mark.parametrize("seed", range(4))
def test_no_wait_is_not_better_than_blocking_and_blocking_not_than_free(seed):
    shop = random_shop(seed, jobs=4, machines=3)
    blocking = shop.replace(buffers=dict.fromkeys(shop.machines, 0))
    one_place = shop.replace(buffers=dict.fromkeys(shop.machines, 1))
    values = [_best(shop), _best(one_place), _best(blocking), _best(_with_jobs(shop, no_wait=True))]
    assert values == sorted(values)


@pytest.mark.parametrize("seed", range(3))
def test_one_sequence_is_not_better_than_any_order(seed):
    shop = random_shop(seed, jobs=4, machines=3, permutation=True)
    free = shop.replace(permutation=False)
    grouped = free.replace(same_sequence=(shop.machines,))
    assert _best(free) <= _best(shop) == _best(grouped)


@pytest.mark.parametrize("seed", range(3))
def test_open_jobs_are_not_worse_than_jobs_with_a_route(seed):
    shop = random_shop(seed, jobs=4, machines=3)
    assert _best(_with_jobs(shop, order="open")) <= _best(shop)


@pytest.mark.parametrize("seed", range(3))
def test_one_more_eligible_machine_never_hurts(seed):
    shop = random_shop(seed, jobs=4, machines=3)
    job = shop.jobs[0]
    first = job.operations[0]
    modes = [Mode(machine=m, duration=first.duration) for m in dict.fromkeys([first.machine, *shop.machines])]
    flexible = job.replace(operations=(Operation(modes=modes), *job.operations[1:]))
    assert _best(shop.replace(jobs=(flexible, *shop.jobs[1:]))) <= _best(shop)


@pytest.mark.parametrize("seed", range(3))
def test_interruption_by_a_closure_is_not_worse_than_keeping_clear_of_it(seed):
    shop = random_shop(seed, jobs=3, machines=2).replace(
        closures={"M1": [Closure(start=4, end=7)], "M2": [Closure(start=9, end=10)]}
    )
    loose = shop.replace(
        jobs=tuple(
            job.replace(operations=tuple(o.replace(interruptible=True) for o in job.operations))
            for job in shop.jobs
        )
    )
    assert _best(shop.replace(closures={})) <= _best(loose) <= _best(shop)


@pytest.mark.parametrize(
    "features",
    [("modes",), ("finite buffers",), ("transport times", "no-wait"), ("batching machines",), ("set-ups",)],
    ids=", ".join,
)
def test_other_names_and_another_order_of_the_jobs_keep_the_optimum(features):
    for seed in (1, 2):
        instance = random_instance(seed, features=set(features), jobs=3)
        data = instance.to_dict()
        text = {machine: f"other {machine}" for machine in instance.machines}

        def renamed(value, text=text):
            if isinstance(value, dict):
                return {text.get(key, key): renamed(one) for key, one in value.items()}
            if isinstance(value, list | tuple):
                return [renamed(one) for one in value]
            return text.get(value, value) if isinstance(value, str) else value

        other = renamed(data)
        other["jobs"] = list(reversed(other["jobs"]))
        assert _best(SchedulingInstance.from_dict(other)) == _best(instance)


@pytest.mark.parametrize("features", [("modes",), ("finite buffers",), ("transport times",), ("resources",)])
def test_all_times_doubled_double_the_makespan(features):
    for seed in (1, 2):
        instance = random_instance(seed, features=set(features), jobs=3)
        data = instance.to_dict()

        def doubled(value, key=""):
            if isinstance(value, dict):
                inside = key in {"transport_times", "ways"}
                return {k: doubled(v, "ways" if inside else k) for k, v in value.items()}
            if isinstance(value, list | tuple):
                return [doubled(one, key) for one in value]
            times = {"duration", "ways", "start", "end", "time", "due"}
            return 2 * value if key in times and isinstance(value, int) else value

        twice = SchedulingInstance.from_dict(doubled(data))
        assert _best(twice) == 2 * _best(instance)


def test_an_extra_place_or_unit_never_hurts():
    for seed in range(4):
        instance = random_instance(seed, features={"resources"}, jobs=3)
        more = instance.replace(
            resources=tuple(r.replace(capacity=r.capacity + 1) for r in instance.resources)
        )
        assert _best(more) <= _best(instance)
