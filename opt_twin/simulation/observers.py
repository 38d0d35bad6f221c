"""Users' own objects that see every event of a run, and what they measure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from opt_twin.line import Behaviour
from opt_twin.simulation.behaviours import Own
from opt_twin.simulation.events import EventLog, EventRecord

__all__ = ["Observer", "Observers"]


@runtime_checkable
class Observer(Protocol):
    """A user's own class that sees every event of a run.

    It may also have ``measures(end)``, which returns name -> number at the end of the run: they stand among
    the values of the run under these names; and ``state()`` and ``restore(state)``, where it remembers what a
    snapshot must hold.
    """

    def append(self, record: EventRecord) -> None:
        """See what has happened; states are told when they end."""


class Observers:
    """The observers of one run, and the log that hears all that they do.

    Parameters
    ----------
    behaviours
        Their classes.
    log
        Another one that hears everything; None for none.
    """

    __slots__ = ("_log", "own")

    def __init__(self, behaviours: Sequence[Behaviour], log: EventLog | None) -> None:
        self.own = [
            Own(behaviour, f"observer {number}", "append(record)")
            for number, behaviour in enumerate(behaviours, 1)
        ]
        self._log = log

    def append(self, record: EventRecord) -> None:
        """Tell all of them.

        Raises
        ------
        BehaviourError
            If one of them raises.
        """
        if self._log is not None:
            self._log.append(record)
        for own in self.own:
            own.ask("append", record.time, record)

    def measures(self, end: float, taken: Mapping[str, float]) -> dict[str, float]:
        """Return what they have measured.

        Raises
        ------
        BehaviourError
            If a measure is not a number, or has the name of another one.
        """
        found: dict[str, float] = {}
        for own in self.own:
            if not own.has("measures"):
                continue
            for name, value in dict(own.ask("measures", end, end)).items():
                if name in taken or name in found:
                    raise own.wrong(end, f"calls a measure {name!r}, as another one is called")
                if not isinstance(value, (int, float)) or math.isinf(value):
                    raise own.wrong(end, f"gave {value!r} for {name!r}; a measure is a finite number")
                found[str(name)] = float(value)
        return found
