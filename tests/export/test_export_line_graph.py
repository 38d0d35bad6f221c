"""The picture of a line."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opt_twin.export import line_svg
from opt_twin.export.line_graph import cycle_text
from opt_twin.line import Line

SVG = "{http://www.w3.org/2000/svg}"


def network(ways, *, elements=()):
    """A line of stations A, B, ... with the given ways (source, target, probability)."""
    names = dict.fromkeys(name for way in ways for name in way[:2])
    kinds = {"In": "source", "Out": "sink", "Scrap": "sink", **dict(elements)}
    rows = [
        {"kind": kinds.get(name, "station"), "name": name}
        | ({"cycle_time": "1 s"} if kinds.get(name, "station") == "station" else {})
        for name in names
    ]
    return Line.from_dict(
        {
            "name": "net",
            "elements": rows,
            "connections": [{"source": a, "target": b, "probability": p} for a, b, p in ways],
        }
    )


REWORK = network(
    [
        ("In", "A", 0.5),
        ("In", "B", 0.5),
        ("A", "Q", None),
        ("B", "Q", None),
        ("Q", "C", None),
        ("C", "D", 0.8),
        ("C", "A", 0.15),
        ("C", "Scrap", 0.05),
        ("D", "E", 0.9),
        ("D", "Q", 0.1),
        ("E", "Out", 0.5),
        ("E", "F", 0.5),
        ("F", "Out", None),
    ],
    elements={"Q": "buffer"}.items(),
)


def boxes(samples, root):
    return [box for box in samples.rects(root) if box.right - box.left > 50 and box.bottom - box.top > 30][1:]


def test_every_element_is_drawn_with_its_name_and_a_tooltip(samples, line):
    root = samples.assert_inside(line_svg(line))
    contents = [text for text, *_ in samples.texts(root)]
    assert {"bottling", "In", "Filler", "B1", "Packer", "Out"} <= set(contents)
    tips = [title.text for title in root.iter(f"{SVG}title")]
    assert "Source In: always has a part" in tips
    assert "Buffer B1: 10 places" in tips
    assert any(
        tip.startswith("Station Filler: 1 s \N{MULTIPLICATION SIGN} 2 per cycle; failure mode a")
        for tip in tips
    )
    assert "Sink Out: finished parts leave here" in tips


def test_a_source_with_a_pace_says_so(samples):
    line = samples.line()
    paced = line.with_value("In.interarrival", "exponential(30 s)")
    assert "a part every 30 s on average" in line_svg(paced)


def test_stations_show_their_states_and_buffers_their_level(samples, line, evaluation):
    text = line_svg(line, evaluation, bottleneck="Filler")
    root = samples.assert_inside(text)
    bars = {}
    for box in samples.rects(root, **{"class": "state"}):
        bars.setdefault(box.top, []).append(box)
    widths = [box.right - box.left for row in bars.values() for box in row]
    assert sum(widths) == pytest.approx(2 * (88 - 12), rel=0.15)
    assert "occupied on average" in text
    contents = [content for content, *_ in samples.texts(root)]
    assert "bottleneck" in contents
    assert any(content.endswith("/10") for content in contents)


def test_an_unlimited_buffer_and_an_evaluation_of_another_line_are_drawn(samples, line, evaluation):
    open_line = line.with_value("B1.capacity", None)
    assert "∞" in line_svg(open_line)
    assert "/∞" in line_svg(open_line, evaluation)
    other = samples.line(stations=("X", "Y"))
    assert 'class="state"' not in line_svg(other, evaluation)


def test_probabilities_are_written_and_loops_are_dashed(samples):
    root = samples.assert_inside(line_svg(REWORK))
    contents = [text for text, *_ in samples.texts(root)]
    assert {"15 %", "80 %", "5 %", "10 %"} <= set(contents)
    dashed = [path for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray")]
    assert len(dashed) == 2


def test_elements_do_not_overlap(samples):
    for drawn in (REWORK, samples.line(stations=tuple(f"S{k}" for k in range(40)))):
        found = boxes(samples, samples.parse(line_svg(drawn)))
        for a, b in itertools.combinations(found, 2):
            apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
            assert apart, (a, b)


def test_long_lines_go_on_in_the_next_band(samples):
    drawn = samples.line(stations=tuple(f"S{k}" for k in range(40)))
    root = samples.assert_inside(line_svg(drawn, samples.evaluation(drawn), width=700))
    width, height = samples.size_of(root)
    assert width <= 700
    rows = {y for text, _, _, y in samples.texts(root) if text.startswith("S")}
    assert len(rows) > 5
    assert height < 120 * len(rows)


def test_a_connection_that_skips_columns_in_a_long_line_and_a_way_back_over_bands_are_drawn(samples):
    chain = ["In", *(f"S{k}" for k in range(20)), "Out"]
    ways = [[a, b, None] for a, b in itertools.pairwise(chain)]
    ways[3][2] = 0.7  # S2 -> S3
    ways += [["S2", "S19", 0.2], ["S2", "Out", 0.1]]
    ways[16][2] = 0.6  # S15 -> S16
    ways += [["S15", "S1", 0.2], ["S15", "S14", 0.1], ["S15", "S15b", 0.1], ["S15b", "Out", None]]
    text = line_svg(network([tuple(way) for way in ways]), width=600)
    root = samples.assert_inside(text)
    assert sum(1 for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray")) == 2
    assert "S2 → S19 20 %" in text


def test_the_cycle_text_names_speed_servers_and_batch(line):
    assert cycle_text(line.element("Filler")) == "1 s \N{MULTIPLICATION SIGN} 2"
    assert cycle_text(line.element("Packer").replace(speed=4)) == "0.5 s · 12→1"


word = st.from_regex(r"\A[A-Za-z0-9_äßЖ中][A-Za-z0-9_äßЖ中 \-/#()+&]{0,40}\Z").map(str.strip)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(word, min_size=1, max_size=14, unique=True),
    st.text(min_size=1, max_size=80),
    st.integers(200, 1500),
)
def test_any_names_give_a_picture_whose_parts_lie_within_it(samples, stations, name, width):
    taken = {"In", "Out", *(f"B{k}" for k in range(20))}
    stations = tuple(station for station in stations if station not in taken) or ("S",)
    drawn = samples.line(stations=stations, name=name)
    samples.assert_inside(line_svg(drawn, samples.evaluation(drawn, 2), width=width))


@st.composite
def ways(draw):
    """Forward connections among a few stations with a loop or two."""
    n = draw(st.integers(2, 8))
    names = [f"S{k}" for k in range(n)]
    found = {("In", names[0]): None} | dict.fromkeys(itertools.pairwise(names)) | {(names[-1], "Out"): None}
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    for a, b in draw(st.lists(pairs, max_size=8)):
        found[names[a], names[b]] = None
    out = {}
    for a, b in found:
        out.setdefault(a, []).append(b)
    return [
        (a, b, 1 / len(targets) if len(targets) > 1 else None) for a, targets in out.items() for b in targets
    ]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(ways(), st.integers(300, 1000))
def test_any_network_is_drawn_within_its_picture_without_overlap(samples, found, width):
    root = samples.assert_inside(line_svg(network(found), width=width))
    for a, b in itertools.combinations(boxes(samples, root), 2):
        assert a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top


def test_the_same_line_gives_the_same_text(line, evaluation):
    assert line_svg(line, evaluation) == line_svg(line, evaluation)
