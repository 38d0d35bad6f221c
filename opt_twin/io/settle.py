"""From a tree to plain data for the records, with a map from every path to its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opt_twin.errors import UnitError
from opt_twin.io.layers import join
from opt_twin.io.shape import child_hint, fields_of, is_text, item_of, members_of, records_of
from opt_twin.io.yaml_tree import Branch, Finding, Items, Leaf, Node, Place, Scalar
from opt_twin.timebase import SECONDS_PER, parse_duration

__all__ = ["Mark", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the value of a path stands, where its key stands, and what a message calls it."""

    place: Place
    key_place: Place
    shown: str
    fields: tuple[str, ...] = ()
    leaf: bool = False
    value: Any = None


class _Settler:
    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.marks: dict[str, Mark] = {}

    def settle(self, node: Node, hint: Any, path: str, shown: str, key_place: Place) -> Any:
        """Return the plain data of `node`, and mark every path below it; where two are alike, the first."""
        shown = node.shown or shown
        if isinstance(node, Leaf):
            value = self._scalar(node, hint, shown)
            mark = Mark(place=node.place, key_place=key_place, shown=shown, leaf=True, value=value)
            self.marks.setdefault(path, mark)
            return value
        if isinstance(node, Items):
            self.marks.setdefault(path, Mark(place=node.place, key_place=key_place, shown=shown))
            inner = item_of(hint)
            return [
                self.settle(item, inner, join(path, index), join(shown, index), item.place)
                for index, item in enumerate(node.items)
            ]
        fields = tuple(dict.fromkeys(name for r in records_of(hint, node) for name in fields_of(r)))
        mark = Mark(place=node.place, key_place=key_place, shown=shown, fields=fields)
        self.marks.setdefault(path, mark)
        return {
            key: self.settle(
                value, child_hint(hint, node, key), join(path, key), join(shown, key), node.keys[key]
            )
            for key, value in node.entries.items()
        }

    def _scalar(self, leaf: Leaf, hint: Any, shown: str) -> Scalar:
        """Return the value of a leaf; text stays as it is written, a unit of its key is applied."""
        if leaf.value is None:
            return None
        if is_text(hint):
            return leaf.text
        if leaf.unit:
            return self._seconds(leaf, shown)
        if isinstance(leaf.value, bool) and set(members_of(hint)) & {int, float}:
            self.findings.append(Finding(leaf.place, shown, f"expected a number, got {leaf.text}"))
        return leaf.value

    def _seconds(self, leaf: Leaf, shown: str) -> float:
        try:
            number = parse_duration(f"{leaf.text} {leaf.unit}")
        except UnitError:
            message = f"a field whose name ends with _{leaf.unit} takes a number, got {leaf.text!r}"
            self.findings.append(Finding(leaf.place, shown, message))
            number = SECONDS_PER[leaf.unit]
        return number


def settle(root: Branch, hint: Any, findings: list[Finding]) -> tuple[dict[str, Any], dict[str, Mark]]:
    """Return the plain data of the tree, and for each dotted path where it stands."""
    settler = _Settler(findings)
    data: dict[str, Any] = settler.settle(root, hint, "", "", root.place)
    return data, settler.marks
