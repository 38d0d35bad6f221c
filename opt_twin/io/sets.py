"""Single values from the command line: ``Filler.speed=1.2``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opt_twin.errors import did_you_mean
from opt_twin.io.layers import expand_chains, fold_units, is_null, name_of, substitute
from opt_twin.io.shape import (
    child_hint,
    fields_of,
    is_named,
    item_of,
    records_of,
    unsuffixed,
)
from opt_twin.io.yaml_tree import Branch, Finding, Items, Leaf, Node, Place, compose, from_plain
from opt_twin.line import Line

__all__ = ["HOLDERS", "SECTIONS", "Setting", "apply_settings", "read_settings"]

SECTIONS = (*fields_of(Line), "constants", "defaults")
"""What may stand at the root of a model."""

HOLDERS = ("elements", "operators", "fleets", "pallets")
"""Sections whose members a path may begin with, without the name of the section."""


class _RefusedError(Exception):
    """A setting that does not fit the tree; the message says why."""


class Setting:
    """One ``path=value``, with its value read."""

    def __init__(self, path: str, value: Node, place: Place) -> None:
        self.keys = [key.strip() for key in path.split(".")]
        self.value = value
        self.place = place


def read_settings(
    sets: Mapping[str, object] | Sequence[str], layer: int, findings: list[Finding]
) -> list[Setting]:
    """Return the settings of a mapping, or of texts ``path=value`` whose values are read as YAML."""
    pairs: list[tuple[str, object]] = []
    if isinstance(sets, Mapping):
        pairs = [(str(path), value) for path, value in sets.items()]
    else:
        for text in [sets] if isinstance(sets, str) else sets:
            path, equals, value = str(text).partition("=")
            pairs.append((path, value))
            if not equals:
                pairs.pop()
                place = Place(layer, f"--set {text}")
                findings.append(Finding(place, "", "expected path=value, such as Filler.speed=1.2"))
    return [setting for path, value in pairs if (setting := _read(path.strip(), value, layer, findings))]


def _read(path: str, value: object, layer: int, findings: list[Finding]) -> Setting | None:
    place = Place(layer, f"--set {path}")
    node: Node | None
    if isinstance(value, str):
        node, wrong = compose(value, place.name, layer)
        if wrong:
            findings += [Finding(place, "", finding.message) for finding in wrong]
            return None
        node = Leaf(value=None, text="", place=place) if node is None else _placed(node, place)
    else:
        node = from_plain(value, place, findings)
    return Setting(path, node, place)


def _placed(node: Node, place: Place) -> Node:
    """Return `node` as if all of it stood at `place`."""
    if isinstance(node, Leaf):
        return replace(node, place=place)
    if isinstance(node, Items):
        return replace(node, place=place, items=tuple(_placed(item, place) for item in node.items))
    entries = {key: _placed(value, place) for key, value in node.entries.items()}
    return replace(node, place=place, entries=entries, keys=dict.fromkeys(entries, place))


def apply_settings(root: Branch, settings: Sequence[Setting], findings: list[Finding]) -> Branch:
    """Return the tree with every setting made, in their order."""
    for setting in settings:
        try:
            keys = _full_path(root, setting.keys)
            changed = _assigned(root, Line, keys, setting, findings)
        except _RefusedError as error:
            findings.append(Finding(setting.place, "", str(error)))
        else:
            assert isinstance(changed, Branch)
            root = changed
    return root


def _full_path(root: Branch, keys: list[str]) -> list[str]:
    if keys[0] in SECTIONS:
        return keys
    names = {name: section for section in reversed(HOLDERS) for name in _names_in(root, section)}
    if keys[0] not in names:
        raise _RefusedError(
            f"no element and no section is called {keys[0]!r}{did_you_mean(keys[0], [*names, *SECTIONS])}"
        )
    if keys[1:] == ["buffer"] and names[keys[0]] == "elements":
        return ["elements", _buffer_behind(root, keys[0]), "capacity"]
    return [names[keys[0]], *keys]


def _names_in(root: Branch, holder: str, kind: str = "") -> list[str]:
    section = root.entries.get(holder)
    found = []
    for item in section.items if isinstance(section, Items) else ():
        name = name_of(item, None)
        tag = item.entries.get("kind") if isinstance(item, Branch) else None
        if name is not None and (not kind or (isinstance(tag, Leaf) and tag.text == kind)):
            found.append(name)
    return found


def _buffer_behind(root: Branch, station: str) -> str:
    """Return the one buffer that directly follows `station`."""
    expanded = expand_chains(substitute(root, []))
    buffers = set(_names_in(expanded, "elements", "buffer"))
    section = expanded.entries.get("connections")
    behind: dict[str, None] = {}
    for item in section.items if isinstance(section, Items) else ():
        ends = item.entries if isinstance(item, Branch) else {}
        source, target = ends.get("source"), ends.get("target")
        if isinstance(source, Leaf) and isinstance(target, Leaf) and source.text == station:
            behind[target.text] = None
    found = [name for name in behind if name in buffers]
    if len(found) != 1:
        what = f"{len(found)} buffers stand" if found else "no buffer stands"
        which = f" ({', '.join(found)})" if found else ""
        raise _RefusedError(
            f"{what} directly behind {station!r}{which}; set the capacity of a buffer by its name"
        )
    return found[0]


def _assigned(node: Node, hint: Any, keys: list[str], setting: Setting, findings: list[Finding]) -> Node:
    """Return `node` with the value put where `keys` lead."""
    if not keys:
        return fold_units(setting.value, hint, findings, ".".join(setting.keys))
    if isinstance(node, Items):
        return _assigned_in_list(node, hint, keys, setting, findings)
    if isinstance(node, Leaf):
        raise _RefusedError(f"{node.text!r} is a single value; it has no {keys[0]!r}, set it as a whole")
    return _assigned_in_mapping(node, hint, keys, setting, findings)


def _assigned_in_list(
    node: Items, hint: Any, keys: list[str], setting: Setting, findings: list[Finding]
) -> Items:
    item = item_of(hint)
    names = [name_of(member, item) if is_named(hint) else None for member in node.items]
    if keys[0] in names:
        index = names.index(keys[0])
    elif keys[0].isdecimal() and int(keys[0][:9]) < len(names):
        index = int(keys[0])
    else:
        known = [name for name in names if name is not None]
        nearest = did_you_mean(keys[0], known) or f"; known: {', '.join(known[:8]) or 'nothing'}"
        raise _RefusedError(f"nothing is called {keys[0]!r} there{nearest}")
    items = list(node.items)
    items[index] = _assigned(items[index], item, keys[1:], setting, findings)
    return replace(node, items=tuple(items))


def _assigned_in_mapping(
    node: Branch, hint: Any, keys: list[str], setting: Setting, findings: list[Finding]
) -> Branch:
    records = records_of(hint, node)
    key, unit = unsuffixed(keys[0], records)
    inner = child_hint(hint, node, key)
    at_root = hint is Line and key in SECTIONS
    if inner is None and records and not at_root:
        known = dict.fromkeys(name for record in records for name in fields_of(record))
        raise _RefusedError(f"unknown field {keys[0]!r}{did_you_mean(key, known)}")
    entries, places = dict(node.entries), dict(node.keys)
    places[key] = setting.place
    if len(keys) == 1 and is_null(setting.value):
        entries.pop(key, None)
    elif len(keys) == 1 and unit and isinstance(setting.value, Leaf):
        entries[key] = replace(setting.value, unit=unit)
    else:
        empty: Node = Items(items=(), place=setting.place)
        if item_of(inner) is None:
            empty = Branch(entries={}, keys={}, place=setting.place)
        entries[key] = _assigned(entries.get(key, empty), inner, keys[1:], setting, findings)
    return replace(node, entries=entries, keys=places)
