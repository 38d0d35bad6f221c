"""YAML text as a tree that knows its places."""

import math

import pytest

from opt_twin.io.yaml_tree import MAX_DEPTH, Branch, Items, Leaf, Place, compose, from_plain, resolve


def plain(node):
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def read(text):
    node, findings = compose(text, "f.yaml")
    assert findings == []
    return plain(node)


def complaint(text):
    _, findings = compose(text, "f.yaml")
    assert findings
    return f"{findings[0].place}: {findings[0].message}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("2025-01-06", "2025-01-06"),
        ("0b11", "0b11"),
        ("=", "="),
    ],
)
def test_a_plain_scalar_is_read_by_the_core_schema_of_yaml_1_2(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number_is_read():
    assert math.isnan(resolve(".nan"))


def test_quoted_scalars_stay_text():
    assert read("[\"1\", 'true', !!str 5, ! 6]") == ["1", "true", "5", "6"]


def test_nodes_and_keys_know_their_places():
    node, _ = compose("a: 1\nb:\n  - x\n  - {c: 2}\n", "f.yaml")
    assert isinstance(node, Branch)
    assert str(node.keys["b"]) == "f.yaml:2:1"
    inner = node.entries["b"].items[1]
    assert str(inner.place) == "f.yaml:4:5"
    assert str(inner.keys["c"]) == "f.yaml:4:6"
    assert str(inner.entries["c"].place) == "f.yaml:4:9"


def test_anchors_and_merge_keys_work():
    text = "base: &b {x: 1, y: 2}\nmore: &m {z: 3}\none: {<<: *b, y: 5}\ntwo: {<<: [*b, *m]}\nx: [&s 7, *s]\n"
    read_back = read(text)
    assert read_back["one"] == {"y": 5, "x": 1}
    assert read_back["two"] == {"x": 1, "y": 2, "z": 3}
    assert read_back["x"] == [7, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: the key 'a' stands twice, first in line 1"),
        ("a: [1", "f.yaml:1:6: not YAML"),
        ("a: &x [*x]", "f.yaml:1:8: the alias '*x' stands inside what it refers to"),
        ("a: *x", "f.yaml:1:4: no anchor '&x' stands before this alias"),
        ("a: !!python/object:os.system x", "f.yaml:1:4: the tag"),
        ("a: !!binary x", "f.yaml:1:4: the tag"),
        ("a: !mine {b: 1}", "f.yaml:1:4: the tag '!mine' is not allowed"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document starts here"),
        ("? [a]\n: 1", "f.yaml:1:3: a key must be a word"),
        ("<<: 5", "f.yaml:1:1: '<<' takes a mapping"),
        ("a: 1\nb: \x07", "f.yaml:2:4: the character '\\x07' may not stand in YAML"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"f.yaml:1:{MAX_DEPTH + 1}: nested deeper"),
        ("[" * 100_000, "nested deeper"),
        ('a: "\\U00110000"', "f.yaml:1:1: not YAML"),
        ("a: " + "9" * 400, "f.yaml:1:4: a number of more than 300 digits"),
        ("a:\n\tb: 1", "f.yaml:2:1: not YAML"),
        ("a: ${X", None),
    ],
)
def test_what_cannot_be_read_is_reported_at_its_place(text, message):
    if message is None:
        assert read(text) == {"a": "${X"}
    else:
        assert message in complaint(text)


def test_aliases_that_expand_without_measure_are_refused():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "with aliases expanded" in complaint("\n".join(rows))


def test_places_sort_by_layer_then_line():
    places = [Place(1, "a", 1, 1), Place(0, "b", 2, 1), Place(0, "b", 1, 9)]
    assert [str(place) for place in sorted(places)] == ["b:1:9", "b:2:1", "a:1:1"]


def test_plain_data_become_a_tree():
    findings = []
    data = {"a": [1, 2.5, None, True], 5: ("x",)}
    node = from_plain(data, Place(0, "model"), findings)
    assert plain(node) == {"a": [1, 2.5, None, True], "5": ["x"]}
    assert [leaf.text for leaf in node.entries["a"].items] == ["1", "2.5", "null", "true"]
    assert findings == []


def test_plain_data_of_other_kinds_are_refused():
    endless = {}
    endless["a"] = endless["b"] = endless
    findings = []
    from_plain({"a": object(), "b": 10**400, "c": endless}, Place(0, "model"), findings)
    messages = {finding.message for finding in findings}
    assert "a object has no place in a model" in messages
    assert "a number of more than 300 digits" in messages
