"""The 80 job shops of Taillard, made from his published seeds.

References
----------
Taillard (1993), Benchmarks for basic scheduling problems, European Journal of Operational Research
64:278-285.
Bratley, Fox, Schrage (1983), A guide to simulation (the generator).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache

from opt_twin.errors import OptionError, UnknownNameError
from opt_twin.scheduling.files import instances_folder
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["taillard_instance", "taillard_job_shop", "taillard_names"]

_MODULUS = 2**31 - 1


def _uniform(seed: int) -> Callable[[int, int], int]:
    """Return a generator of integers between two limits, both included, started at `seed`."""
    state = seed

    def draw(low: int, high: int) -> int:
        nonlocal state
        quotient, remainder = divmod(state, 127773)
        state = 16807 * remainder - 2836 * quotient
        if state < 0:
            state += _MODULUS
        return low + int(state / _MODULUS * (high - low + 1))

    return draw


def taillard_job_shop(
    jobs: int, machines: int, time_seed: int, machine_seed: int, *, name: str = "taillard"
) -> SchedulingInstance:
    """Return the job shop that Taillard's generator makes from two seeds.

    Durations are uniform on 1 to 99; every job visits each machine once.

    Raises
    ------
    OptionError
        If a size or a seed is out of its range.
    """
    if jobs < 1 or machines < 1 or jobs * machines > 1_000_000:
        raise OptionError(f"{jobs} jobs on {machines} machines: need 1 or more of each, and at most 1000000")
    for seed in (time_seed, machine_seed):
        if not 0 < seed < _MODULUS:
            raise OptionError(f"seed {seed} is not between 1 and {_MODULUS - 1}")
    draw = _uniform(time_seed)
    durations = [[draw(1, 99) for _ in range(machines)] for _ in range(jobs)]
    draw = _uniform(machine_seed)
    routes = []
    for row in durations:
        route = list(range(machines))
        for k in range(machines):
            other = draw(k, machines - 1)
            route[k], route[other] = route[other], route[k]
        routes.append(tuple(zip(route, row, strict=True)))
    return SchedulingInstance.from_matrices(name, machines, tuple(routes))


@cache
def _seeds() -> dict[str, tuple[int, int, int, int]]:
    path = instances_folder() / "jsp" / "taillard_seeds.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            row["instance"]: (
                int(row["jobs"]),
                int(row["machines"]),
                int(row["time_seed"]),
                int(row["machine_seed"]),
            )
            for row in csv.DictReader(lines)
        }


def taillard_names() -> tuple[str, ...]:
    """Return the names ta01 to ta80."""
    return tuple(_seeds())


def taillard_instance(name: str) -> SchedulingInstance:
    """Return one of the 80 instances, ta01 to ta80.

    Raises
    ------
    UnknownNameError
        If there is no such instance.
    """
    seeds = _seeds()
    if name not in seeds:
        raise UnknownNameError.among("Taillard job shop", name, seeds)
    return taillard_job_shop(*seeds[name], name=name)
