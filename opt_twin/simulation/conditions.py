"""The condition of a server in a run: its tool, its start-up, and what they do to the parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from opt_twin.line import Station
from opt_twin.simulation.parts import Part

__all__ = ["Condition"]


class Condition:
    """What makes the cycles of one server differ in quality.

    Parameters
    ----------
    station
        The model.
    defect
        Uniform draws, one for each cycle; None where no cycle can make a defect.
    cure
        Whether a cycle makes a defective part good, one draw for each cycle; None where none can.
    change
        Seconds of each change of the tool; None where there is no tool that wears.

    Attributes
    ----------
    used
        Cycles finished with the tool.
    fresh
        Cycles that still have the defect rate of a start-up.
    tools
        How often the tool has been changed.
    """

    STATE: ClassVar[tuple[str, ...]] = ("fresh", "tools", "used")
    __slots__ = (*STATE, "_change", "_cure", "_defect", "_rate", "_start_up", "_tool")

    def __init__(
        self,
        station: Station,
        *,
        defect: Callable[[], float] | None,
        cure: Callable[[], bool] | None,
        change: Callable[[], float] | None,
    ) -> None:
        self._rate = station.defect_rate
        self._start_up = station.start_up
        self._tool = station.tool
        self._defect = defect
        self._cure = cure
        self._change = change
        self.used = 0
        self.fresh = 0
        self.tools = 0

    def set_up(self) -> None:
        """Take note of a set-up that begins."""
        if self._start_up is not None:
            self.fresh = self._start_up.cycles

    def change_tool(self) -> float:
        """Return the seconds that a change of the tool takes before the next cycle; 0 where none is due."""
        if self._tool is None or self._change is None or self.used < self._tool.life:
            return 0.0
        self.used = 0
        self.tools += 1
        return self._change()

    def defect_rate(self) -> float:
        """Return the probability that the cycle in process makes a defect."""
        if self.fresh and self._start_up is not None:
            return self._start_up.defect_rate
        if self._tool is None or self._tool.defect_rate is None:
            return self._rate
        worn, life = self._tool.defect_rate, self._tool.life
        return worn if life == 1 else self._rate + (worn - self._rate) * self.used / (life - 1)

    def end_cycle(self, part: Part) -> None:
        """Find out what the cycle has made of `part`, and of its members: first the cure, then the defect."""
        if self._cure is not None and self._cure():
            part.become(defective=False)
        if self._defect is not None and self._defect() < self.defect_rate():
            part.become(defective=True)
        self.used += 1
        if self.fresh:
            self.fresh -= 1
