"""Reading and writing instances: from and to files, in every format of :data:`FORMATS`."""

from __future__ import annotations

from pathlib import Path

from opt_twin.errors import InstanceError, ModelError, OptionError
from opt_twin.files import write_text
from opt_twin.records import Record, record
from opt_twin.scheduling.formats import (
    FORMATS,
    LARGEST_SIZE,
    Format,
    Source,
    format_named,
    format_of_text,
    format_to_write,
    not_held,
    source_of,
)
from opt_twin.scheduling.formats.same import first_difference, left_out
from opt_twin.scheduling.from_line import RoundingLoss
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = [
    "LARGEST_FILE",
    "LARGEST_SIZE",
    "Reading",
    "format_names",
    "instance_text",
    "parse_instance",
    "read_instance",
    "read_with_notes",
    "text_of_file",
    "write_instance",
]

LARGEST_FILE = 64 * 2**20
"""Bytes; a longer file is refused."""


@record
class Reading(Record):
    """An instance, and how it was read.

    Attributes
    ----------
    instance
        What the file describes.
    format
        In which format it is.
    notes
        What was decided in reading: from which number machines are counted, the tick, modes that no schedule
        can choose.
    loss
        What rounding to ticks has added; None where nothing was rounded.
    """

    instance: SchedulingInstance
    format: str
    notes: tuple[str, ...] = ()
    loss: RoundingLoss | None = None


def format_names(*, written: bool = False) -> tuple[str, ...]:
    """Return the names of the formats that can be read, or those that can be `written`."""
    return tuple(name for name, form in FORMATS.items() if not written or form.write is not None)


def read_instance(
    path: str | Path,
    format: str | None = None,  # noqa: A002
    *,
    tick: float | None = None,
) -> SchedulingInstance:
    """Read an instance from a file.

    Parameters
    ----------
    path
        The file. Its stem becomes the instance's name, unless the file has one.
    format
        One of :func:`format_names`; recognised by content and extension unless given.
    tick
        Seconds in one tick, for formats with times in seconds (`orders`, `json`): durations are rounded up.
        Unless given, the tick is chosen so that nothing is rounded.

    Raises
    ------
    InstanceError
        If the file cannot be read, is malformed, or fits several formats; the message has the file, the line
        and what was expected.
    UnknownNameError
        If there is no such format.
    OptionError
        If a tick is given to a format that has none.
    """
    return read_with_notes(path, format, tick=tick).instance


def read_with_notes(
    path: str | Path,
    format: str | None = None,  # noqa: A002
    *,
    tick: float | None = None,
) -> Reading:
    """Read an instance as :func:`read_instance` does, and say how it was read."""
    return _read(text_of_file(path), Path(path).stem, str(path), format, tick)


def text_of_file(path: str | Path) -> str:
    """Return the text of a file.

    Raises
    ------
    InstanceError
        If it is longer than :data:`LARGEST_FILE`, not in UTF-8, or cannot be read.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise InstanceError(f"the file is longer than {LARGEST_FILE} bytes", path=str(path))
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InstanceError(f"not a text file in UTF-8 (byte {error.start})", path=str(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InstanceError(f"cannot be read: {reason}", path=str(path)) from None


def parse_instance(
    text: str,
    *,
    name: str = "instance",
    path: str = "text",
    format: str | None = None,  # noqa: A002
    tick: float | None = None,
) -> SchedulingInstance:
    r"""Read an instance from `text`.

    Parameters
    ----------
    text
        As in a file.
    name
        Of the instance, unless the text has one.
    path
        What error messages call the text; its extension takes part in recognising the format.
    format, tick
        As in :func:`read_instance`.

    Raises
    ------
    InstanceError
        If the text is malformed, or fits several formats.

    Examples
    --------
    >>> parse_instance("1 2\n0 3 1 4").jobs[0].operations[1].duration
    4
    """
    return _read(text, name, path, format, tick).instance


def _read(text: str, name: str, path: str, wanted: str | None, tick: float | None) -> Reading:
    source = source_of(text, path, tick)
    form = format_of_text(source) if wanted is None else format_named(wanted)
    if tick is not None and not form.timed:
        raise OptionError(f"{path}: a tick is given, but the format {form.name!r} counts in ticks already")
    if wanted is not None and not source.lines:
        source.fail("the file is empty; expected the number of jobs and machines")
    return _reading(form, source, name or "instance")


def _reading(form: Format, source: Source, name: str) -> Reading:
    draft = form.scan(source)
    try:
        instance = SchedulingInstance.from_dict({**_unnamed(form, name), **draft.data})
    except ModelError as error:
        raise InstanceError(_joined(error), path=source.path) from None
    return Reading(instance=instance, format=form.name, notes=draft.notes, loss=draft.loss)


def _unnamed(form: Format, name: str) -> dict[str, str]:
    """Return the name for a file that has none of its own; in `json` it must have one."""
    return {} if form.name == "json" else {"name": name[:200]}


def _joined(error: ModelError) -> str:
    shown = [str(problem) for problem in error.problems[:20]]
    more = len(error.problems) - len(shown)
    return "; ".join([*shown, f"and {more} more problems"] if more else shown)


def write_instance(
    instance: SchedulingInstance,
    path: str | Path,
    format: str | None = None,  # noqa: A002
) -> tuple[str, ...]:
    """Write `instance` to a file.

    Parameters
    ----------
    instance
        What is to be written.
    path
        The file.
    format
        One of ``format_names(written=True)``; unless given, that of the extension, else the standard format.

    Returns
    -------
    tuple of str
        What the text does not say though it means the same instance: names, the tick.

    Raises
    ------
    InstanceError
        If the format does not hold the instance, or the file cannot be written.
    UnknownNameError
        If there is no such format.
    """
    form = format_to_write(str(path)) if format is None else format_named(format)
    text, notes = instance_text(instance, form.name, path=str(path))
    try:
        write_text(path, text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InstanceError(f"cannot be written: {reason}", path=str(path)) from None
    return notes


def instance_text(
    instance: SchedulingInstance,
    format: str,  # noqa: A002
    *,
    path: str = "",
) -> tuple[str, tuple[str, ...]]:
    """Return `instance` as text in a format, and what the text does not say.

    The text is read back: nothing that changes the instance is lost without an error.

    Raises
    ------
    InstanceError
        If the format does not hold the instance.
    UnknownNameError
        If there is no such format.
    """
    form = format_named(format)
    beyond = not_held(instance, form.carries)
    if beyond:
        able = [
            name
            for name, other in FORMATS.items()
            if other.write is not None and not not_held(instance, other.carries)
        ]
        raise InstanceError(
            f"the format {form.name!r} does not hold {', '.join(beyond)}; write {' or '.join(able[:6])}",
            path=path,
        )
    assert form.write is not None
    try:
        text = form.write(instance)
    except InstanceError as error:
        raise InstanceError(
            f"the format {form.name!r} does not hold the instance: {error.message}", path=path
        ) from None
    try:
        read = by_itself = _reading(form, source_of(text, path), instance.name).instance
        if form.timed and read.tick != instance.tick:
            read = _reading(form, source_of(text, path, instance.tick), instance.name).instance
    except InstanceError as error:
        raise InstanceError(
            f"the format {form.name!r} does not hold the instance; read back it gives: {error}", path=path
        ) from None
    difference = first_difference(instance, read, form)
    if difference is not None:
        raise InstanceError(
            f"the format {form.name!r} does not hold the instance: "
            f"its {difference} would be others; write json",
            path=path,
        )
    return text, left_out(instance, by_itself, form)
