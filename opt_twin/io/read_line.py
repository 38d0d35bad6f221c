"""Read a line from files, with every problem at its place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pydantic

from opt_twin.errors import ModelError, Problem, did_you_mean
from opt_twin.io.layers import apply_defaults, expand_chains, fold_units, merge, substitute
from opt_twin.io.sets import HOLDERS, SECTIONS, apply_settings, read_settings
from opt_twin.io.settle import Mark, settle
from opt_twin.io.structure import structure_problems
from opt_twin.io.yaml_tree import Branch, Finding, Leaf, Node, Place, compose, from_plain
from opt_twin.line import Line
from opt_twin.line.units import Name
from opt_twin.records import problems_of

__all__ = ["Origin", "explain", "read_line", "read_line_text"]

MAX_BYTES = 1 << 20
"""Size of a model file."""

Layer = str | os.PathLike[str] | Mapping[str, Any]
"""The path of a file, or plain data."""

Sets = Mapping[str, Any] | Sequence[str]
"""``{"Filler.speed": "1.2"}`` or ``["Filler.speed=1.2"]``."""

_NOT_A_NAME = f"String should match pattern '{pydantic.TypeAdapter(Name).json_schema()['pattern']}'"
_VALIDATE = pydantic.TypeAdapter(Line).validate_python


class Origin(NamedTuple):
    """Where a value of a model comes from: its path, the value, and ``file:line:column``."""

    path: str
    value: Any
    place: str


def read_line(where: Layer, *, overlays: Sequence[Layer] = (), sets: Sets = ()) -> Line:
    """Read a line from a YAML file.

    Parameters
    ----------
    where
        Path of the file; or plain data, as a mapping.
    overlays
        Further files or mappings, each laid over what stands below it.
    sets
        Single values laid over all files, as ``{"Filler.speed": "1.2"}`` or ``["Filler.speed=1.2"]``;
        ``Filler.buffer`` is the capacity of the one buffer directly behind Filler.

    Raises
    ------
    ModelError
        With every problem of all layers, each at its ``file:line:column``.

    Examples
    --------
    >>> line = read_line({
    ...     "name": "saw",
    ...     "elements": [
    ...         {"kind": "source", "name": "In"},
    ...         {"kind": "station", "name": "Saw", "cycle_time_min": 2},
    ...         {"kind": "sink", "name": "Out"},
    ...     ],
    ...     "connections": ["In -> Saw -> Out"],
    ... }, sets=["Saw.speed=1.25"])
    >>> line.element("Saw").cycle_time.mean, line.element("Saw").speed
    (120.0, 1.25)
    """
    return _validated(*_read([where, *overlays], sets))


def read_line_text(text: str, *, name: str = "line.yaml", sets: Sets = ()) -> Line:
    """Read a line from YAML text; `name` stands for the file in messages. See :func:`read_line`."""
    findings: list[Finding] = []
    root = _root(*compose(text, name, 0), Place(0, name), findings)
    return _validated(*_layered([root], sets, findings))


def explain(where: Layer, *, overlays: Sequence[Layer] = (), sets: Sets = ()) -> tuple[Origin, ...]:
    """Return for every value of a model which layer it comes from.

    Parameters and errors are those of :func:`read_line`; paths are those that `sets` takes.
    """
    data, marks, findings = _read([where, *overlays], sets)
    _validated(data, marks, findings)
    return tuple(
        Origin(_set_path(path, data), mark.value, str(mark.place))
        for path, mark in marks.items()
        if mark.leaf
    )


def _set_path(path: str, data: Any) -> str:
    """Return a dotted path with the names of things in the place of their positions."""
    keys: list[str] = []
    node = data
    for key in path.split("."):
        if isinstance(node, list):
            node = node[int(key)]
            named = isinstance(node, dict) and isinstance(node.get("name"), str)
            keys.append(node["name"] if named else key)
        else:
            node = node[key]
            keys.append(key)
    return ".".join(keys[1:] if keys[0] in HOLDERS else keys)


Read = tuple[dict[str, Any], dict[str, Mark], list[Finding]]


def _read(layers: Sequence[Layer], sets: Sets) -> Read:
    findings: list[Finding] = []
    roots = [_layer(layer, number, findings) for number, layer in enumerate(layers)]
    return _layered(roots, sets, findings)


def _layered(roots: Sequence[Branch | None], sets: Sets, findings: list[Finding]) -> Read:
    """Return the data of all layers, their marks and what is wrong with them."""
    settings = read_settings(sets, len(roots), findings)
    if any(root is None for root in roots):
        raise _error(findings)
    tree: Node | None = None
    for root in roots:
        assert root is not None
        folded = fold_units(root, Line, findings)
        tree = folded if tree is None else merge(tree, folded, Line)
    assert isinstance(tree, Branch)
    tree = apply_settings(tree, settings, findings)
    tree = apply_defaults(expand_chains(substitute(tree, findings)), findings)
    data, marks = settle(tree, Line, findings)
    return data, marks, findings


def _layer(layer: Layer, number: int, findings: list[Finding]) -> Branch | None:
    if isinstance(layer, Mapping):
        place = Place(number, "model" if number == 0 else f"overlay {number}")
        node = from_plain(layer, place, findings)
        assert isinstance(node, Branch)
        return node
    name = os.fspath(layer)
    place = Place(number, name)
    try:
        text = _text(Path(name))
    except ModelError as error:
        findings.append(Finding(place, "", str(error)))
        return None
    return _root(*compose(text, name, number), place, findings)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise ModelError(f"no such file{did_you_mean(path.name, beside)}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ModelError(f"cannot be read: {why}") from None
    if len(content) > MAX_BYTES:
        raise ModelError(f"larger than {MAX_BYTES >> 20} MiB; a model file is not")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ModelError(
            f"not UTF-8: byte {content[error.start]:#04x} in line {line}; save it as UTF-8"
        ) from None


def _root(node: Node | None, wrong: list[Finding], place: Place, findings: list[Finding]) -> Branch | None:
    findings += wrong
    if isinstance(node, Branch):
        return node
    if not wrong:
        empty = node is None or (isinstance(node, Leaf) and node.value is None)
        what = "the file is empty" if empty else "expected fields such as name and elements"
        message = f"{what}; a model starts with 'name: ...'"
        findings.append(Finding(node.place if node else place, "", message))
    return None


def _validated(data: dict[str, Any], marks: dict[str, Mark], findings: list[Finding]) -> Line:
    try:
        line = _VALIDATE(data)
    except pydantic.ValidationError as error:
        known = {finding.place for finding in findings}
        problems = [*problems_of(error, data), *structure_problems(data)]
        placed = [_placed(problem, marks) for problem in problems]
        raise _error([*findings, *(finding for finding in placed if finding.place not in known)]) from None
    if findings:
        raise _error(findings)
    return line


def _placed(problem: Problem, marks: Mapping[str, Mark]) -> Finding:
    """Return the problem with the place and the path that its reader knows."""
    keys = problem.path.removesuffix(".[key]").split(".") if problem.path else []
    known = len(keys)
    while ".".join(keys[:known]) not in marks:
        known -= 1
    mark = marks[".".join(keys[:known])]
    rest = keys[known:]
    if mark.leaf and rest == ["value"]:
        rest = []
    path = ".".join(part for part in (mark.shown, *rest) if part)
    message = problem.message
    if message.startswith(_NOT_A_NAME):
        given = message.removeprefix(_NOT_A_NAME)
        message = f"a name has letters, digits, inner spaces and _ - / # ( ) + &, but no dot{given}"
    place = mark.place
    if message == "unknown field":
        place = mark.key_place
        parent = marks.get(".".join(keys[:-1]))
        fields = parent.fields if parent else ()
        names = [*fields, *(SECTIONS if len(keys) == 1 else ())]
        message += did_you_mean(keys[-1], names) if keys else " ''"
    return Finding(place, path, message)


def _error(findings: Sequence[Finding]) -> ModelError:
    """Return one error for all findings, sorted by place, each once."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: (finding.place, finding.path))
    return ModelError(
        *(Problem(place=str(place), path=path, message=message) for place, path, message in ordered)
    )
