"""What stands around the stations, in files: people, shifts, vehicles, pallets, stocks, conditions."""

import re
from pathlib import Path

import jsonschema
import pytest

from opt_twin.errors import ModelError
from opt_twin.io import explain, line_schema, read_line_text, write_line
from opt_twin.io.yaml_tree import from_plain
from opt_twin.line import Quality

PAGE = (Path(__file__).parents[2] / "docs" / "model_files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(# complete\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

PLANT = """\
name: plant
products: [{name: a}, {name: b}, {name: c}]
orders:
  - {name: O1, product: a, quantity: 2}
shifts:
  - {name: day, start: 06:00, end: 14:00, breaks: [{start: 09:30, duration: 15 min}]}
operators:
  - {name: crew, number: 2, skills: [fit, mend], shifts: [day]}
fleets:
  - name: AGV
    speed: 1
    distances: {Kit: {Bench: 20}}
    parking: Kit
pallets:
  - {name: tray, number: 5, unloaded_at: Bench}
elements:
  - {kind: source, name: A, mix: {a: 1}, pallets: tray}
  - {kind: source, name: B, timetable: [{time: 0, product: b}], replenishes: null}
  - kind: station
    name: Kit
    cycle_time: 10 s
    components: {a: 1, b: 2}
    makes: c
    needs: {run: fit}
    shifts: [day]
    failures:
      - {time_to_failure: 1 h, time_to_repair: 1 min, crew: mend, also_stops: [Bench]}
    maintenance:
      - {start: 0, every: 8 h, duration: 10 min, crew: mend, renews: [breakdown]}
  - {kind: transport, name: Trip, fleet: AGV}
  - {kind: station, name: Bench, cycle_time: 5 s, inspection: {rejects: route}}
  - {kind: buffer, name: Again}
  - {kind: sink, name: Out}
  - {kind: source, name: C, mix: {a: 1}, replenishes: Shelf}
  - {kind: station, name: Saw, cycle_time: 5 s, yields: {b: 1}}
  - {kind: stock, name: Shelf, reorder_point: 1, order_up_to: 3, demand: 1 min}
connections:
  - A -> Kit
  - B -> Kit -> Trip -> Bench
  - {source: Bench, target: Out, quality: passed, products: [c]}
  - {source: Bench, target: Again, quality: rejected, limit: 2}
  - Again -> Bench
  - C -> Saw -> Shelf
"""


def problems(text, **arguments):
    with pytest.raises(ModelError) as caught:
        read_line_text(text, **arguments)
    return str(caught.value).splitlines()


def place_of(text, part):
    """Return line and column of the first `part` in `text`, counted from 1."""
    at = text.index(part)
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def test_the_plant_is_a_line_and_is_written_and_read_again():
    line = read_line_text(PLANT)
    assert read_line_text(write_line(line)) == line
    assert line.element("Kit").needs["run"].skill == "fit"
    assert line.element("Kit").failures[0].crew.number == 1
    (passed, rejected) = line.successors("Bench")
    assert (passed.quality, passed.products, rejected.limit) == (Quality.PASSED, ("c",), 2)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("06:00", 6 * 3600),
        ("14:00", 14 * 3600),  # 840 by the rules of YAML 1.1
        ("'14:00'", 14 * 3600),
        ("14:00:30", 14 * 3600 + 30),
        ("23:59", 86340),
        ("24:00", 86400),
        ("50400", 50400),
    ],
)
def test_times_of_day_need_no_quotes(written, seconds):
    line = read_line_text(PLANT.replace("end: 14:00", f"end: {written}").replace("09:30", "06:01"))
    assert line.shifts[0].end == seconds
    text = write_line(line)
    assert read_line_text(text).shifts[0].end == seconds


@pytest.mark.parametrize("written", ["24:01", "6", "8 Uhr", "12:60", "-1:00", "2 h"])
def test_what_is_no_time_of_day_is_told_at_its_place(written):
    text = PLANT.replace("end: 14:00", f"end: '{written}'")
    (problem,) = problems(text)
    assert problem.startswith(
        f"line.yaml:{place_of(text, repr(written))}: shifts.0.end: '{written}' is not a time of day"
    )


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("product: a, q", "product: x, q", "orders.0.product", "no product is called 'x'"),
        ("mix: {a: 1}, p", "mix: {x: 1}, p", "elements.0.mix.x", "no product is called 'x'"),
        ("product: b", "product: x", "elements.1.timetable.0.product", "no product is called 'x'"),
        ("{a: 1, b: 2}", "{a: 1, x: 2}", "elements.2.components.x", "no product is called 'x'"),
        ("makes: c", "makes: x", "elements.2.makes", "no product is called 'x'"),
        ("yields: {b: 1}", "yields: {x: 1}", "elements.8.yields.x", "no product is called 'x'"),
        ("[c]}", "[x]}", "connections.2.products.0", "no product is called 'x'"),
        (
            "    shifts: [day]",
            "    shifts: [dya]",
            "elements.2.shifts.0",
            "no shift is called 'dya' (did you mean 'day'?)",
        ),
        (
            "mend], shifts: [day]",
            "mend], shifts: [dya]",
            "operators.0.shifts.0",
            "no shift is called 'dya' (did you mean 'day'?)",
        ),
        (
            "run: fit",
            "run: fitt",
            "elements.2.needs.run",
            "nobody has the skill 'fitt' (did you mean 'fit'?)",
        ),
        (
            "min, crew: mend, also",
            "min, crew: mnd, also",
            "elements.2.failures.0.crew",
            "nobody has the skill 'mnd'",
        ),
        (
            "min, crew: mend, ren",
            "min, crew: mnd, ren",
            "elements.2.maintenance.0.crew",
            "nobody has the skill 'mnd'",
        ),
        (
            "run: fit",
            "run: {skill: fit, number: 3}",
            "elements.2.needs.run",
            "3 people with the skill 'fit' are needed, there are 2",
        ),
        ("fleet: AGV", "fleet: AVG", "elements.3.fleet", "no fleet is called 'AVG' (did you mean 'AGV'?)"),
        ("pallets: tray}", "pallets: try}", "elements.0.pallets", "no group of pallets is called 'try'"),
        ("replenishes: Shelf", "replenishes: Bench", "elements.7.replenishes", "no stock is called 'Bench'"),
        (
            "also_stops: [Bench]",
            "also_stops: [Again]",
            "elements.2.failures.0.also_stops.0",
            "no station is called 'Again'",
        ),
        (
            "renews: [breakdown]",
            "renews: [spindle]",
            "elements.2.maintenance.0.renews.0",
            "no failure mode of its station is called 'spindle'",
        ),
        ("unloaded_at: Bench", "unloaded_at: Trip", "pallets.0.unloaded_at", "no station is called 'Trip'"),
        (
            "parking: Kit",
            "parking: Kitt",
            "fleets.0.parking",
            "no element is called 'Kitt' (did you mean 'Kit'?)",
        ),
        (
            "{Bench: 20}",
            "{Bunch: 20}",
            "fleets.0.distances.Kit",
            "no element is called 'Bunch' (did you mean 'Bench'?)",
        ),
        ("name: tray", "name: Kit", "pallets.0.name", "the name 'Kit' is taken by elements.2"),
        ("name: crew, n", "name: AGV, n", "fleets.0.name", "the name 'AGV' is taken by operators.0"),
    ],
)
def test_a_name_that_nothing_has_is_told_at_its_place(old, new, path, message):
    assert PLANT.count(old) == 1
    text = PLANT.replace(old, new)
    found = problems(text)
    row = next(problem for problem in found if f": {path}: " in problem)
    assert re.fullmatch(rf"line\.yaml:\d+:\d+: {re.escape(path)}: {re.escape(message)}.*", row)
    line = int(row.split(":")[1])
    assert new.strip().split("\n")[0] in text.splitlines()[line - 1] or path.endswith("name")


def test_the_place_of_a_name_is_the_word_itself():
    text = PLANT.replace("fleet: AGV", "fleet: AVG")
    (problem,) = problems(text)
    assert problem.startswith(f"line.yaml:{place_of(text, 'AVG')}: elements.3.fleet: ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fleet: AGV}", "fleet: AGV, sped: 1}", "elements.3.sped: unknown field"),
        ("start: 06:00, ", "", "shifts.0.start: field required"),
        (
            "number: 2, skills",
            "number: 0, skills",
            "operators.0.number: Input should be greater than or equal to 1",
        ),
        ("    speed: 1\n", "", "fleets.0.speed: field required"),
        ("number: 5, unl", "unl", "pallets.0.number: field required"),
    ],
)
def test_one_wrong_field_does_not_make_right_names_unknown(old, new, message):
    """The line as a whole is looked at with plain things in the place of those that are wrong."""
    assert PLANT.count(old) == 1
    (problem,) = problems(PLANT.replace(old, new))
    assert message in problem


def test_a_wrong_field_and_a_wrong_name_are_told_together():
    text = PLANT.replace("cycle_time: 10 s", "cycle_time: -10").replace("fleet: AGV}", "fleet: AVG}")
    assert [row.split(": ")[1] for row in problems(text)] == ["elements.2.cycle_time", "elements.3.fleet"]


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("crew.number=5", "crew.number", 5),
        ("AGV.number=3", "AGV.number", 3),
        ("AGV.loading_time=1 min", "AGV.loading_time", 60),
        ("tray.number=7", "tray.number", 7),
        ("tray.return_time_min=2", "tray.return_time", 120),
        ("Kit.needs.run.number=2", None, None),
        ("Kit.needs.run={skill: fit, number: 2}", None, None),
        ("shifts.day.end=15:00", None, None),
        ("operators.crew.skills=[fit, mend, weld]", "crew.skills", ("fit", "mend", "weld")),
    ],
)
def test_a_setting_reaches_people_vehicles_and_pallets(setting, path, value):
    text = PLANT.replace("{run: fit}", "{run: {skill: fit}}")
    line = read_line_text(text, sets=[setting])
    if path is not None:
        assert line.value(path) == value
    elif "shifts" in setting:
        assert line.shifts[0].end == 15 * 3600
    else:
        assert line.element("Kit").needs["run"].number == 2


def test_the_paths_that_explain_gives_can_be_set(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT, encoding="utf-8")
    paths = [origin.path for origin in explain(file)]
    assert {"crew.number", "AGV.speed", "tray.number", "shifts.day.start"} <= set(paths)


def test_defaults_are_there_for_every_kind():
    defaults = (
        "defaults:\n  transport: {priority: 2}\n  stock: {quantity: 2}\n  shift: {days: [mon]}\n"
        "  operators: {cost_per_hour: 30}\n  fleet: {number: 4}\n  pallets: {return_time: 1 min}\n"
    )
    line = read_line_text(PLANT + defaults)
    assert line.element("Trip").priority == 2
    assert line.element("Shelf").quantity == 2
    assert line.shifts[0].days == ("mon",)
    assert [line.value(path) for path in ("crew.cost_per_hour", "AGV.number", "tray.return_time")] == [
        30,
        4,
        60,
    ]
    jsonschema.validate(_plain(PLANT + defaults), line_schema())


@pytest.mark.parametrize("text", [*BLOCKS, PLANT], ids=range(len(BLOCKS) + 1))
def test_complete_files_fit_the_schema(text):
    jsonschema.validate(_plain(text), line_schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("run: fit", "walk: fit"),
        ("rejects: route", "rejects: trash"),
        ("quality: passed", "quality: fine"),
        ("number: 5, u", "number: 0, u"),
        ("fleet: AGV}", "fleets: AGV}"),
    ],
)
def test_what_the_reader_refuses_the_schema_refuses_too(old, new):
    assert PLANT.count(old) == 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_plain(PLANT.replace(old, new)), line_schema())
    problems(PLANT.replace(old, new))


def test_plain_data_hold_times_of_day_as_text_or_seconds():
    assert from_plain({"start": "06:00"}, None, []).entries["start"].value == "06:00"


def _plain(text):
    """Return the data of a file as its schema sees them."""
    from opt_twin.io.yaml_tree import Branch, Items, compose

    def plain(node):
        if isinstance(node, Branch):
            return {key: plain(value) for key, value in node.entries.items()}
        return [plain(item) for item in node.items] if isinstance(node, Items) else node.value

    return plain(compose(text, "line.yaml", 0)[0])
