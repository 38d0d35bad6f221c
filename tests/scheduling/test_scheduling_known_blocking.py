"""Known optima of ft06 without waiting and without buffers, and what the verifier says of them."""

import pytest
from ortools.sat.python import cp_model

from opt_twin.scheduling import load_instance, verify
from opt_twin.scheduling.timing import schedule_of


def _best(shop, *, no_wait):
    """Return a best schedule in which a job leaves a machine only when it goes on.

    Without waiting it goes on at once; otherwise it holds the machine until then, and jobs may swap.
    """
    model = cp_model.CpModel()
    horizon = sum(operation.duration for job in shop.jobs for operation in job.operations)
    starts, held = {}, {machine: [] for machine in shop.machines}
    makespan = model.new_int_var(0, horizon, "makespan")
    for job in shop.jobs:
        times = [model.new_int_var(0, horizon, "") for _ in job.operations]
        for position, operation in enumerate(job.operations):
            starts[job.name, position] = times[position]
            last = position == len(times) - 1
            ready = times[position] + operation.duration
            free = ready if last else times[position + 1]
            if last:
                model.add(makespan >= ready)
            elif no_wait:
                model.add(free == ready)
            else:
                model.add(free >= ready)
            length = model.new_int_var(operation.duration, horizon, "")
            held[operation.machine].append(model.new_interval_var(times[position], length, free, ""))
    for intervals in held.values():
        model.add_no_overlap(intervals)
    model.minimize(makespan)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    durations = {
        (job.name, k): operation.duration for job in shop.jobs for k, operation in enumerate(job.operations)
    }
    times = {
        key: (solver.value(start), solver.value(start) + durations[key]) for key, start in starts.items()
    }
    return schedule_of(shop, times)


@pytest.mark.parametrize(("no_wait", "optimum"), [(True, 73), (False, 63)])
def test_the_best_schedules_of_ft06_without_waiting_and_without_buffers_are_accepted(no_wait, optimum):
    """Both are proved by the model above; 63, with swaps, is also the published value of OptalCP."""
    plain = load_instance("ft06")
    if no_wait:
        shop = plain.replace(jobs=tuple(job.replace(no_wait=True) for job in plain.jobs))
    else:
        shop = plain.replace(buffers=dict.fromkeys(plain.machines, 0))
    schedule = _best(shop, no_wait=no_wait)
    assert schedule.makespan == optimum
    assert verify(shop, schedule) == ()


@pytest.mark.parametrize(("no_wait", "rule"), [(True, "no-wait"), (False, "buffer")])
def test_the_optimum_of_the_plain_shop_waits_and_needs_buffers(no_wait, rule):
    """The optimum with room for all, 55, is below both; its schedules must break the rule."""
    from opt_twin.scheduling import solve_schedule

    plain = load_instance("ft06")
    schedule = solve_schedule(plain).solution()
    assert schedule.makespan == 55
    jobs = tuple(job.replace(no_wait=no_wait) for job in plain.jobs)
    shop = plain.replace(jobs=jobs, buffers={} if no_wait else dict.fromkeys(plain.machines, 0))
    assert {violation.rule for violation in verify(shop, schedule)} == {rule}
