"""Layers of a model: units in keys, constants, defaults, overlays, settings."""

import pytest

from opt_twin.errors import ModelError
from opt_twin.io import read_line, read_line_text

BASE = """\
name: test
products: [{name: P1, price: 3}, {name: P2}]
elements:
  - {kind: source, name: In, mix: {P1: 1}}
  - kind: station
    name: Saw
    cycle_time: uniform(1 s, 3 s)
    failures:
      - {time_to_failure: 2 h, time_to_repair: 5 min}
      - {name: belt, time_to_failure: 9 h, time_to_repair: 8 min}
    inspection: {detection: 0.9}
  - {kind: buffer, name: B1, capacity: 3}
  - {kind: station, name: Mill, cycle_time: {type: uniform, low: 1, high: 2}}
  - {kind: sink, name: Out}
orders: [{name: O1, product: P1, quantity: 5, due: 1 h}]
connections: [In -> Saw -> B1 -> Mill -> Out]
"""


def read(extra="", **arguments):
    return read_line_text(BASE + extra, **arguments)


def overlaid(tmp_path, *texts, **arguments):
    paths = []
    for number, text in enumerate([BASE, *texts]):
        paths.append(tmp_path / f"layer{number}.yaml")
        paths[-1].write_text(text)
    return read_line(paths[0], overlays=paths[1:], **arguments)


def messages(caught):
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("suffixed", "seconds"),
    [("_ms: 5", 0.005), ("_s: 5", 5), ("_min: 0.5", 30), ("_h: 8", 28800), ("_d: 1", 86400)],
)
def test_a_key_may_end_with_its_unit(suffixed, seconds):
    text = BASE.replace("due: 1 h", f"due{suffixed}")
    assert read_line_text(text).orders[0].due == pytest.approx(seconds, rel=1e-12)


def test_a_unit_in_a_key_and_one_in_the_text_mean_the_same():
    text = BASE.replace("time_to_repair: 5 min", "time_to_repair_min: 5").replace("low: 1,", "low_ms: 1000,")
    assert read_line_text(text).digest() == read_line_text(BASE).digest()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("due: 1 h", "due: 1 h, due_h: 2", "line.yaml:15:57: orders.0.due_h: 'due' is given twice"),
        ("due: 1 h", "due_h: 2 h", "orders.0.due: a field whose name ends with _h takes a number, got '2 h'"),
        ("due: 1 h", "due_h: {a: 1}", "orders.0.due_h: 'due_h' takes a number"),
        ("capacity: 3", "capacity_s: 3", "unknown field (did you mean 'capacity'?)"),
        ("due: 1 h", "due_weeks: 3", "orders.0.due_weeks: unknown field"),
    ],
)
def test_a_unit_in_a_key_is_checked(old, new, message):
    with pytest.raises(ModelError) as caught:
        read_line_text(BASE.replace(old, new))
    assert message in str(caught.value)


def test_a_null_under_a_key_with_a_unit_is_no_value():
    assert read_line_text(BASE.replace("due: 1 h", "due_h: null")).orders[0].due is None


def test_constants_keep_their_type_and_join_text():
    text = BASE.replace("capacity: 3", "capacity: '${N}'").replace("due: 1 h", 'due: "${D} ${U}"')
    line = read_line_text(
        text + "constants: {N: 4, D: '${N}', U: min}\ndescription: costs $${N}, ${N} places\n"
    )
    assert line.element("B1").capacity == 4
    assert line.orders[0].due == 240
    assert line.description == "costs ${N}, 4 places"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("constants: {SPEED: 1}", "no constant is called 'SPEDE' (did you mean 'SPEED'?)"),
        ("constants: {SPEDE: [1]}", "constants.SPEDE: a constant is a single value"),
        ("constants: {SPEDE: '${SPEDE}'}", "constants.SPEDE: the constant 'SPEDE' has no value"),
        ("constants: 5", "constants: expected a mapping of names to values"),
        ("constants: {SPEDE: '${NO}1'}", "constants.SPEDE: no constant is called 'NO'"),
        ("constants: null", "no constant is called 'SPEDE'"),
    ],
)
def test_a_wrong_constant_is_named(section, message):
    with pytest.raises(ModelError) as caught:
        read_line_text(BASE.replace("capacity: 3", "capacity: '${SPEDE}'") + section)
    assert message in str(caught.value)
    assert "elements.2.capacity" in str(caught.value)


def test_constants_do_not_grow_without_measure():
    rows = [f"  C{n}: '${{C{n - 1}}}${{C{n - 1}}}'" for n in range(1, 60)]
    with pytest.raises(ModelError, match="longer than 10000 characters with constants"):
        read("constants:\n  C0: abc\n" + "\n".join(rows))


def test_defaults_fill_what_is_absent_and_nothing_else():
    line = read(
        "defaults: {station: {cost_per_hour: 25, inspection: {detection: 0.5}}, order: {weight: 3},"
        " product: {price: 9}, buffer: null}"
    )
    assert [station.cost_per_hour for station in line.stations] == [25, 25]
    assert [station.inspection.detection for station in line.stations] == [0.9, 0.5]
    assert line.orders[0].weight == 3
    assert [product.price for product in line.products] == [3, 9]


def test_defaults_may_carry_what_is_required():
    text = BASE.replace(", cycle_time: {type: uniform, low: 1, high: 2}", "")
    assert (
        read_line_text(text + "defaults: {station: {cycle_time_min: 1}}").element("Mill").cycle_time.mean
        == 60
    )
    assert read("defaults: null").name == "test"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{statoin: {}}", "defaults.statoin: unknown kind (did you mean 'station'?)"),
        ("{station: {spede: 1}}", "defaults.station.spede: unknown field (did you mean 'speed'?)"),
        ("{station: {name: X}}", "defaults.station.name: belongs to each one alone"),
        ("{station: 5}", "defaults.station: expected a mapping of fields to values"),
        ("[5]", "defaults: expected a mapping, such as"),
        ("{station: {speed: -1}}", "line.yaml:17:29: defaults.station.speed: Input should be greater than 0"),
    ],
)
def test_wrong_defaults_are_told_once_where_they_stand(section, expected):
    with pytest.raises(ModelError) as caught:
        read(f"defaults: {section}")
    assert len(messages(caught)) == 1
    assert expected in messages(caught)[0]


def test_overlays_merge_deeply_and_by_name(tmp_path):
    line = overlaid(
        tmp_path,
        """
economics: {currency: USD}
products: [{name: P2, price: 5}, {name: P3}]
elements:
  - name: Saw
    speed: 1.2
    inspection: {false_alarm: 0.1}
    failures:
      - {name: belt, time_to_repair_min: 1}
      - {time_to_repair: 2 min}
  - {name: B1, capacity: null}
""",
        "orders: [{name: O1, quantity: 7}]\nname: second\n",
    )
    saw = line.element("Saw")
    assert line.name == "second"
    assert line.economics.currency == "USD"
    assert [(p.name, p.price) for p in line.products] == [("P1", 3), ("P2", 5), ("P3", 0)]
    assert saw.speed == 1.2
    assert (saw.inspection.detection, saw.inspection.false_alarm) == (0.9, 0.1)
    assert [(f.name, f.time_to_repair.mean) for f in saw.failures] == [("breakdown", 120), ("belt", 60)]
    assert line.element("B1").capacity is None
    assert (line.orders[0].quantity, line.orders[0].due) == (7, 3600)


def test_an_overlay_of_another_type_replaces_and_other_lists_too(tmp_path):
    line = overlaid(
        tmp_path,
        "elements: [{name: Mill, cycle_time: {type: exponential, mean: 3}}]\n"
        "connections: [In -> Saw -> Mill -> Out, In -> B1]\n",
        "connections: [In -> Saw -> B1 -> Mill -> Out]",
    )
    assert line.element("Mill").cycle_time.mean == 3
    assert len(line.connections) == 4


def test_an_overlay_of_another_shape_replaces(tmp_path):
    line = overlaid(
        tmp_path, "elements: [{name: Mill, cycle_time: 7}, {name: Saw, failures: null}]\nconstants: {A: 1}"
    )
    assert line.element("Mill").cycle_time.mean == 7
    assert line.element("Saw").failures == ()


def test_problems_of_all_layers_come_together_in_their_order(tmp_path):
    with pytest.raises(ModelError) as caught:
        overlaid(tmp_path, "name: [", "elements: [5, {name: 1: 2}]", sets=["x"])
    assert [message.split(":")[0].rpartition("/")[2] for message in messages(caught)] == [
        "layer1.yaml",
        "layer2.yaml",
        "--set x",
    ]
    with pytest.raises(ModelError) as caught:
        overlaid(tmp_path, "elements: [{name: Saw, speed: 0}, {name: [1]}, 5]", "ordrs: []")
    places = [message.split(": ")[0].rpartition("/")[2] for message in messages(caught)]
    assert places == ["layer1.yaml:1:31", "layer1.yaml:1:35", "layer1.yaml:1:48", "layer2.yaml:1:1"]


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("Saw.speed=1.2", lambda line: line.element("Saw").speed, 1.2),
        ("elements.Saw.speed = 1.2", lambda line: line.element("Saw").speed, 1.2),
        ("Saw.buffer=50", lambda line: line.element("B1").capacity, 50),
        ("Saw.buffer=unlimited", lambda line: line.element("B1").capacity, None),
        ("B1.capacity=", lambda line: line.element("B1").capacity, None),
        ("economics.currency=USD", lambda line: line.economics.currency, "USD"),
        ("economics.cost_per_hour=5", lambda line: line.economics.cost_per_hour, 5),
        ("orders.O1.due=8 h", lambda line: line.orders[0].due, 28800),
        ("orders.O1.due_h=8", lambda line: line.orders[0].due, 28800),
        ("orders.0.due=9", lambda line: line.orders[0].due, 9),
        (
            "Saw.failures.belt.time_to_repair=20 min",
            lambda line: line.element("Saw").failures[1].time_to_repair.mean,
            1200,
        ),
        (
            "Saw.failures.breakdown.clock=operation",
            lambda line: line.element("Saw").failures[0].clock,
            "operation",
        ),
        ("Saw.failures=[]", lambda line: line.element("Saw").failures, ()),
        ("Mill.cycle_time=triangular(1, 2, 3)", lambda line: line.element("Mill").cycle_time.mean, 2),
        (
            "Mill.cycle_time={type: exponential, mean_min: 1}",
            lambda line: line.element("Mill").cycle_time.mean,
            60,
        ),
        ("Mill.cycle_time.high=3", lambda line: line.element("Mill").cycle_time.mean, 2),
        ("Mill.setup_times.P1.P2=5 min", lambda line: line.element("Mill").setup_times["P1"]["P2"], 300),
        ("Mill.inspection.detection=0.5", lambda line: line.element("Mill").inspection.detection, 0.5),
        ("name=other", lambda line: line.name, "other"),
        ("defaults.station.servers=2", lambda line: line.element("Mill").servers, 2),
        ("constants.X=2", lambda line: line.name, "test"),
    ],
)
def test_a_setting_reaches_every_value(setting, path, value):
    assert path(read(sets=[setting])) == value


def test_settings_are_made_in_order_and_may_be_a_mapping():
    assert read(sets=["Saw.speed=2", "Saw.speed=3"]).element("Saw").speed == 3
    assert read(sets={"Saw.speed": "2", "B1.capacity": 8}).value("B1.capacity") == 8
    assert read(sets="Saw.speed=2").element("Saw").speed == 2


def test_constants_can_be_set():
    text = BASE.replace("capacity: 3", "capacity: '${N}'") + "constants: {N: 4}"
    assert read_line_text(text, sets=["constants.N=6"]).value("B1.capacity") == 6


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("Swa.speed=1", "--set Swa.speed: no element and no section is called 'Swa' (did you mean 'Saw'?)"),
        ("Saw.sped=1", "--set Saw.sped: unknown field 'sped' (did you mean 'speed'?)"),
        ("Saw.speed.x=1", "--set Saw.speed.x: "),
        ("Mill.cycle_time.high.x=1", "--set Mill.cycle_time.high.x: '2' is a single value; it has no 'x'"),
        ("orders.O2.due=1", "--set orders.O2.due: nothing is called 'O2' there; known: O1"),
        ("orders.7.due=1", "--set orders.7.due: nothing is called '7' there"),
        ("Mill.buffer=1", "--set Mill.buffer: no buffer stands directly behind 'Mill'"),
        ("Saw", "--set Saw: expected path=value, such as Filler.speed=1.2"),
        ("Saw.speed=-1", "--set Saw.speed: elements.1.speed: Input should be greater than 0, got -1"),
        ("Saw.speed=[1", "--set Saw.speed: not YAML"),
        ("Saw=5", "--set Saw: elements.1"),
        ("=5", "--set : no element and no section is called ''"),
        ("B1.capacity_min=5", "--set B1.capacity_min: unknown field"),
    ],
)
def test_a_wrong_setting_is_named(setting, message):
    with pytest.raises(ModelError) as caught:
        read(sets=[setting])
    assert message in str(caught.value)


def test_several_buffers_behind_a_station_are_named():
    text = BASE.replace(
        "- {kind: buffer, name: B1, capacity: 3}", "- {kind: buffer, name: B1}\n  - {kind: buffer, name: B2}"
    )
    text = text.replace(
        "connections: [In -> Saw -> B1 -> Mill -> Out]",
        "connections: [In -> Saw, {source: Saw, target: B1, probability: 0.5},"
        " {source: Saw, target: B2, probability: 0.5}, B1 -> Mill -> Out, B2 -> Mill]",
    )
    with pytest.raises(ModelError, match=r"2 buffers stand directly behind 'Saw' \(B1, B2\)"):
        read_line_text(text, sets=["Saw.buffer=5"])


def test_a_setting_on_a_broken_model_is_an_error_and_nothing_else():
    for text in (
        "name: x",
        "elements: 5\nconnections: 5",
        "elements: [5, {name: [1]}, {name: A}]\nconnections: [5]",
    ):
        with pytest.raises(ModelError):
            read_line_text(text, sets=["A.buffer=5", "A.speed=1"])
