"""People in a run: who is called for a task, who comes, and who leaves at the end of a shift."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Protocol

from opt_twin.line import AtShiftEnd, Need, Operators

if TYPE_CHECKING:
    from opt_twin.simulation.build import Account

__all__ = ["Asker", "Call", "Group", "People"]


class Asker(Protocol):
    """What people are called for: the phase of a cycle, a repair, a maintenance task."""

    def granted(self, now: float) -> None:
        """Go on: the people have come."""

    def interrupted(self, now: float) -> None:
        """Stop: the people have left at the end of their shift."""


class Call:
    """A call for people. One asker has one call at a time.

    Attributes
    ----------
    asker
        Who calls.
    priority, key
        Of two calls the one of the higher priority is served first, then the one that has waited longer, then
        the one of the lower key.
    skill, number
        Who is called for, and how many of them.
    since
        When.
    waiting
        Whether they have not come yet.
    held
        Those that have come, as [index of the group, number].
    """

    STATE: ClassVar[tuple[str, ...]] = ("held", "number", "since", "skill", "waiting")
    __slots__ = (*STATE, "asker", "key", "priority")

    def __init__(self, asker: Asker, *, priority: int, key: int) -> None:
        self.asker = asker
        self.priority = priority
        self.key = key
        self.skill = ""
        self.number = 0
        self.since = 0.0
        self.waiting = False
        self.held: list[list[int]] = []

    def order(self) -> tuple[int, float, int]:
        """Return what calls are sorted by."""
        return -self.priority, self.since, self.key

    def holds(self, need: Need) -> bool:
        """Return whether the people needed are there."""
        return bool(self.held) and (self.skill, self.number) == (need.skill, need.number)


class Group:
    """People who can do the same.

    Attributes
    ----------
    present
        Whether their shift works.
    busy
        How many have a task.
    worked, attended
        Seconds with a task, and seconds of their shifts, over all of them, until `noted`.
    """

    STATE: ClassVar[tuple[str, ...]] = ("attended", "busy", "noted", "present", "worked")
    __slots__ = (*STATE, "_people", "operators")

    def __init__(self, operators: Operators, people: People) -> None:
        self.operators = operators
        self._people = people
        self.present = True
        self.busy = 0
        self.worked = 0.0
        self.attended = 0.0
        self.noted = 0.0

    @property
    def free(self) -> int:
        """How many can be given a task."""
        return self.operators.number - self.busy if self.present else 0

    def note(self, now: float) -> None:
        """Bring the accounts up to date, before something changes."""
        seconds = now - self.noted
        self.worked += seconds * self.busy
        self.attended += seconds * (self.operators.number if self.present else self.busy)
        self.noted = now

    def accounts(self, now: float) -> Iterator[Account]:
        """Yield the shares of their time with a task, and at work at all."""
        self.note(now)
        name, number = self.operators.name, self.operators.number
        yield f"{name}.busy", self.worked, number
        yield f"{name}.present", self.attended, number

    def open(self, now: float) -> None:
        """Begin the shift."""
        self.note(now)
        self.present = True
        self._people.serve(now)

    def close(self, now: float) -> None:
        """End the shift."""
        self.note(now)
        self.present = False
        if self.operators.at_shift_end is AtShiftEnd.STOP and self.busy:
            self._people.send_home(self, now)


class People:
    """All groups of a line, and the calls that wait for them.

    Attributes
    ----------
    groups
        In the order of the line.
    calls
        Those that wait, the next to be served first.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_working", "calls")
    __slots__ = (*STATE, "_able", "groups")

    def __init__(self, operators: tuple[Operators, ...]) -> None:
        self.groups = [Group(group, self) for group in operators]
        self.calls: list[Call] = []
        self._working: list[Call] = []
        self._able: dict[str, list[int]] = {}
        for skill in dict.fromkeys(skill for group in operators for skill in group.abilities):
            able = [index for index, group in enumerate(operators) if skill in group.abilities]
            self._able[skill] = sorted(able, key=lambda index: len(operators[index].abilities))

    def ask(self, call: Call, need: Need, now: float) -> bool:
        """Call for people; return whether they are there at once, else the asker is told when they are."""
        call.skill, call.number = need.skill, need.number
        if self._assign(call, now):
            return True
        call.since = now
        call.waiting = True
        insort(self.calls, call, key=Call.order)
        return False

    def withdraw(self, call: Call) -> None:
        """Take back a call that waits."""
        call.waiting = False
        self.calls.remove(call)

    def give_back(self, call: Call, now: float) -> None:
        """Give the people of a call back; those who wait for them are served."""
        self._part(call, now)
        self.serve(now)

    def serve(self, now: float) -> None:
        """Serve the calls that wait, in their order, passing over those for whom there are too few people."""
        for call in self.calls.copy():
            if call.waiting and self._assign(call, now):
                self.withdraw(call)
                call.asker.granted(now)

    def send_home(self, group: Group, now: float) -> None:
        """Let the people of a group leave the tasks that they have; the tasks stop, and call again."""
        index = self.groups.index(group)
        for call in self._working.copy():
            if any(held[0] == index for held in call.held):
                self._part(call, now)
                call.asker.interrupted(now)
        self.serve(now)

    def _assign(self, call: Call, now: float) -> bool:
        """Give a call its people, if there are enough: those with the fewest skills first."""
        able = [self.groups[index] for index in self._able[call.skill]]
        if sum(group.free for group in able) < call.number:
            return False
        missing = call.number
        held = []
        for index in self._able[call.skill]:
            group = self.groups[index]
            taken = min(group.free, missing)
            if taken:
                group.note(now)
                group.busy += taken
                held.append([index, taken])
                missing -= taken
        call.held = held
        self._working.append(call)
        return True

    def _part(self, call: Call, now: float) -> None:
        for index, number in call.held:
            self.groups[index].note(now)
            self.groups[index].busy -= number
        call.held = []
        self._working.remove(call)
