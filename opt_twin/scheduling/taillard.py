"""The 80 job shops, 120 flow shops and 60 open shops of Taillard, made from his published seeds.

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

__all__ = [
    "Matrix",
    "taillard_flow_shop",
    "taillard_flow_shop_names",
    "taillard_instance",
    "taillard_job_shop",
    "taillard_names",
    "taillard_open_shop",
    "taillard_open_shop_names",
    "taillard_times",
]

Matrix = tuple[tuple[int, ...], ...]
"""Ticks of work, by job and machine."""

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
    durations, visits = _shop(jobs, machines, time_seed, machine_seed)
    routes = tuple(tuple(zip(route, row, strict=True)) for route, row in zip(visits, durations, strict=True))
    return SchedulingInstance.from_matrices(name, machines, routes)


def taillard_flow_shop(jobs: int, machines: int, seed: int) -> Matrix:
    """Return the durations of the flow shop that Taillard's generator makes from a seed.

    They are uniform on 1 to 99, drawn machine by machine.

    Raises
    ------
    OptionError
        If a size or the seed is out of its range.

    Examples
    --------
    >>> taillard_flow_shop(20, 5, 873654221)[0]
    (54, 79, 16, 66, 58)
    """
    _check(jobs, machines, seed)
    draw = _uniform(seed)
    rows = [[draw(1, 99) for _ in range(jobs)] for _ in range(machines)]
    return tuple(zip(*rows, strict=True))


def taillard_open_shop(jobs: int, machines: int, time_seed: int, machine_seed: int) -> Matrix:
    """Return the durations of the open shop that Taillard's generator makes from two seeds.

    They are those of the job shop of the same seeds; the order of the machines is free.

    Raises
    ------
    OptionError
        If a size or a seed is out of its range.

    Examples
    --------
    >>> taillard_open_shop(4, 4, 1166510396, 164000672)[0]
    (34, 2, 54, 61)
    """
    durations, visits = _shop(jobs, machines, time_seed, machine_seed)
    rows = (dict(zip(route, row, strict=True)) for route, row in zip(visits, durations, strict=True))
    return tuple(tuple(row[machine] for machine in range(machines)) for row in rows)


def _check(jobs: int, machines: int, *seeds: int) -> None:
    if jobs < 1 or machines < 1 or jobs * machines > 1_000_000:
        raise OptionError(f"{jobs} jobs on {machines} machines: need 1 or more of each, and at most 1000000")
    for seed in seeds:
        if not 0 < seed < _MODULUS:
            raise OptionError(f"seed {seed} is not between 1 and {_MODULUS - 1}")


def _shop(
    jobs: int, machines: int, time_seed: int, machine_seed: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Return durations and machines of each job, in the order of its route."""
    _check(jobs, machines, time_seed, machine_seed)
    draw = _uniform(time_seed)
    durations = [[draw(1, 99) for _ in range(machines)] for _ in range(jobs)]
    draw = _uniform(machine_seed)
    visits = []
    for _ in range(jobs):
        route = list(range(machines))
        for k in range(machines):
            other = draw(k, machines - 1)
            route[k], route[other] = route[other], route[k]
        visits.append(route)
    return durations, visits


@cache
def _seeds(problem: str = "jsp") -> dict[str, tuple[int, ...]]:
    """Return name -> jobs, machines and seeds of a family of instances: jsp, pfsp or osp."""
    path = instances_folder() / problem / "taillard_seeds.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return {name: tuple(map(int, numbers)) for name, *numbers in rows}


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
    jobs, machines, time_seed, machine_seed = seeds[name]
    return taillard_job_shop(jobs, machines, time_seed, machine_seed, name=name)


def taillard_flow_shop_names() -> tuple[str, ...]:
    """Return the names ta001 to ta120."""
    return tuple(_seeds("pfsp"))


def taillard_open_shop_names() -> tuple[str, ...]:
    """Return the names ta4x4_1 to ta20x20_10."""
    return tuple(_seeds("osp"))


def taillard_times(name: str) -> Matrix:
    """Return the durations of a flow shop, ta001 to ta120, or of an open shop, ta4x4_1 to ta20x20_10.

    Raises
    ------
    UnknownNameError
        If there is no such instance.

    Examples
    --------
    >>> [row[0] for row in taillard_times("ta001")[:4]]
    [54, 83, 15, 71]
    """
    flow_shops, open_shops = _seeds("pfsp"), _seeds("osp")
    if name in flow_shops:
        jobs, machines, seed = flow_shops[name]
        return taillard_flow_shop(jobs, machines, seed)
    if name in open_shops:
        jobs, machines, time_seed, machine_seed = open_shops[name]
        return taillard_open_shop(jobs, machines, time_seed, machine_seed)
    raise UnknownNameError.among("flow shop or open shop of Taillard", name, (*flow_shops, *open_shops))
