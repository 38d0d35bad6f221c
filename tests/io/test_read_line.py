"""Reading a line: what a file may say, and what a wrong one gets to hear."""

import pickle
from pathlib import Path

import pytest

from opt_twin.errors import ModelError
from opt_twin.io import explain, read_line, read_line_text

MODELS = Path(__file__).parents[2] / "models"

GOOD = """\
name: test
elements:
  - {kind: source, name: In}
  - kind: station
    name: Saw
    cycle_time: 5 s
  - {kind: buffer, name: B1, capacity: 3}
  - kind: station
    name: Mill
    cycle_time: exponential(4 s)
  - {kind: sink, name: Out}
connections:
  - In -> Saw -> B1 -> Mill -> Out
"""


def problems(text, **arguments):
    """Return the messages that reading `text` gives."""
    with pytest.raises(ModelError) as caught:
        read_line_text(text, **arguments)
    return str(caught.value).splitlines()


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_good_file_becomes_a_line():
    line = read_line_text(GOOD)
    assert [element.name for element in line.elements] == ["In", "Saw", "B1", "Mill", "Out"]
    assert [(c.source, c.target) for c in line.connections][1] == ("Saw", "B1")
    assert line.element("Mill").cycle_time.mean == 4.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    cycle_time: 5 s\n", "    ufh: 5 s\n", "line.yaml:4:5: elements.1.cycle_time: field required"),
        (
            "    cycle_time: 5 s\n",
            "    cycle_time: 5 s\n    sped: 2\n",
            "line.yaml:7:5: elements.1.sped: unknown field (did you mean 'speed'?)",
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: -5",
            "line.yaml:6:17: elements.1.cycle_time: Input should be greater than or equal to 0, got -5",
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: 5 kg",
            (
                "line.yaml:6:17: elements.1.cycle_time: '5 kg': 'kg' is not a unit of time;"
                " use ms, s, min, h, d or a rate such as '600/h'"
            ),
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: 12:30",
            (
                "line.yaml:6:17: elements.1.cycle_time: '12:30' is not a time;"
                " write a number of seconds or text such as '15 min'"
            ),
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: expnential(5)",
            (
                "line.yaml:6:17: elements.1.cycle_time: 'expnential' is not a distribution"
                " (did you mean 'exponential'?); known: deterministic, exponential, uniform, triangular,"
                " normal, lognormal, gamma, weibull, erlang, empirical, custom, got 'expnential(5)'"
            ),
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: lognormal(5 s)",
            "line.yaml:6:17: elements.1.cycle_time.cv: field required",
        ),
        (
            "cycle_time: 5 s",
            "cycle_time: {type: gamma, shape: 2}",
            "line.yaml:6:17: elements.1.cycle_time.scale: field required",
        ),
        (
            "kind: buffer",
            "kind: bufer",
            (
                "line.yaml:7:5: elements.2: kind 'bufer' is not one of source, station, buffer, conveyor,"
                " transport, stock, sink (did you mean 'buffer'?)"
            ),
        ),
        ("kind: buffer, ", "", "line.yaml:7:5: elements.2: field 'kind' required"),
        (
            "capacity: 3",
            "capacity: true",
            "line.yaml:7:40: elements.2.capacity: expected a number, got true",
        ),
        (
            "name: test",
            "nme: test",
            "line.yaml:1:1: nme: unknown field (did you mean 'name'?)",
        ),
        (
            "name: B1, capacity",
            "name: Saw, capacity",
            "line.yaml:7:26: elements.2.name: the name 'Saw' is taken by elements.1",
        ),
        (
            "B1 -> Mill",
            "B1 -> Mil",
            "line.yaml:13:5: connections.0: B1 -> Mil: no element is called 'Mil' (did you mean 'Mill'?)",
        ),
        (
            "- In -> Saw -> B1 -> Mill -> Out",
            "- In -> Saw -> Out\n  - B1 -> Mill -> Out",
            "line.yaml:7:5: elements.2: buffer 'B1' cannot be reached from any source",
        ),
        (
            "- In -> Saw -> B1 -> Mill -> Out",
            (
                "- In -> Saw -> B1 -> Mill\n  - {source: Mill, target: Saw, probability: 1}\n"
                "  - {source: Mill, target: Out, probability: 0}"
            ),
            (
                "line.yaml:13:3: connections: the loop Saw -> B1 -> Mill -> Saw has exit probability 0:"
                " parts would circulate for ever"
            ),
        ),
        (
            "- In -> Saw -> B1 -> Mill -> Out",
            "- 7",
            "line.yaml:13:5: connections.0: expected a mapping of fields to values, got 7",
        ),
        (
            "connections:",
            "orders:\n  - {name: O1, product: P, quantity: 2.5}\nconnections:",
            (
                "line.yaml:13:38: orders.0.quantity: Input should be a valid integer, got a number with a"
                " fractional part, got 2.5"
            ),
        ),
        (
            "connections:",
            "orders:\n  - {name: O1, product: P, quantity: 2}\nconnections:",
            "line.yaml:13:25: orders.0.product: no product is called 'P'",
        ),
        (
            "    cycle_time: 5 s\n",
            "    cycle_time: 5 s\n    cycle_time_by_product: {a.b: 4}\n",
            (
                "line.yaml:7:34: elements.1.cycle_time_by_product.a.b: a name has letters, digits, inner"
                " spaces and _ - / # ( ) + &, but no dot, got 'a.b'"
            ),
        ),
        (
            "elements:",
            "elements: 5\nother:",
            "line.yaml:2:11: elements: expected a list, got 5",
        ),
    ],
)
def test_a_wrong_file_hears_what_and_where(old, new, message):
    assert message in problems(changed(old, new))


@pytest.mark.parametrize("key", ["''", "a.b", "elements.1", "'.x'"])
def test_an_odd_key_is_an_unknown_field_at_a_place(key):
    (message,) = problems(GOOD + f"{key}: 5\n")
    assert "unknown field" in message
    (message,) = problems(changed("    name: Saw\n", f"    name: Saw\n    {key}: 5\n"))
    assert "unknown field" in message
    assert message.startswith("line.yaml:")


def test_a_constant_without_quotes_in_a_flow_mapping_gets_advice():
    (message,) = problems(changed("capacity: 3", "capacity: ${N}"))
    assert message.endswith("inside braces and brackets put ${NAME} into quotes")


def test_every_problem_is_told_at_once_in_the_order_of_the_file():
    text = changed("cycle_time: 5 s", "cycle_time: 5 kg\n    speed: ${S}").replace("kind: sink", "kind: snk")
    text = text.replace("capacity: 3", "capacity: 3, capacity: 4")
    places = [line.split(": ")[0] for line in problems(text, sets=["Fillr.speed=1"])]
    assert places == [
        "line.yaml:6:17",
        "line.yaml:7:12",
        "line.yaml:8:43",
        "line.yaml:12:5",
        "--set Fillr.speed",
    ]


def test_problems_of_the_whole_are_told_beside_those_of_fields():
    text = changed("cycle_time: 5 s", "cycle_time: 5 kg").replace("Mill -> Out", "Mil -> Out")
    text = text.replace(
        "connections:", "orders:\n  - {name: O1, product: P}\n  - {product: Q}\n  - 5\nconnections:"
    )
    text = text.replace("connections:", "products: [{name: A, price: -1}, 7]\nconnections:")
    found = problems(text)
    assert any("no element is called 'Mil'" in message for message in found)
    assert any("no product is called 'P'" in message for message in found)
    assert any("no product is called 'Q'" in message for message in found)
    assert not any("any product" in message or "stand-in" in message for message in found)


def test_topology_is_not_judged_while_a_connection_is_wrong():
    text = changed("- In -> Saw -> B1 -> Mill -> Out", "- {source: In, target: Saw, probability: 2}")
    found = problems(text)
    assert len(found) == 1
    assert "probability" in found[0]


def test_a_field_called_like_the_kind_does_not_mislead():
    found = problems(changed("    cycle_time: 5 s\n", "    cycle_time: 5 kg\n    station: {cycle_time: 3}\n"))
    assert [message.split(": ")[:2] for message in found] == [
        ["line.yaml:6:17", "elements.1.cycle_time"],
        ["line.yaml:7:5", "elements.1.station"],
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty; a model starts with 'name: ...'"),
        (b"# nothing\n", "the file is empty"),
        (b"null", ":1:1: the file is empty"),
        (b"- a\n- b\n", ":1:1: expected fields such as name and elements"),
        (b"hello", ":1:1: expected fields such as name and elements"),
        (b"name: \xff\n", "not UTF-8: byte 0xff in line 1; save it as UTF-8"),
        (b"name: [\n", ":2:1: not YAML"),
        (b"#" * (2 << 20), "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_model_is_named(tmp_path, content, message):
    path = tmp_path / "line.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_line(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_file_is_named_with_its_neighbour():
    with pytest.raises(ModelError, match=r"botling\.yaml: no such file \(did you mean 'bottling\.yaml'\?\)"):
        read_line(MODELS / "botling.yaml")


@pytest.mark.parametrize("path", ["", "a\0b", "/", "nowhere/at/all.yaml"])
def test_a_path_that_is_no_file_is_a_model_error(path):
    with pytest.raises(ModelError):
        read_line(path)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    path = tmp_path / "line.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_line(path) == read_line_text(GOOD)


def test_plain_data_are_a_model_too():
    data = {
        "name": "saw",
        "elements": [
            {"kind": "source", "name": "In"},
            {"kind": "station", "name": "Saw", "cycle_time_min": 2},
            {"kind": "sink", "name": "Out"},
        ],
        "connections": ["In -> Saw -> Out"],
    }
    assert read_line(data).element("Saw").cycle_time.mean == 120
    with pytest.raises(ModelError, match=r"^overlay 1: nme: unknown field"):
        read_line(data, overlays=[{"nme": "x"}])


def test_names_that_look_like_other_values_stay_names():
    text = (
        changed("name: Saw", "name: 007").replace("-> Saw ->", "-> 007 ->").replace("name: test", "name: no")
    )
    line = read_line_text(text)
    assert line.name == "no"
    assert line.element("007").kind == "station"


def test_the_digest_does_not_depend_on_order_comments_and_units():
    other = """\
# a comment
connections:
  - {source: In, target: Saw}
  - {target: B1, source: Saw}
  - B1 -> Mill
  - Mill -> Out
elements:
  - {name: In, kind: source}
  - {cycle_time: {value: 5000 ms, type: deterministic}, name: Saw, kind: station, speed: 1.0}
  - {kind: buffer, name: B1, capacity: "3"}
  - {kind: station, name: Mill, cycle_time: {type: exponential, mean: "900/h"}} # 4 s
  - {kind: sink, name: Out}
name: test
"""
    assert read_line_text(other).digest() == read_line_text(GOOD).digest()
    slower = GOOD.replace("5 s", "5.001 s")
    assert read_line_text(slower).digest() != read_line_text(GOOD).digest()


def test_a_line_and_its_errors_survive_pickling():
    line = read_line(MODELS / "bottling.yaml")
    again = pickle.loads(pickle.dumps(line))
    assert again == line
    assert again.digest() == line.digest()
    with pytest.raises(ModelError) as caught:
        read_line_text("name: 5")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_explain_tells_which_layer_each_value_comes_from(tmp_path):
    base, over = tmp_path / "base.yaml", tmp_path / "over.yaml"
    base.write_text(GOOD + "defaults: {station: {cost_per_hour: 7}}\n")
    over.write_text("elements:\n  - {name: Saw, speed: 1.2}\n")
    origins = {o.path: o for o in explain(base, overlays=[over], sets={"B1.capacity": 9})}
    assert origins["Saw.speed"].place == f"{over}:2:24"
    assert origins["Saw.speed"].value == 1.2
    assert origins["Saw.cycle_time"].place == f"{base}:6:17"
    assert origins["Mill.cost_per_hour"].place == f"{base}:14:37"
    assert origins["B1.capacity"] == ("B1.capacity", 9, "--set B1.capacity")
    assert origins["connections.0.source"].value == "In"
