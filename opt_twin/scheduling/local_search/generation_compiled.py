"""The compiler of the schedule-generation kernels, their random numbers, and their tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "ACTIVE",
    "APPEND",
    "BEFORE",
    "BUFFER",
    "BUFFERED",
    "CAPACITY",
    "CHOSEN",
    "CLOSURES",
    "COUNTS",
    "DEADLINE",
    "DEMANDS",
    "DEPTH",
    "DUE",
    "DURATION",
    "EARLINESS",
    "ELASTIC",
    "END",
    "END_SOURCE",
    "EXCESS",
    "FAMILY",
    "FIRST",
    "FIT_END",
    "FIT_LEADER",
    "FIT_START",
    "FREE",
    "FROZEN",
    "HIGH",
    "HIGH_END",
    "HIGH_SOURCE",
    "HOLD",
    "HORIZON",
    "INITIAL",
    "INTERRUPTIBLE",
    "INTO",
    "JOB",
    "LEAD",
    "LEADER",
    "LENGTH",
    "LEVELS",
    "LIFT",
    "LOAD",
    "LOW",
    "LOW_END",
    "MACHINE",
    "MODE",
    "MODES",
    "NEVER",
    "NOW",
    "NO_WAIT",
    "OPTIONAL",
    "ORDER",
    "OUT",
    "PLACED",
    "PLACES",
    "PLANNED",
    "POINTER",
    "POWER",
    "PRIORITY",
    "RAISED",
    "RELEASE",
    "REPAIRS",
    "ROUTE",
    "ROUTES",
    "ROWS",
    "SEQUENCE",
    "SETUPS",
    "SIZE",
    "SKIP",
    "SKIP_COST",
    "SOURCE",
    "START",
    "TAIL",
    "TARIFF",
    "TERMS",
    "UNIT",
    "VALUE",
    "VIOLATION",
    "WAITED",
    "WEIGHT",
    "Candidate",
    "Ints",
    "Project",
    "State",
    "compiled",
    "draw",
    "random_state",
]

Ints = npt.NDArray[np.int64]

NEVER = 2**61
"""A time that is never reached."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Return the function as machine code that runs beside other threads and is kept on disk.

    The compiler sees that the file of a function has changed, not that a file of those that it calls has:
    after a change of a kernel, delete the ``*.nbi`` and ``*.nbc`` files in ``__pycache__``.
    """
    return cast("_Function", numba.njit(nogil=True, cache=True)(function))


(
    JOB,
    FAMILY,
    SIZE,
    INTERRUPTIBLE,
    ELASTIC,
    LEAD,
    TAIL,
    ROUTE,
    OPTIONAL,
    SKIP_COST,
    UNIT,
    MODES,
    INTO,
    OUT,
    BEFORE,
) = range(15)
"""Columns of ``Project.operation``.

FAMILY is -1 without one. LEAD is -1 when the job does not stream lots. ROUTE is -1 for all routes. UNIT is
what it is listed with. From MODES on: the first mode, and the first row of precedences into it, out of it,
and of the operations that are placed before it.
"""

MACHINE, DURATION, POWER, DEMANDS, CLOSURES = range(5)
"""Columns of ``Project.mode``; the last two are the first rows of (resource, amount) and (start, end)."""

FIRST, ORDER, NO_WAIT, ROUTES, RELEASE, DUE, DEADLINE, WEIGHT, EARLINESS, PRIORITY, COUNTS = range(11)
"""Columns of ``Project.job``.

FIRST is its first operation, ORDER 0 for a route, 1 open, 2 a network; DUE and DEADLINE are NEVER for none.
"""

SETUPS, INITIAL, PLACES, APPEND, BUFFER = range(5)
"""Columns of ``Project.machine``.

SETUPS is its place in ``Project.setup`` (-1 for none), INITIAL the family that it is set up for at time 0 (-1
for none), PLACES those of a batching machine (0 for a usual one). APPEND is 1 when operations only follow
those that are there. BUFFER is the resource that stands for the places in front of it, -1 for room for all.
"""

CAPACITY, HOLD, LEVELS = range(3)
"""Columns of ``Project.resource``.

HOLD is 1 for a consumable, which is never given back. LEVELS is the first row of (from, used), the use that
stands from the beginning.
"""

NOW, HORIZON, BUFFERED, FROZEN, PLANNED, TARIFF, TERMS, ROWS = range(8)
"""Places in ``Project.head``.

BUFFERED is 1 when a machine has a finite buffer. From FROZEN on, the first row of: frozen operations
(operation, mode, start, end) in the order of start; an earlier plan (operation, start, machine); prices
(from, price, cost of one unit of power until then); terms of the objective (factor, measure, priority or
-1).
"""

START, END, MODE, FREE, PLACED, RAISED, LEADER, LOAD, ACTIVE, WAITED, SEQUENCE, POINTER = range(12)
"""Columns of ``State.operation``.

FREE is when it leaves its machine, PLACED 2 when it is frozen, RAISED a start that a repair asks for.
LEADER is the operation that opened its batch (itself outside batches), LOAD what is taken in the batch that
it leads. ACTIVE says whether it is done, WAITED whether its job waits for it in a place of a buffer.
SEQUENCE and POINTER are by rank: the operations as they were placed, and how far the list was read then.
"""

(
    LENGTH,
    VIOLATION,
    DEPTH,
    REPAIRS,
    VALUE,
    FIT_START,
    FIT_END,
    FIT_LEADER,
    EXCESS,
    SOURCE,
    LOW,
    LOW_END,
    HIGH,
    HIGH_END,
    HIGH_SOURCE,
    END_SOURCE,
) = range(16)
"""Places in ``State.note``.

How many operations are placed, by how many ticks rules are violated, the depth of the stack, repairs so far
and the value of the objective. Then of the operation that was tried last: where it fits, by how much it
passes its latest times and which operation asks for these; its least and greatest start and end, and who
asks for them.
"""

CHOSEN, LIFT, SKIP = range(3)
"""Columns of ``Candidate.operation``.

CHOSEN is its mode, -1 for the one that ends first; LIFT a time before which it does not start; SKIP whether
it is left out if it is optional.
"""


class Project(NamedTuple):
    """An instance as a few tables of integers. It does not change during a search.

    There are n operations in the order of the jobs, M modes, J jobs, m machines (and one more row that stands
    for no machine) and R resources. Lists of different lengths stand one after the other in `row`; where a
    column says that it is the first row, the list ends before the first row of the next line. All times are
    ticks.

    Attributes
    ----------
    head
        Numbers of the whole instance [8].
    operation, mode, job, machine, resource
        [n + 1, 15], [M + 1, 5], [J + 1, 11], [m + 1, 5], [R + 1, 3].
    row
        Members of lists, [., 4].
    unit
        The first row of each unit of a list: an operation, or the operations of a job [u + 1].
    setup
        Ticks by place of the machine, family before, and family after.
    transport
        Ticks from machine to machine [m + 1, m + 1].
    """

    head: Ints
    operation: Ints
    mode: Ints
    job: Ints
    machine: Ints
    resource: Ints
    row: Ints
    unit: Ints
    setup: Ints
    transport: Ints


class State(NamedTuple):
    """A schedule that is being made.

    Attributes
    ----------
    operation
        [n, 12].
    slot, slots
        The operations on each machine in the order of start [m + 1, n], and how many [m + 1].
    level, steps
        Rows (from, used) of each resource [R, ., 2], and how many [R].
    stack
        Operations that are to be placed next.
    note
        [16].
    """

    operation: Ints
    slot: Ints
    slots: Ints
    level: Ints
    steps: Ints
    stack: Ints
    note: Ints


class Candidate(NamedTuple):
    """What a schedule is generated from.

    Attributes
    ----------
    listed
        The units in the order of the list [u].
    operation
        [n, 3].
    choice
        The alternative route of each job, and 1 at the end when nothing goes into a gap between two
        operations of a machine [J + 1].
    """

    listed: Ints
    operation: Ints
    choice: Ints


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
