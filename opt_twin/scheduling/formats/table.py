"""The formats, and which of them a text is in."""

from __future__ import annotations

from pathlib import PurePath

from opt_twin.errors import InstanceError, UnknownNameError
from opt_twin.scheduling.formats import (
    flexible,
    json_format,
    naderi,
    orders_csv,
    patterson,
    psplib,
    standard,
    taillard,
)
from opt_twin.scheduling.formats.format import Format
from opt_twin.scheduling.formats.text import Source

__all__ = ["FORMATS", "format_named", "format_of_text", "format_to_write"]

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        json_format.JSON,
        json_format.JSP_JSON,
        orders_csv.ORDERS,
        standard.STANDARD,
        standard.PERMUTATION,
        standard.REENTRANT,
        standard.OPEN_SHOP,
        taillard.JOB_SHOP,
        taillard.PERMUTATION,
        taillard.OPEN_SHOP,
        flexible.FJS,
        *naderi.NADERI,
        psplib.PSPLIB,
        patterson.PATTERSON,
        patterson.PROGEN_MAX,
    )
}
"""Name -> format, in the order of the page of formats."""


def format_named(name: str) -> Format:
    """Return the format called `name`.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in FORMATS:
        raise UnknownNameError.among("format", name, FORMATS)
    return FORMATS[name]


def format_of_text(source: Source) -> Format:
    """Return the format of a text: what it shows itself, else what its file name and its numbers allow.

    Raises
    ------
    InstanceError
        If several formats fit, or none.
    """
    if not source.text.strip() or not source.lines:
        source.fail("the file is empty; expected the number of jobs and machines")
    for form in FORMATS.values():
        if form.marked is not None and form.marked(source):
            return form
    suffix = PurePath(source.path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.extensions:
            return form
    fitting = [form for form in FORMATS.values() if form.detected and form.recognise(source)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(form.name for form in fitting)
        raise InstanceError(
            f"the file can be read as {names}; say which with --format NAME", path=source.path
        )
    return _nearest(source)


def _nearest(source: Source) -> Format:
    """Return the format that gets farthest with a text that is in none; its message helps most."""
    reached: dict[str, int] = {}
    for form in FORMATS.values():
        if form.detected and form.marked is None and form is not patterson.PATTERSON:
            try:
                form.scan(source)
            except InstanceError as error:
                reached[form.name] = error.line or 0
    return FORMATS[max(reached, key=lambda name: reached[name])]


def format_to_write(path: str) -> Format:
    """Return the format that a file name asks for: that of its extension, else the standard one."""
    suffix = PurePath(path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.extensions:
            return form
    return FORMATS["standard"]
