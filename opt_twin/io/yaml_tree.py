"""YAML text as a tree whose nodes know where they stand.

Scalars are read by the core schema of YAML 1.2: only ``true`` and ``false`` are booleans, ``012`` is twelve
and ``12:30`` is text. Anchors, aliases and ``<<`` work; other tags, recursion and expansion without measure
do not. The tree is built from parsing events, without recursion, so no input can exhaust the stack.

References
----------
YAML 1.2.2, section 10.3 (core schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

__all__ = [
    "Branch",
    "Finding",
    "Items",
    "Leaf",
    "Node",
    "Place",
    "Scalar",
    "compose",
    "from_plain",
    "resolve",
]

MAX_DEPTH = 40
"""Levels of nesting."""
MAX_NODES = 200_000
"""Nodes of one text, after aliases are expanded."""
MAX_DIGITS = 300
"""Digits of an integer."""

Scalar = None | bool | int | float | str


class Place(NamedTuple):
    """Where a node stands; sorts by layer, then line, then column (both from 1; 0 for no file)."""

    layer: int
    name: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}" if self.line else self.name


class Finding(NamedTuple):
    """A problem on its way into a report."""

    place: Place
    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar: its value, its text as written, and the unit that the name of its key adds."""

    value: Scalar
    text: str
    place: Place
    shown: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A mapping: its entries, and the places of its keys."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Place]
    place: Place
    shown: str = ""


Node = Leaf | Items | Branch
"""A node; `shown` replaces its path in messages when it came from elsewhere in the file."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar by the core schema of YAML 1.2.

    Examples
    --------
    >>> [resolve(text) for text in ("012", "0o14", "1e3", "yes", "12:30", "true", "~")]
    [12, 12, 1000.0, 'yes', '12:30', True, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass(slots=True)
class _Open:
    """A container that is being read."""

    start: Any
    is_map: bool
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


class _StopError(Exception):
    """The text cannot be read any further."""


class _Composer:
    def __init__(self, name: str, layer: int) -> None:
        self._name = name
        self._layer = layer
        self.findings: list[Finding] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._root: Node | None = None
        self._documents = 0
        self._total = 0

    def compose(self, text: str) -> Node | None:
        try:
            for event in yaml.parse(text, Loader=yaml.SafeLoader):
                self._take(event)
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            place = Place(self._layer, self._name, line, column)
            self._find(place, f"the character {chr(error.character)!r} may not stand in YAML")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            why = ", ".join(part for part in (error.context, error.problem) if part)
            if mark is not None and text[max(mark.index - 1, 0) : mark.index + 1] == "${":
                why += "; inside braces and brackets put ${NAME} into quotes"
            self._find(self._place(mark), f"not YAML: {why}")
        except (ValueError, OverflowError) as error:
            self._find(Place(self._layer, self._name, 1, 1), f"not YAML: {error}")
        except _StopError:
            pass
        else:
            return self._root
        return None

    def _place(self, mark: Any) -> Place:
        if mark is None:
            return Place(self._layer, self._name, 1, 1)
        return Place(self._layer, self._name, mark.line + 1, mark.column + 1)

    def _find(self, place: Place, message: str) -> None:
        self.findings.append(Finding(place, "", message))

    def _stop(self, event: Any, message: str) -> _StopError:
        self._find(self._place(event.start_mark), message)
        return _StopError()

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._stop(event, "a second document starts here; a model is one document")
        elif isinstance(event, yaml.ScalarEvent):
            self._close(event, self._leaf(event), 1)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event, ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"))
            if event.anchor:
                self._anchors[event.anchor] = None
            self._open.append(_Open(start=event, is_map=isinstance(event, yaml.MappingStartEvent)))
            if len(self._open) > MAX_DEPTH:
                raise self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._close(done.start, self._container(done), done.size)

    def _check_tag(self, event: Any, known: Sequence[str]) -> None:
        if event.tag is not None and event.tag != "!" and event.tag not in known:
            self._find(self._place(event.start_mark), f"the tag {event.tag!r} is not allowed; leave it out")

    def _leaf(self, event: yaml.ScalarEvent) -> Leaf:
        self._check_tag(event, ("tag:yaml.org,2002:str",))
        text = event.value
        plain = event.tag is None and event.style is None
        if plain and len(text) > MAX_DIGITS and _INT.fullmatch(text):
            self._find(self._place(event.start_mark), f"a number of more than {MAX_DIGITS} digits")
        value = resolve(text) if plain else text
        return Leaf(value=value, text=text, place=self._place(event.start_mark))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._stop(event, f"no anchor '&{event.anchor}' stands before this alias")
        held = self._anchors[event.anchor]
        if held is None:
            raise self._stop(event, f"the alias '*{event.anchor}' stands inside what it refers to")
        self._close(event, *held, is_alias=True)

    def _close(self, event: Any, node: Node, size: int, *, is_alias: bool = False) -> None:
        """Put a finished node, of `size` nodes in all, where it belongs."""
        if event.anchor and not is_alias:
            self._anchors[event.anchor] = (node, size)
        self._total += size if is_alias else 1
        if self._total > MAX_NODES:
            raise self._stop(event, f"more than {MAX_NODES} nodes, with aliases expanded")
        if self._open:
            self._open[-1].nodes.append(node)
            self._open[-1].size += size
        else:
            self._root = node

    def _container(self, done: _Open) -> Node:
        place = self._place(done.start.start_mark)
        if not done.is_map:
            return Items(items=tuple(done.nodes), place=place)
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[tuple[Node, Place]] = []
        for key, node in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, Leaf):
                self._find(key.place, "a key must be a word, not a list or a mapping")
            elif key.text == "<<" and key.value == "<<":
                merged.append((node, key.place))
            elif key.text in entries:
                first = keys[key.text].line
                self._find(key.place, f"the key {key.text!r} stands twice, first in line {first}")
            else:
                entries[key.text] = node
                keys[key.text] = key.place
        for node, key_place in merged:
            self._merge(node, key_place, entries, keys)
        return Branch(entries=entries, keys=keys, place=place)

    def _merge(self, node: Node, place: Place, entries: dict[str, Node], keys: dict[str, Place]) -> None:
        """Add what ``<<`` names to the entries that do not stand there themselves."""
        for branch in node.items if isinstance(node, Items) else (node,):
            if not isinstance(branch, Branch):
                self._find(place, "'<<' takes a mapping or a list of mappings")
                continue
            for key, value in branch.entries.items():
                if key not in entries:
                    entries[key] = value
                    keys[key] = branch.keys[key]


def compose(text: str, name: str, layer: int = 0) -> tuple[Node | None, list[Finding]]:
    """Return the tree of a YAML text, None when it is empty or cannot be read, and what is wrong with it.

    Parameters
    ----------
    text
        YAML, one document.
    name
        Of the file, for the places.
    layer
        Number of the layer, by which places are sorted.
    """
    composer = _Composer(name, layer)
    root = composer.compose(text)
    return root, composer.findings


def from_plain(value: object, place: Place, findings: list[Finding]) -> Node:
    """Return plain Python data as a tree whose nodes all stand at `place`."""
    return _Planter(place, findings).plant(value, (), 0)


class _Planter:
    def __init__(self, place: Place, findings: list[Finding]) -> None:
        self._place = place
        self._findings = findings
        self._nodes = 0

    def plant(self, value: object, keys: tuple[object, ...], depth: int) -> Node:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            if self._nodes <= MAX_NODES + 1:
                self._find(keys, f"nested deeper than {MAX_DEPTH} levels, or more than {MAX_NODES} nodes")
            self._nodes = MAX_NODES + 1  # what follows is not looked at
            return self._leaf(None)
        if isinstance(value, Mapping):
            entries = {str(key): self.plant(inner, (*keys, key), depth + 1) for key, inner in value.items()}
            return Branch(entries=entries, keys=dict.fromkeys(entries, self._place), place=self._place)
        if isinstance(value, (list, tuple)):
            items = tuple(self.plant(inner, (*keys, i), depth + 1) for i, inner in enumerate(value))
            return Items(items=items, place=self._place)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MAX_DIGITS:
            self._find(keys, f"a number of more than {MAX_DIGITS} digits")
        elif value is None or isinstance(value, (bool, int, float, str)):
            return self._leaf(value)
        else:
            self._find(keys, f"a {type(value).__name__} has no place in a model")
        return self._leaf(None)

    def _leaf(self, value: Scalar) -> Leaf:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return Leaf(value=value, text=text, place=self._place)

    def _find(self, keys: tuple[object, ...], message: str) -> None:
        self._findings.append(Finding(self._place, ".".join(map(str, keys)), message))
