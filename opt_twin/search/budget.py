"""How much a search may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opt_twin.errors import OptionError, UnitError
from opt_twin.timebase import parse_duration

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The end of a search: after so many evaluations or seconds, whichever comes first.

    The evaluations of the final front on fresh streams come on top.

    Attributes
    ----------
    evaluations
        Candidates to evaluate, or None for no limit.
    seconds
        Wall-clock seconds, or None for no limit.

    Raises
    ------
    OptionError
        If neither is given, or one is not above 0.
    """

    evaluations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.evaluations is None and self.seconds is None:
            raise OptionError("a budget needs evaluations, seconds, or both")
        if self.evaluations is not None and (isinstance(self.evaluations, bool) or self.evaluations < 1):
            raise OptionError(f"a budget needs 1 or more evaluations, got {self.evaluations}")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise OptionError(f"a budget needs a finite time above 0 s, got {self.seconds}")

    @classmethod
    def of(cls, value: Budget | int | str) -> Budget:
        """Return the budget that `value` stands for: a number of evaluations, or a time with its unit.

        Raises
        ------
        OptionError
            If it is neither.

        Examples
        --------
        >>> Budget.of(400).evaluations
        400
        >>> Budget.of("2m").seconds
        120.0
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str) and value.strip().isdecimal():
            return cls(evaluations=int(value))
        if isinstance(value, str):
            try:
                return cls(seconds=parse_duration(value))
            except UnitError as error:
                raise OptionError(f"budget: {error}; write a number of evaluations or a time") from None
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(evaluations=value)
        raise OptionError(f"{value!r} is not a budget; write 400 (evaluations), '60s' or '2m'")

    def __str__(self) -> str:
        parts = []
        if self.evaluations is not None:
            parts.append(f"{self.evaluations} evaluations")
        if self.seconds is not None:
            parts.append(f"{self.seconds:g} s")
        return " or ".join(parts)
