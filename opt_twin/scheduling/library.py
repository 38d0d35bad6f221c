"""The built-in instances and what is known about them."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from opt_twin.errors import UnknownNameError, did_you_mean
from opt_twin.records import Record, record
from opt_twin.scheduling.files import instances_folder
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.read import read_instance
from opt_twin.scheduling.taillard import taillard_instance, taillard_names

__all__ = ["BestKnown", "best_known", "builtin_names", "load_instance"]


@record
class BestKnown(Record):
    """What is known about the makespan of an instance.

    Attributes
    ----------
    instance
        Its name.
    lower, upper
        The best known bounds, in ticks.
    source, date
        Where the figures were read, and in which month.
    proved
        Whether the bounds are equal, so that the optimum is known.
    """

    instance: str
    lower: int
    upper: int
    source: str
    date: str
    proved: bool


@cache
def _best_known() -> dict[str, BestKnown]:
    with (instances_folder() / "best_known.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["instance"]: BestKnown(
                instance=row["instance"],
                lower=int(row["lower"]),
                upper=int(row["upper"]),
                source=row["source"],
                date=row["date"],
                proved=row["proved"] == "true",
            )
            for row in csv.DictReader(lines)
            if row["problem"] == "jsp"
        }


def builtin_names() -> tuple[str, ...]:
    """Return the names of the built-in instances, ft06 to ta80."""
    stored = {path.stem for path in (instances_folder() / "jsp").glob("*.txt")}
    return tuple(name for name in _best_known() if name in stored or name in taillard_names())


def best_known(name: str) -> BestKnown | None:
    """Return what is known about the instance called `name`; None when it is not a built-in one.

    Examples
    --------
    >>> best_known("ft10").upper
    930
    """
    return _best_known().get(name)


def load_instance(name: str | Path) -> SchedulingInstance:
    """Return a built-in instance by its name, or read one from a file.

    Parameters
    ----------
    name
        A built-in name (see :func:`builtin_names`), or the path of a file of your own.

    Raises
    ------
    UnknownNameError
        If it is neither a built-in name nor a path.
    InstanceError
        If the file is missing or malformed.

    Examples
    --------
    >>> load_instance("ft06").operation_count
    36
    """
    text = str(name)
    if isinstance(name, str):
        if name in taillard_names():
            return taillard_instance(name)
        if name in builtin_names():
            return read_instance(instances_folder() / "jsp" / f"{name}.txt")
    if isinstance(name, Path) or re.search(r"[./\\]", text) or Path(text).exists():
        return read_instance(name)
    near = did_you_mean(text, builtin_names()).strip(" ()")
    raise UnknownNameError(
        f"{text!r} is not a built-in instance (ft06, ..., ta01-ta80){f'; {near}' if near else '.'} "
        "Give a path for a file of your own."
    )
