"""The JSON Schema of a model file, judged by a small validator of its own."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from opt_twin.io import line_schema, read_line, write_line

MODELS = Path(__file__).parents[2] / "models"
SCHEMA = line_schema()
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}


def is_of(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def fits(value, schema):
    """Return whether `value` validates; covers the keywords that the schema uses."""
    if schema is True or schema == {}:
        return True
    if "$ref" in schema and not fits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]):
        return False
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    checks = [
        not kinds or any(is_of(value, kind) for kind in kinds),
        "const" not in schema or value == schema["const"],
        "enum" not in schema or value in schema["enum"],
        all(fits(value, inner) for inner in schema.get("allOf", ())),
        "anyOf" not in schema or any(fits(value, inner) for inner in schema["anyOf"]),
        "oneOf" not in schema or sum(fits(value, inner) for inner in schema["oneOf"]) == 1,
    ]
    if isinstance(value, str):
        checks.append(re.search(schema.get("pattern", ""), value) is not None)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        checks.append(value >= schema.get("minimum", value))
        checks.append(value <= schema.get("maximum", value))
        checks.append("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
    if isinstance(value, list):
        checks.append(len(value) >= schema.get("minItems", 0))
        checks.append(all(fits(item, schema.get("items", True)) for item in value))
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        checks.append(set(schema.get("required", ())) <= set(value))
        for key, inner in value.items():
            known = properties.get(key, others)
            checks.append(known is not False and fits(inner, known))
    return all(checks)


def load(name):
    return yaml.safe_load((MODELS / name).read_text())


@pytest.mark.parametrize("name", ["bottling.yaml", "serial_3.yaml"])
def test_the_models_and_what_is_written_from_them_fit_the_schema(name):
    assert fits(load(name), SCHEMA)
    assert fits(yaml.safe_load(write_line(read_line(MODELS / name))), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "{kind: station, name: 7, cycle_time_min: 3, speed: '${S}', servers: '2'}",
        "{kind: station, name: A}",
        "{kind: station, name: A, cycle_time: {type: uniform, low_s: 1, high: 2 min}}",
        "{kind: station, name: A, setup_times: {p: {q: 5 min}}}",
        "{kind: station, name: A, failures: [{time_to_failure_h: 5, time_to_repair: 3}]}",
        "{kind: buffer, name: B, capacity: unlimited}",
        "{kind: buffer, name: B, capacity: null}",
        "{kind: source, name: S, interarrival: exponential(5), mix: {p: 1}}",
    ],
)
def test_an_element_that_may_stand_in_a_file_fits(text):
    assert fits(yaml.safe_load(text), SCHEMA["properties"]["elements"]["items"])


@pytest.mark.parametrize(
    "text",
    [
        "{kind: statin, name: A}",
        "{name: A}",
        "{kind: station, name: A, ufh: 3}",
        "{kind: station, name: A.b}",
        "{kind: station, name: A, speed: 0}",
        "{kind: station, name: A, speed: fast}",
        "{kind: station, name: A, cycle_time: {type: uniform, low: 1}}",
        "{kind: station, name: A, cycle_time: {low: 1, high: 2}}",
        "{kind: station, name: A, failures: [{time_to_failure_h: 5}]}",
        "{kind: buffer, name: B, capacity: 0}",
        "{kind: buffer, name: B, capacity_s: 1}",
        "{kind: station, name: A, setup_times: {p: {q: [5]}}}",
    ],
)
def test_a_wrong_element_does_not_fit(text):
    assert not fits(yaml.safe_load(text), SCHEMA["properties"]["elements"]["items"])


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({"constants": {"A": 5}}, True),
        ({"constants": {"A": [5]}}, False),
        ({"defaults": {"station": {"cost_per_hour": 5, "cycle_time_min": 1}, "buffer": None}}, True),
        ({"defaults": {"station": {"name": "A"}}}, False),
        ({"defaults": {"statoin": {}}}, False),
        ({"connections": [{"source": "A", "target": "B", "probability": 0.5}, "A -> B -> C"]}, True),
        ({"connections": ["A B"]}, False),
        ({"economics": {"currency": "usd"}}, False),
        ({"ordrs": []}, False),
        ({"orders": [{"name": "O", "product": "p", "quantity": 5, "due_h": 3}]}, True),
        ({"orders": [{"name": "O", "product": "p", "quantity": 5, "due_h": "3 h"}]}, False),
    ],
)
def test_sections_are_described(change, good):
    assert fits(load("serial_3.yaml") | change, SCHEMA) is good


def test_the_schema_is_json_with_all_its_definitions_used():
    text = json.dumps(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(re.findall(r'"#/\$defs/(\w+)"', text)) == set(SCHEMA["$defs"])


def test_a_changed_copy_does_not_change_the_next_one():
    first = line_schema()
    before = copy.deepcopy(first)
    first["properties"].clear()
    assert line_schema() == before


def test_a_full_validator_agrees_where_one_is_installed():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(load("bottling.yaml"))
