"""The JSON Schema of a model file, judged by a validator that is not ours."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from opt_twin.io import line_schema, read_line, write_line

MODELS = Path(__file__).parents[2] / "models"
SCHEMA = line_schema()


def fits(value, schema):
    """Return whether `value` validates against `schema`, the whole one or a part of it."""
    return Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]}).is_valid(value)


def load(name):
    return yaml.safe_load((MODELS / name).read_text())


@pytest.mark.parametrize("name", sorted(path.name for path in MODELS.glob("*.yaml")))
def test_the_models_and_what_is_written_from_them_fit_the_schema(name):
    assert fits(
        load(name), SCHEMA
    )  # a reader by the rules of YAML 1.1 turns 14:00 into a number: it fits too
    assert fits(yaml.safe_load(write_line(read_line(MODELS / name))), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "{kind: station, name: 7, cycle_time_min: 3, speed: '${S}', servers: '2'}",
        "{kind: station, name: A}",
        "{kind: station, name: A, cycle_time: {type: uniform, low_s: 1, high: 2 min}}",
        "{kind: station, name: A, setup_times: {p: {q: 5 min}}}",
        "{kind: station, name: A, failures: [{time_to_failure_h: 5, time_to_repair: 3}]}",
        "{kind: station, name: A, behaviour: my_entry_point, routing: 'mine:Rule'}",
        "{kind: station, name: A, behaviour: {path: 'mine:Rule', options: {a: 1}}, routing: round_robin}",
        "{kind: station, name: A, needs: {run: hand, load: {skill: hand, number: 2}}}",
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
        "{kind: station, name: A, routing: at_random}",
        "{kind: station, name: A, power: {sleeping: 3}}",
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
    Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(re.findall(r'"#/\$defs/(\w+)"', text)) == set(SCHEMA["$defs"])


def test_a_changed_copy_does_not_change_the_next_one():
    first = line_schema()
    before = copy.deepcopy(first)
    first["properties"].clear()
    assert line_schema() == before
