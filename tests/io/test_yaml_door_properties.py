"""Whatever goes in, a valid line or a ModelError comes out."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import ModelError
from opt_twin.io import line_schema, read_line, read_line_text, write_line
from opt_twin.line import Line

MODELS = Path(__file__).parents[2] / "models"
TEXTS = [(MODELS / name).read_text() for name in ("bottling.yaml", "serial_3.yaml")]
SOURCES = [(text, yaml.safe_load(text)) for text in TEXTS]
SIGNS = "- :|{|}|[|]|&a |*a|!!int |<<: |${|${X}|$${|'|#|>|%|---|...|null|~|-1|1e999|.nan|0x|yes|->"
WORDS = 'name|kind: station|constants:|defaults:|é|\\ud800|exponential(|_min|_h|"|'
PIECES = [*SIGNS.split("|"), *WORDS.split("|"), "\n", "  ", ": ", "\t", "|", "\x00", "\u2028", "9" * 40]


def outcome(read):
    """Return the line that `read` gives, or the message of a ModelError; anything else fails the test."""
    try:
        line = read()
    except ModelError as error:
        return str(error) or pytest.fail("an error without a message")
    assert isinstance(line, Line)
    assert len(line.digest()) == 64
    again = read_line_text(write_line(line))
    assert again == line
    assert again.digest() == line.digest()
    return line


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_line_or_a_model_error(text):
    outcome(lambda: read_line_text(text))


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_line_or_a_model_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "line.yaml"
    path.write_bytes(content)
    outcome(lambda: read_line(path))


@st.composite
def mutated_texts(draw):
    text = TEXTS[1]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from(["", *PIECES])) + text[end:]
    return text


@given(mutated_texts())
@settings(max_examples=80, deadline=None)
def test_a_mutated_file_is_a_line_or_a_model_error(text):
    outcome(lambda: read_line_text(text))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        [
            "station",
            "Filler",
            "B1",
            "5 s",
            "10000/h",
            "exponential(5)",
            "uniform(1, x=2)",
            "${X}",
            "A -> B",
            10**350,
        ]
    ),
)
KEYS = st.one_of(
    st.text(max_size=5), st.sampled_from(["name", "kind", "type", "capacity", "due_h", "mean_min"])
)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
SECTIONS = ["name", "elements", "connections", "products", "orders", "economics", "constants", "defaults"]


def paths_of(node, path=()):
    yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in pairs:
        yield from paths_of(inner, (*path, key))


def mutated(node, path, change):
    """Return a copy of `node` with what stands at `path` changed, deleted or doubled."""
    if not path:
        return change(node)
    if isinstance(node, dict):
        copy = dict(node)
        copy[path[0]] = mutated(node[path[0]], path[1:], change)
        return {key: value for key, value in copy.items() if value is not DELETED}
    copy = list(node)
    copy[path[0]] = mutated(node[path[0]], path[1:], change)
    return [value for value in copy if value is not DELETED]


DELETED = object()
ALL_PATHS = [[path for path in paths_of(data) if path] for _, data in SOURCES]


@st.composite
def mutated_trees(draw):
    index = draw(st.integers(0, 1))
    path = draw(st.sampled_from(ALL_PATHS[index]))
    replacement = draw(
        st.one_of(st.just(DELETED), NESTED, st.sampled_from(ALL_PATHS[index]).map(lambda p: p[-1]))
    )
    return mutated(SOURCES[index][1], path, lambda _: replacement)


@given(mutated_trees())
@settings(max_examples=100, deadline=None)
def test_a_mutated_model_is_a_line_or_a_model_error(data):
    outcome(lambda: read_line(data))


@given(st.dictionaries(st.sampled_from(SECTIONS), NESTED, max_size=5))
@settings(max_examples=100, deadline=None)
def test_nested_data_are_a_line_or_a_model_error(data):
    outcome(lambda: read_line(data))


@given(
    st.lists(
        st.tuples(
            st.lists(
                st.sampled_from(
                    [*SECTIONS, "S1", "B1", "0", "failures", "buffer", "speed", "cycle_time", "due_h", ""]
                ),
                min_size=1,
                max_size=4,
            ).map(".".join),
            st.one_of(st.sampled_from(PIECES), st.text(max_size=5), NESTED),
        ),
        max_size=2,
    )
)
@settings(max_examples=80, deadline=None)
def test_any_settings_give_a_line_or_a_model_error(pairs):
    outcome(lambda: read_line_text(TEXTS[1], sets=dict(pairs)))


@given(st.dictionaries(st.sampled_from(SECTIONS), NESTED, max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_overlay_gives_a_line_or_a_model_error(overlay):
    outcome(lambda: read_line(MODELS / "serial_3.yaml", overlays=[overlay]))


def test_the_schema_is_the_same_each_time():
    assert line_schema() == line_schema()
