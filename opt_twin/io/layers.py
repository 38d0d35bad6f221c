"""Layers of a model: units in the names of keys, merging, ``constants``, ``defaults`` and chains.

Every function returns a new tree; what is wrong goes into a list of findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from opt_twin.errors import did_you_mean
from opt_twin.io.shape import (
    DEFAULTS_FOR,
    Defaults,
    child_hint,
    default_name,
    fields_of,
    is_named,
    item_of,
    records_of,
    unsuffixed,
)
from opt_twin.io.yaml_tree import Branch, Finding, Items, Leaf, Node

__all__ = [
    "apply_defaults",
    "expand_chains",
    "fold_units",
    "is_null",
    "join",
    "merge",
    "name_of",
    "substitute",
]

MAX_TEXT = 10_000
"""Characters of a text after constants are put in."""

_KIND_OF = {
    "products": "product",
    "orders": "order",
    "shifts": "shift",
    "operators": "operators",
    "fleets": "fleet",
    "pallets": "pallets",
}
"""Section of a file whose members are all of one kind -> what ``defaults`` calls it."""

_CONSTANT = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_EXACT = re.compile(r"\$\{([^{}]*)\}")


def join(path: str, key: object) -> str:
    """Return the dotted path of `key` under `path`."""
    return f"{path}.{key}" if path else str(key)


def fold_units(node: Node, hint: Any, findings: list[Finding], path: str = "") -> Node:
    """Turn keys such as ``due_h: 8`` into the field they mean; the leaf keeps the unit."""
    if isinstance(node, Items):
        item = item_of(hint)
        return replace(
            node,
            items=tuple(fold_units(n, item, findings, join(path, i)) for i, n in enumerate(node.items)),
        )
    if not isinstance(node, Branch):
        return node
    records = [] if hint is Defaults else records_of(hint, node)
    entries: dict[str, Node] = {}
    keys = {}
    for key, value in node.entries.items():
        field, unit = unsuffixed(key, records)
        inner = fold_units(value, child_hint(hint, node, field), findings, join(path, key))
        place = node.keys[key]
        if unit and isinstance(inner, Leaf):
            inner = replace(inner, unit=unit)
        elif unit:
            advice = f"{key!r} takes a number; write the unit inside the distribution instead"
            findings.append(Finding(inner.place, join(path, key), advice))
        if field in entries:
            message = f"{field!r} is given twice, with and without a unit in its name; keep one"
            findings.append(Finding(place, join(path, key), message))
            continue
        entries[field] = inner
        keys[field] = place
    return replace(node, entries=entries, keys=keys)


def merge(base: Node, over: Node, hint: Any) -> Node:
    """Return `base` with `over` laid on it.

    Mappings merge deeply and ``null`` deletes a key; lists of named things merge by name; anything else is
    replaced, and so is a mapping by one of another kind or type.
    """
    if isinstance(base, Branch) and isinstance(over, Branch) and not _other_kind(base, over):
        entries, keys = dict(base.entries), dict(base.keys)
        for key, value in over.entries.items():
            if is_null(value):
                entries.pop(key, None)
                continue
            inner = child_hint(hint, base, key)
            entries[key] = merge(entries[key], value, inner) if key in entries else value
            keys[key] = over.keys[key]
        return replace(base, entries=entries, keys=keys)
    if isinstance(base, Items) and isinstance(over, Items) and is_named(hint):
        return _merge_by_name(base, over, item_of(hint))
    return over


def is_null(node: Node) -> bool:
    """Return whether `node` is null."""
    return isinstance(node, Leaf) and node.value is None


def _other_kind(base: Branch, over: Branch) -> bool:
    for tag in ("kind", "type"):
        ours, theirs = base.entries.get(tag), over.entries.get(tag)
        if isinstance(ours, Leaf) and isinstance(theirs, Leaf) and ours.text != theirs.text:
            return True
    return False


def name_of(node: Node, hint: Any) -> str | None:
    """Return the name of an item of a list of named things, None when it has none."""
    if not isinstance(node, Branch):
        return None
    leaf = node.entries.get("name")
    if leaf is None:
        return default_name(hint)
    return leaf.text.strip() if isinstance(leaf, Leaf) else None


def _merge_by_name(base: Items, over: Items, hint: Any) -> Items:
    items = list(base.items)
    where = {name_of(item, hint): index for index, item in reversed(list(enumerate(items)))}
    where.pop(None, None)
    for item in over.items:
        index = where.get(name_of(item, hint))
        if index is None:
            items.append(item)
        else:
            items[index] = merge(items[index], item, hint)
    return replace(base, items=tuple(items))


class _Constants:
    """The section ``constants``, whose entries may refer to one another."""

    def __init__(self, section: Node | None, findings: list[Finding]) -> None:
        self._findings = findings
        self._raw: Mapping[str, Node] = section.entries if isinstance(section, Branch) else {}
        self._known: dict[str, Leaf | None] = {}
        if section is not None and not isinstance(section, Branch) and not is_null(section):
            findings.append(Finding(section.place, "constants", "expected a mapping of names to values"))
        for name in self._raw:
            self.get(name)

    def get(self, name: str) -> Leaf | None:
        """Return a constant with everything put in, None when something is wrong with it."""
        if name not in self._known:
            node = self._raw[name]
            path = f"constants.{name}"
            self._known[name] = None  # while it is being read: a reference back finds this
            if isinstance(node, Leaf):
                self._known[name] = self.fill(node, path)
            else:
                self._findings.append(Finding(node.place, path, "a constant is a single value"))
        return self._known[name]

    def fill(self, leaf: Leaf, path: str) -> Leaf | None:
        """Return `leaf` with its constants put in."""
        if not isinstance(leaf.value, str) or "${" not in leaf.value:
            return leaf
        exact = _EXACT.fullmatch(leaf.value)
        if exact:
            found = self._look_up(exact[1], leaf, path)
            return found and replace(leaf, value=found.value, text=found.text)
        pieces: list[str] = []
        end = 0
        for match in _CONSTANT.finditer(leaf.value):
            pieces.append(leaf.value[end : match.start()])
            end = match.end()
            if match[1] is None:
                pieces.append("${")
                continue
            found = self._look_up(match[1], leaf, path)
            if found is None:
                return None
            pieces.append(found.text)
        text = "".join((*pieces, leaf.value[end:]))
        if len(text) > max(MAX_TEXT, len(leaf.value)):
            self._findings.append(
                Finding(leaf.place, path, f"longer than {MAX_TEXT} characters with constants")
            )
            return None
        return replace(leaf, value=text, text=text)

    def _look_up(self, name: str, leaf: Leaf, path: str) -> Leaf | None:
        if name not in self._raw:
            message = f"no constant is called {name!r}{did_you_mean(name, self._raw)}"
            self._findings.append(Finding(leaf.place, path, message))
            return None
        found = self.get(name)
        if found is None:
            message = f"the constant {name!r} has no value: it is wrong, or refers back to itself"
            self._findings.append(Finding(leaf.place, path, message))
        return found


def substitute(root: Branch, findings: list[Finding]) -> Branch:
    """Return the tree with ``${NAME}`` replaced and without the section ``constants``."""
    constants = _Constants(root.entries.get("constants"), findings)
    entries = {
        key: _substituted(node, constants, key) for key, node in root.entries.items() if key != "constants"
    }
    return replace(root, entries=entries)


def _substituted(node: Node, constants: _Constants, path: str) -> Node:
    if isinstance(node, Leaf):
        return constants.fill(node, path) or node
    if isinstance(node, Items):
        items = (_substituted(n, constants, join(path, i)) for i, n in enumerate(node.items))
        return replace(node, items=tuple(items))
    entries = {key: _substituted(n, constants, join(path, key)) for key, n in node.entries.items()}
    return replace(node, entries=entries)


def expand_chains(root: Branch) -> Branch:
    """Return the tree with each ``A -> B -> C`` under ``connections`` as a connection for each arrow."""
    section = root.entries.get("connections")
    if not isinstance(section, Items):
        return root
    items: list[Node] = []
    for index, node in enumerate(section.items):
        shown = f"connections.{index}"
        parts = [part.strip() for part in node.text.split("->")] if isinstance(node, Leaf) else []
        if len(parts) < 2 or not all(parts):
            items.append(replace(node, shown=shown))
            continue
        leaves = [Leaf(value=part, text=part, place=node.place, shown=shown) for part in parts]
        for source, target in pairwise(leaves):
            ends: dict[str, Node] = {"source": source, "target": target}
            keys = dict.fromkeys(ends, node.place)
            items.append(Branch(entries=ends, keys=keys, place=node.place, shown=shown))
    return replace(root, entries={**root.entries, "connections": replace(section, items=tuple(items))})


def apply_defaults(root: Branch, findings: list[Finding]) -> Branch:
    """Return the tree with ``defaults`` put where a field is absent, and without that section."""
    section = root.entries.get("defaults")
    entries = {key: node for key, node in root.entries.items() if key != "defaults"}
    if section is None or is_null(section):
        return replace(root, entries=entries)
    if not isinstance(section, Branch):
        findings.append(Finding(section.place, "defaults", "expected a mapping, such as station: {speed: 1}"))
        return replace(root, entries=entries)
    usable = {kind: _usable_defaults(kind, node, section, findings) for kind, node in section.entries.items()}
    for field, kind in (("elements", None), *_KIND_OF.items()):
        items = entries.get(field)
        if isinstance(items, Items):
            filled = tuple(_with_defaults(item, kind, usable) for item in items.items)
            entries[field] = replace(items, items=filled)
    return replace(root, entries=entries)


def _usable_defaults(kind: str, node: Node, section: Branch, findings: list[Finding]) -> Branch | None:
    path = f"defaults.{kind}"
    if kind not in DEFAULTS_FOR:
        known = ", ".join(DEFAULTS_FOR)
        message = f"unknown kind{did_you_mean(kind, DEFAULTS_FOR)}; known: {known}"
        findings.append(Finding(section.keys[kind], path, message))
        return None
    if is_null(node):
        return None
    if not isinstance(node, Branch):
        findings.append(Finding(node.place, path, "expected a mapping of fields to values"))
        return None
    fields = fields_of(DEFAULTS_FOR[kind])
    entries: dict[str, Node] = {}
    for key, value in node.entries.items():
        if key in {"name", "kind"} or key not in fields:
            why = (
                "belongs to each one alone" if key in fields else f"unknown field{did_you_mean(key, fields)}"
            )
            findings.append(Finding(node.keys[key], join(path, key), why))
        else:
            entries[key] = replace(value, shown=join(path, key))
    return replace(node, entries=entries)


def _with_defaults(item: Node, kind: str | None, usable: Mapping[str, Branch | None]) -> Node:
    if not isinstance(item, Branch):
        return item
    tag = item.entries.get("kind")
    section = usable.get(kind or (tag.text if isinstance(tag, Leaf) else ""))
    if section is None:
        return item
    entries, keys = dict(section.entries), dict(section.keys)
    entries.update(item.entries)
    keys.update(item.keys)
    return replace(item, entries=entries, keys=keys)
