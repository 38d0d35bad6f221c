"""When stations and people work: shares of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence

from opt_twin.line import Line, Station
from opt_twin.line.people import WEEK

__all__ = ["share_of_week", "working_share", "working_windows"]


def working_windows(line: Line, shifts: Sequence[str]) -> tuple[tuple[float, float], ...]:
    """Return when any of `shifts` works: (start, end) in seconds of the week, ascending, none touching.

    What runs over the end of the week goes on at its start.

    Examples
    --------
    >>> from opt_twin.line import Line, Shift, Sink, Source, Station, chain
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ...     shifts=(Shift(name="late", start="22:00", end="06:00", days=("sun",)),),
    ... )
    >>> working_windows(line, ["late"])
    ((0.0, 21600.0), (597600.0, 604800.0))
    """
    pieces: list[tuple[float, float]] = []
    for shift in line.shifts:
        for start, end in shift.windows() if shift.name in shifts else ():
            first, last = start % WEEK, start % WEEK + end - start
            pieces += [(first, min(last, WEEK)), *([(0.0, last - WEEK)] if last > WEEK else [])]
    found: list[tuple[float, float]] = []
    for start, end in sorted(pieces):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def share_of_week(line: Line, shifts: Sequence[str]) -> float:
    """Return the share of the week in which any of `shifts` works; 1 without shifts."""
    if not shifts:
        return 1.0
    return math.fsum(end - start for start, end in working_windows(line, shifts)) / WEEK


def working_share(line: Line, station: Station) -> float:
    """Return the share of the week that a station can work: its shifts, less warming up after each pause.

    A station that finishes the cycle in process at the end of a shift works up to one cycle longer.
    """
    share = share_of_week(line, station.shifts)
    if not station.shifts or share == 1 or not station.warm_up_time:
        return share
    windows = working_windows(line, station.shifts)
    ends = [windows[-1][1] - WEEK, *(end for _, end in windows[:-1])]
    pauses = [start - end for (start, _), end in zip(windows, ends, strict=True)]
    warming = station.warm_up_time * sum(pause > station.warm_up_after for pause in pauses)
    return max(0.0, share - warming / WEEK)
