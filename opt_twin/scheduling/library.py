"""The built-in instances and what is known about them."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from opt_twin.errors import OptionError, UnknownNameError, did_you_mean
from opt_twin.records import Record, record
from opt_twin.scheduling.files import instances_folder
from opt_twin.scheduling.formats.format import job_shop
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.read import Reading, read_instance, read_with_notes
from opt_twin.scheduling.taillard import (
    taillard_flow_shop_names,
    taillard_instance,
    taillard_names,
    taillard_open_shop_names,
    taillard_times,
)

__all__ = ["BestKnown", "best_known", "builtin_names", "load_instance", "load_with_notes"]


@record
class BestKnown(Record):
    """What is known about the makespan of an instance.

    Attributes
    ----------
    instance
        Its name.
    lower, upper
        The best known bounds, in ticks; the lower one is None where the source gives none.
    source, date
        Where the figures were read, and in which month.
    proved
        Whether the bounds are equal, so that the optimum is known.
    problem
        ``jsp`` job shop, ``pfsp`` permutation flow shop, ``osp`` open shop, ``fjsp`` flexible job shop, or
        a variant such as ``no-wait jsp``.
    """

    instance: str
    lower: int | None
    upper: int
    source: str
    date: str
    proved: bool
    problem: str = "jsp"


@cache
def _best_known() -> dict[tuple[str, str], BestKnown]:
    """Return (problem, instance) -> what is known."""
    with (instances_folder() / "best_known.csv").open(encoding="utf-8", newline="") as lines:
        return {
            (row["problem"], row["instance"]): BestKnown(
                problem=row["problem"],
                instance=row["instance"],
                lower=int(row["lower"]) if row["lower"] else None,
                upper=int(row["upper"]),
                source=row["source"],
                date=row["date"],
                proved=row["proved"] == "true",
            )
            for row in csv.DictReader(lines)
        }


@cache
def builtin_names() -> tuple[str, ...]:
    """Return the names of the built-in instances.

    58 job shops of several authors (ft06 to orb10), and Taillard's 80 job shops (ta01 to ta80), 120 flow
    shops (ta001 to ta120) and 60 open shops (ta4x4_1 to ta20x20_10).
    """
    stored = {path.stem for path in (instances_folder() / "jsp").glob("*.txt")}
    named = [name for problem, name in _best_known() if problem == "jsp" and name in stored]
    return (*named, *taillard_names(), *taillard_flow_shop_names(), *taillard_open_shop_names())


def best_known(name: str, problem: str | None = None) -> BestKnown | None:
    """Return what is known about the makespan of the instance called `name`; None when nothing is.

    Parameters
    ----------
    name
        Of a built-in instance, or of a published one that must be read from a file (mk01).
    problem
        As in :class:`BestKnown`: a file of a job shop is also one of its no-wait variant. Unless given, the
        plain problem of the instance.

    Raises
    ------
    UnknownNameError
        If the table knows no such problem.

    Examples
    --------
    >>> best_known("ft10").upper
    930
    >>> best_known("ft06", "no-wait jsp").upper
    73
    """
    table = _best_known()
    problems = tuple(dict.fromkeys(problem for problem, _ in table))
    if problem is None:
        return next((table[kind, name] for kind in problems if (kind, name) in table), None)
    if problem not in problems:
        raise UnknownNameError.among("problem", problem, problems)
    return table.get((problem, name))


def load_instance(
    name: str | Path,
    format: str | None = None,  # noqa: A002
    *,
    tick: float | None = None,
) -> SchedulingInstance:
    """Return a built-in instance by its name, or read one from a file.

    Parameters
    ----------
    name
        A built-in name (see :func:`builtin_names`), or the path of a file of your own.
    format, tick
        Of a file, as in :func:`~opt_twin.scheduling.read_instance`.

    Raises
    ------
    UnknownNameError
        If it is neither a built-in name nor a path.
    InstanceError
        If the file is missing or malformed.
    OptionError
        If a format or a tick is given for a built-in instance.

    Examples
    --------
    >>> load_instance("ft06").operation_count
    36
    >>> load_instance("ta001").permutation
    True
    """
    return load_with_notes(name, format, tick=tick).instance


def load_with_notes(
    name: str | Path,
    format: str | None = None,  # noqa: A002
    *,
    tick: float | None = None,
) -> Reading:
    """Return an instance as :func:`load_instance` does, and say how it was read."""
    text = str(name)
    if isinstance(name, str) and name in builtin_names():
        if format is not None or tick is not None:
            raise OptionError(f"{name!r} is built in; a format or a tick is for files, such as './{name}'")
        return Reading(instance=_builtin(name), format="built-in")
    if isinstance(name, Path) or re.search(r"[./\\]", text) or Path(text).exists():
        return read_with_notes(name, format, tick=tick)
    near = did_you_mean(text, builtin_names()).strip(" ()")
    raise UnknownNameError(
        f"{text!r} is not a built-in instance (ft06, ..., ta01-ta80, ta001-ta120, ta4x4_1-ta20x20_10)"
        f"{f'; {near}' if near else '.'} Give a path for a file of your own."
    )


def _builtin(name: str) -> SchedulingInstance:
    if name in taillard_names():
        return taillard_instance(name)
    if name in taillard_flow_shop_names():
        rows = taillard_times(name)
        shop = job_shop(len(rows[0]), [list(enumerate(row)) for row in rows])
        return SchedulingInstance.from_dict({**shop, "name": name, "permutation": True})
    if name in taillard_open_shop_names():
        rows = taillard_times(name)
        shop = job_shop(len(rows[0]), [list(enumerate(row)) for row in rows], order="open")
        return SchedulingInstance.from_dict({**shop, "name": name})
    return read_instance(instances_folder() / "jsp" / f"{name}.txt")
