"""The compiler of the schedule-generation kernels, their random numbers, and the arrays on which they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["NEVER", "Candidate", "Ints", "Project", "State", "compiled", "draw", "random_state"]

Ints = npt.NDArray[np.int64]

NEVER = 2**61
"""A time that is never reached."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Return the function as machine code that runs beside other threads and is kept on disk."""
    return cast("_Function", numba.njit(nogil=True, cache=True)(function))


class Project(NamedTuple):
    """An instance as arrays: n operations in the order of the jobs, M modes, J jobs, m machines, R resources.

    Lists of different lengths stand one after the other in one array, ``first[i]:first[i + 1]`` is the part
    of i. All times are ticks. It does not change during a search.

    Attributes
    ----------
    first_mode, machine, duration, power
        Modes of each operation [n + 1], and of each mode its machine (m for none), ticks and power [M].
    first_demand, resource, amount
        What each mode demands [M + 1], of which resource and how much.
    first_closure, closure
        When a mode cannot be worked on [M + 1]; rows (start, end), merged and in order.
    job, position_first, family, size, interruptible, elastic, lead, tail
        Of each operation [n]: its job, the family for set-ups (-1 for none), places in a batch, and lot
        streaming. ``position_first`` [J + 1] is the first operation of each job.
    order, no_wait
        Of each job [J]: 0 route, 1 open, 2 network; whether its operations do not wait.
    route, optional, skip_cost
        Of each operation [n]: alternative route within its job (-1 for all), whether it may be left out.
    routes
        Number of alternative routes of each job, at least 1 [J].
    release, due, deadline, weight, earliness, priority, counts
        Of each job [J]; due and deadline are NEVER where there is none.
    now
        Ticks before which nothing starts that is not frozen.
    first_in, in_arc, first_out, out_arc
        Precedences into and out of each operation [n + 1]; rows (other operation, kind, lag), kind 0
        end-start, 1 start-start, 2 end-end, 3 start-end.
    first_before, before
        The operations that are placed before each operation [n + 1], beside those of its route.
    setup_row, setup
        Machine -> row in ``setup[row, before, after]``, -1 where there are no set-ups [m + 1].
    initial
        The family that each machine is set up for at time 0, -1 for none [m + 1].
    transport
        Ticks from machine to machine [m + 1, m + 1].
    places
        Places of a batching machine, 0 for a usual one [m + 1].
    append
        Whether operations on a machine only follow those that are there [m + 1].
    buffer
        Places in front of each machine, -1 for room for all [m + 1].
    has_buffers
        Whether a machine has a finite buffer.
    capacity, hold
        Of each resource [R]; hold is 1 for a consumable, which is never given back.
    first_level, level
        Levels of use that stand from the beginning [R + 1]; rows (from, used).
    frozen
        Rows (operation, mode, start, end) in the order of start.
    first_unit, unit
        What is listed as one: an operation, or a job [u + 1], and its operations [n].
    unit_of
        Operation -> its unit [n].
    tariff
        Rows (from, price, cost of one unit of power from the first step to here).
    planned
        Rows (operation, start, machine).
    horizon
        Ticks within which a best schedule ends.
    terms
        Rows (factor, measure, priority or -1) of the objective.
    """

    first_mode: Ints
    machine: Ints
    duration: Ints
    power: Ints
    first_demand: Ints
    resource: Ints
    amount: Ints
    first_closure: Ints
    closure: Ints
    job: Ints
    position_first: Ints
    family: Ints
    size: Ints
    interruptible: Ints
    elastic: Ints
    lead: Ints
    tail: Ints
    order: Ints
    no_wait: Ints
    route: Ints
    optional: Ints
    skip_cost: Ints
    routes: Ints
    release: Ints
    due: Ints
    deadline: Ints
    weight: Ints
    earliness: Ints
    priority: Ints
    counts: Ints
    now: int
    first_in: Ints
    in_arc: Ints
    first_out: Ints
    out_arc: Ints
    first_before: Ints
    before: Ints
    setup_row: Ints
    setup: Ints
    initial: Ints
    transport: Ints
    places: Ints
    append: Ints
    buffer: Ints
    has_buffers: int
    capacity: Ints
    hold: Ints
    first_level: Ints
    level: Ints
    frozen: Ints
    first_unit: Ints
    unit: Ints
    unit_of: Ints
    tariff: Ints
    planned: Ints
    horizon: int
    terms: Ints


class State(NamedTuple):
    """A schedule that is being made.

    Attributes
    ----------
    start, end, mode, free
        Of each operation that is placed [n]; `free` is when it leaves its machine.
    placed
        Whether it is placed (2 when frozen) [n].
    raised
        A start that the repair of a greatest distance asks for [n].
    sequence, pointer
        The operations in the order in which they were placed, and how far the list was read then [n].
    leader, load
        The operation that opened the batch of an operation (itself outside batches), and the places that
        are taken in the batch that it leads [n].
    slot, slots
        The operations on each machine in the order of start [m + 1, n], and how many [m + 1].
    time, used, steps
        Use of each resource over time: ``used[r, i]`` from ``time[r, i]`` on [R, k], and how many steps.
    waiting, waits
        Rows (from, until) of the waits in front of each machine with a finite buffer [m + 1, n, 2].
    stack
        Operations that are to be placed next.
    counts
        Length of the sequence, repairs so far, ticks by which rules are violated, length of the stack.
    """

    start: Ints
    end: Ints
    mode: Ints
    free: Ints
    placed: Ints
    raised: Ints
    sequence: Ints
    pointer: Ints
    leader: Ints
    load: Ints
    slot: Ints
    slots: Ints
    time: Ints
    used: Ints
    steps: Ints
    stack: Ints
    counts: Ints


class Candidate(NamedTuple):
    """What a schedule is generated from.

    Attributes
    ----------
    listed
        The units in the order of the list [u].
    mode
        The mode of each operation; -1 for the one that ends first [n].
    lift
        A time before which an operation does not start [n].
    skip
        Whether an optional operation is left out [n].
    route
        The alternative route of each job [J].
    append
        1 when nothing goes into a gap between two operations of a machine [1].
    """

    listed: Ints
    mode: Ints
    lift: Ints
    skip: Ints
    route: Ints
    append: Ints


def random_state(seed: int) -> Ints:
    """Return the state of :func:`draw`, two numbers that numpy's seed sequence spreads."""
    words = np.random.SeedSequence(entropy=seed).generate_state(2, np.uint64)
    return np.array([int(words[0]) % 2147483561 + 1, int(words[1]) % 2147483397 + 1], dtype=np.int64)


@compiled
def draw(random: Ints, below: int) -> int:
    """Return a random whole number from 0 to `below` - 1.

    References
    ----------
    L'Ecuyer (1988), Efficient and portable combined random number generators, Communications of the ACM
    31:742-751. All numbers fit into 64 bits with a sign, so it runs the same without a compiler.
    """
    random[0] = (40014 * random[0]) % 2147483563
    random[1] = (40692 * random[1]) % 2147483399
    mixed = (random[0] - random[1]) % 2147483562
    return int(mixed % below)
