"""Small scheduling instances, some with a known optimum, some at random."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from opt_twin.scheduling import Job, Operation, SchedulingInstance, evaluate_objective
from opt_twin.scheduling.timing import schedule_of, timed
from opt_twin.streams import stream

__all__ = ["best_by_enumeration", "infeasible_shop", "known_shops", "random_shop", "two_job_shop"]


def two_job_shop() -> SchedulingInstance:
    """Return two jobs on two machines in opposite order; the optimal makespan is 7."""
    return SchedulingInstance.from_matrices("two jobs", 2, (((0, 3), (1, 4)), ((1, 2), (0, 4))))


def known_shops() -> tuple[tuple[SchedulingInstance, str, int], ...]:
    """Return instances with an objective and its optimum, checked by enumeration."""
    plain = two_job_shop()
    saw = "saw"
    jobs = tuple(
        Job(name=name, operations=(Operation(machine=saw, duration=3),), due=due, family=family)
        for name, due, family in (("a", 3, "oak"), ("b", 6, "pine"), ("c", 9, "oak"))
    )
    one = SchedulingInstance.from_dict(
        {
            "name": "one saw",
            "machines": [saw],
            "jobs": [job.to_dict() for job in jobs],
            "setup_times": {saw: {"oak": {"pine": 2}, "pine": {"oak": 4}}},
            "initial_family": {saw: "pine"},
        }
    )
    return (
        (plain, "makespan", 7),
        (plain, "total_weighted_flow_time", 14),
        (one, "makespan", 13),
        (one, "total_setup_time", 4),
        (one, "maximum_tardiness", 7),
    )


def infeasible_shop() -> SchedulingInstance:
    """Return a shop in which two jobs of 5 ticks share a machine and a deadline of 8."""
    work = (Operation(machine="saw", duration=5),)
    return SchedulingInstance(
        name="too tight",
        machines=("saw",),
        jobs=tuple(Job(name=name, operations=work, deadline=8, due=8) for name in "ab"),
    )


def random_shop(
    seed: int,
    *,
    jobs: int = 3,
    machines: int = 2,
    setups: bool = False,
    streaming: bool = False,
    dates: bool = False,
    permutation: bool = False,
) -> SchedulingInstance:
    """Return a random job shop in which every job visits each machine once.

    Parameters
    ----------
    seed
        The same seed gives the same shop.
    jobs, machines
        Its size.
    setups
        With sequence-dependent set-ups and, on the first machine, an initial family.
    streaming
        With leads and tails below the durations.
    dates
        With releases, due dates and weights.
    permutation
        All jobs take one route, in one sequence on all machines.
    """
    rng = stream(seed, 0, "random shop", "search")
    names = [f"M{number}" for number in range(1, machines + 1)]
    families = ["red", "green"]
    rows = []
    for number in range(1, jobs + 1):
        operations = [
            _operation(rng, names[machine], streaming=streaming)
            for machine in (range(machines) if permutation else rng.permutation(machines))
        ]
        job: dict[str, object] = {"name": f"J{number}", "operations": operations}
        if setups:
            job["family"] = families[int(rng.integers(2))]
        if dates:
            job |= {
                "release": int(rng.integers(0, 6)),
                "due": int(rng.integers(4, 20)),
                "weight": int(rng.integers(1, 4)),
            }
        rows.append(job)
    data: dict[str, object] = {"name": f"random {seed}", "machines": names, "jobs": rows}
    if permutation:
        data["permutation"] = True
    if setups:
        data["setup_times"] = {
            name: {a: {b: int(rng.integers(0, 5))} for a, b in permutations(families, 2)} for name in names
        }
        data["initial_family"] = {names[0]: families[int(rng.integers(2))]}
    return SchedulingInstance.from_dict(data)


def _operation(rng: np.random.Generator, machine: str, *, streaming: bool) -> dict[str, object]:
    duration = int(rng.integers(1, 9))
    operation: dict[str, object] = {"machine": machine, "duration": duration}
    if streaming:
        operation |= {"lead": int(rng.integers(0, duration + 1)), "tail": int(rng.integers(0, duration + 1))}
    return operation


def best_by_enumeration(instance: SchedulingInstance, objective: str) -> int | None:
    """Return the optimum over all orders on all machines; None when no schedule keeps the deadlines.

    With ``permutation``, over all sequences. For instances with a handful of operations on each machine.
    """
    per_machine = [
        [(job.name, position) for job, position in instance.on_machine(machine)]
        for machine in instance.machines
    ]
    orders = [list(permutations(members)) for members in per_machine]
    choices = zip(*orders, strict=True) if instance.permutation else product(*orders)
    deadlines = {job.name: job.deadline for job in instance.jobs}
    best: int | None = None
    for choice in choices:
        times = timed(instance, dict(zip(instance.machines, choice, strict=True)))
        if times is None:
            continue
        if any(
            deadlines[name] is not None and end > deadlines[name]  # type: ignore[operator]  # not None here
            for (name, _), (_, end) in times.items()
        ):
            continue
        value = evaluate_objective(instance, schedule_of(instance, times), objective)
        best = value if best is None else min(best, value)
    return best
