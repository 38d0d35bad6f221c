"""Every format: what is written is read back, what it cannot hold is refused, and published figures."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from samples_of_formats import SAMPLES, instances

from opt_twin.errors import InstanceError, UnknownNameError
from opt_twin.scheduling import (
    Closure,
    Resource,
    SchedulingInstance,
    format_names,
    instance_schema,
    instance_text,
    load_instance,
    parse_instance,
    read_instance,
    read_with_notes,
    write_instance,
)
from opt_twin.scheduling.formats import FORMATS, LARGEST_SIZE, format_of_text, source_of
from opt_twin.testing import random_shop

WRITTEN = format_names(written=True)


@pytest.mark.parametrize("name", WRITTEN)
def test_random_instances_come_back_as_they_were(name):
    @given(instances(name))
    @settings(deadline=None, max_examples=25, derandomize=True)
    def check(instance):
        text, left_out = instance_text(instance, name)
        assert left_out == ()
        again = parse_instance(text, name=instance.name, format=name)
        assert again == instance

    check()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_sample_of_each_format_is_written_as_it_was_read(name):
    """Reading what was written gives the same instance, and writing it again the same text."""
    first = parse_instance(SAMPLES[name], format=name)
    text, left_out = instance_text(first, name)
    assert left_out == ()
    assert parse_instance(text, format=name) == first
    assert instance_text(parse_instance(text, format=name), name)[0] == text


ALONE = ("json", "jsp-json", "orders", "standard", "reentrant", "taillard", "taillard-flow-shop")
ALONE += ("taillard-open-shop", "open-shop", "fjs", "naderi-jsp", "naderi-sdst", "psplib", "patterson")
ALONE += ("progen-max", "naderi-fjsp", "naderi-hybrid", "naderi-tardiness")


@pytest.mark.parametrize("name", ALONE)
def test_a_format_is_recognised_by_its_content(name):
    assert parse_instance(SAMPLES[name]) == parse_instance(SAMPLES[name], format=name)


@pytest.mark.parametrize(
    "name", ["naderi-pfsp", "naderi-npfsp", "naderi-no-wait", "naderi-osp", "naderi-parallel"]
)
def test_what_several_formats_share_must_be_named(name):
    with pytest.raises(InstanceError) as caught:
        parse_instance(SAMPLES[name], path="x.txt")
    assert str(caught.value) == (
        "x.txt: the file can be read as naderi-pfsp, naderi-npfsp, naderi-no-wait, naderi-osp, "
        "naderi-parallel; say which with --format NAME"
    )


def test_what_the_same_numbers_mean_depends_on_the_format():
    """One text, five problems: the makespans of two jobs on two machines worked out by hand."""
    text = "2\n2\n1 2\n3 1\n"
    features = {
        name: parse_instance(text, format=f"naderi-{name}").features
        for name in ("pfsp", "npfsp", "no-wait", "osp", "parallel")
    }
    assert features == {
        "pfsp": {"one sequence on all machines"},
        "npfsp": set(),
        "no-wait": {"no-wait"},
        "osp": {"open jobs"},
        "parallel": {"modes"},
    }


def test_the_extension_decides_between_formats_that_fit(tmp_path):
    """One operation on machine 1 for 5 ticks; or job 1 on machines 1 and 1."""
    text = "2 2\n1 1 1 5\n1 1 1 6\n"
    with pytest.raises(InstanceError, match="can be read as standard, fjs; say which"):
        parse_instance(text)
    (tmp_path / "x.fjs").write_text(text)
    (tmp_path / "x.jsp").write_text(text)
    assert read_instance(tmp_path / "x.fjs").operation_count == 2
    assert read_instance(tmp_path / "x.jsp").operation_count == 4
    assert read_instance(tmp_path / "x.jsp", "fjs").operation_count == 2


def test_an_unknown_format_offers_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'psplib'"):
        parse_instance("1 1\n0 5", format="pslib")
    with pytest.raises(UnknownNameError, match="did you mean 'orders'"):
        write_instance(load_instance("ft06"), tmp_path / "x", "order")


def test_an_empty_text_is_refused_in_every_format():
    for name in FORMATS:
        with pytest.raises(InstanceError, match="empty"):
            parse_instance("", format=name)


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in {"json", "orders"}])
def test_names_that_a_format_does_not_hold_are_reported(name):
    instance = parse_instance(SAMPLES[name], format=name)
    jobs = [job.replace(name=f"job {number}") for number, job in enumerate(instance.jobs)]
    if instance.machines or len(jobs) == 1:
        return  # a project refers to its job
    text, left_out = instance_text(instance.replace(jobs=jobs), name)
    assert "the names of jobs are replaced by numbers" in left_out
    assert parse_instance(text, format=name) == instance


def test_renamed_machines_and_jobs_are_reported_and_change_nothing_else():
    shop = SchedulingInstance.from_dict(
        {
            "name": "shop",
            "machines": ["saw", "drill"],
            "jobs": [
                {"name": "door", "operations": [_on("drill", 3), _on("saw", 2)]},
                {"name": "desk", "operations": [_on("saw", 1), _on("drill", 4)]},
            ],
        }
    )
    text, left_out = instance_text(shop, "standard")
    assert text == "# shop\n2 2\n1 3 0 2\n0 1 1 4\n"
    assert left_out == (
        "the names of jobs are replaced by numbers",
        "the names of machines are replaced by numbers",
    )


def _on(machine, duration):
    return {"machine": machine, "duration": duration}


PLAIN = random_shop(1, jobs=2, machines=2)


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        ({"closures": {"M1": (Closure(start=1, end=2),)}}, "closures"),
        ({"buffers": {"M1": 1}}, "finite buffers"),
        ({"transport_times": {"M1": {"M2": 1}}}, "transport times"),
        ({"resources": (Resource(name="R", capacity=1),)}, "resources"),
        ({"batching": {"M1": 2}}, "batching machines"),
        ({"now": 3}, "a present time"),
        ({"same_sequence": (("M1", "M2"),)}, "one sequence on groups of machines"),
        ({"tariff": ({"start": 0, "price": 3},)}, "energy"),
    ],
)
def test_nothing_is_lost_in_writing(change, feature, tmp_path):
    """Every format but JSON refuses by name what it does not hold."""
    shop = PLAIN.replace(**change)
    for name in WRITTEN:
        if name != "json":
            held = feature in FORMATS[name].carries
            message = "does not hold the instance" if held else f"does not hold .*{feature}.*; write json"
            with pytest.raises(InstanceError, match=message):
                write_instance(shop, tmp_path / "x", name)
    assert not (tmp_path / "x").exists()
    write_instance(shop, tmp_path / "x.json")
    assert read_instance(tmp_path / "x.json") == shop


@pytest.mark.parametrize(
    ("field", "value", "feature"),
    [
        ("due", 9, "due dates"),
        ("weight", 3, "weights"),
        ("earliness_weight", 3, "earliness weights"),
        ("priority", 3, "priorities"),
        ("family", "red", "families"),
        ("release", 4, "release dates"),
        ("deadline", 999, "deadlines"),
        ("counts", False, "jobs that do not count"),
    ],
)
def test_no_field_of_a_job_is_lost(field, value, feature):
    shop = PLAIN.replace(jobs=(PLAIN.jobs[0].replace(**{field: value}), PLAIN.jobs[1]))
    for name in WRITTEN:
        if feature in FORMATS[name].carries and name in {"json", "orders"}:
            text, left_out = instance_text(shop, name)
            assert left_out == ()
            assert getattr(parse_instance(text, format=name).jobs[0], field) == value
        else:
            with pytest.raises(InstanceError, match=f"{feature}|does not hold the instance"):
                instance_text(shop, name)


def test_a_format_that_would_add_something_refuses():
    """A flow shop with overtaking is no permutation flow shop, and a job shop is no open shop."""
    flow = parse_instance("2\n2\n1 2\n3 4\n", format="naderi-npfsp")
    for name in ("naderi-pfsp", "taillard-flow-shop", "standard-permutation"):
        with pytest.raises(InstanceError, match="its permutation would be others"):
            instance_text(flow, name)
    with pytest.raises(InstanceError, match="the jobs have routes"):
        instance_text(flow, "taillard-open-shop")
    with pytest.raises(InstanceError, match="its jobs would be others"):
        instance_text(flow, "naderi-no-wait")
    assert instance_text(flow, "standard")[0] == "# instance\n2 2\n0 1 1 2\n0 3 1 4\n"


# machines from 0 and from 1


def test_flexible_machines_are_counted_from_the_smallest_number():
    """FJSPLIB counts from 1; where machine 0 occurs, the file counts from 0."""
    from_one = "2 2 2\n2 2 1 25 2 37 1 1 32\n1 1 2 24\n"
    from_zero = "2 2 2\n2 2 0 25 1 37 1 0 32\n1 1 1 24\n"
    assert parse_instance(from_one, format="fjs") == parse_instance(from_zero, format="fjs")
    shop = parse_instance(from_one, format="fjs")
    assert [(mode.machine, mode.duration) for mode in shop.jobs[0].operations[0].modes] == [
        ("M1", 25),
        ("M2", 37),
    ]
    assert (shop.jobs[1].operations[0].machine, shop.jobs[1].operations[0].duration) == ("M2", 24)


def test_the_note_says_from_which_number_machines_are_counted(tmp_path):
    (tmp_path / "x.fjs").write_text("1 2\n1 2 0 5 1 6\n")
    assert read_with_notes(tmp_path / "x.fjs").notes == ("machines are numbered from 0 in this file",)
    (tmp_path / "x.fjs").write_text("1 2\n1 2 0 5 2 6\n")
    with pytest.raises(InstanceError, match=r"x\.fjs:2: machine 2 >= 2: machines are numbered from 0, as"):
        read_instance(tmp_path / "x.fjs")


def test_an_operation_with_a_thousand_machines_is_written_and_read():
    """The average number of machines is written without an exponent."""
    pairs = " ".join(f"{machine} 1" for machine in range(1, 1201))
    shop = parse_instance(f"1 1200\n1 1200 {pairs}\n", format="fjs")
    text, _ = instance_text(shop, "fjs")
    assert text.splitlines()[1] == "1 1200 1200.00"
    assert parse_instance(text, format="fjs") == shop


# projects


def test_a_project_of_psplib_is_one_network_of_activities():
    project = parse_instance(SAMPLES["psplib"])
    (job,) = project.jobs
    assert (job.order, len(job.operations), len(project.precedences)) == ("network", 4, 4)
    assert [(r.name, r.capacity, r.kind) for r in project.resources] == [
        ("R1", 4, "renewable"),
        ("N1", 10, "consumable"),
    ]
    assert [mode.duration for mode in job.operations[1].modes] == [3, 5]
    assert dict(job.operations[1].modes[0].demands) == {"R1": 2, "N1": 6}
    assert (job.release, job.due, job.weight) == (0, 9, 2)


def test_a_mode_that_asks_for_more_than_there_is_is_left_out_and_named(tmp_path):
    text = SAMPLES["psplib"].replace("N 1\n    4   10", "N 1\n    4    5")
    assert text != SAMPLES["psplib"]
    (tmp_path / "x.mm").write_text(text)
    reading = read_with_notes(tmp_path / "x.mm")
    assert reading.notes == (
        "line 28: mode 1 of activity 2 asks for 6 of N1, of which there are 5; it was left out",
    )
    assert reading.instance.jobs[0].operations[1].duration == 5


def test_a_project_with_time_lags_counts_from_start_to_start():
    project = parse_instance(SAMPLES["progen-max"])
    assert {(p.kind, p.before[1], p.after[1], p.lag) for p in project.precedences} == {
        ("start-start", 0, 1, 0),
        ("start-start", 1, 2, 3),
        ("start-start", 2, 1, -9),
        ("start-start", 2, 3, 4),
    }


def test_lines_of_patterson_may_be_broken_anywhere():
    text = SAMPLES["patterson"]
    broken = "\n".join(text.split())
    assert parse_instance(broken, format="patterson") == parse_instance(text, format="patterson")


# published figures


def test_the_first_flow_shop_of_taillard_is_read_machine_by_machine():
    """Taillard (1993): the first machine of ta001."""
    shop = load_instance("ta001")
    text, _ = instance_text(shop, "taillard-flow-shop")
    first = "54 83 15 71 77 36 53 38 27 87 76 91 14 29 12 77 32 87 68 94"
    assert text.splitlines()[3] == first
    assert parse_instance(text, name="ta001") == shop


def test_the_first_open_shop_of_taillard_is_read_through_its_machines():
    """Taillard (1993), 4x4 number 1, as he published it: times in the order of the machines beside them."""
    text = """number of jobs, number of machines, time seed, machine seed, upper bound, lower bound :
           4           4  1166510396   164000672         193         186
processing times :
  54  34  61   2
   9  15  89  70
  38  19  28  87
  95  34   7  29
machines :
   3   1   4   2
   4   1   2   3
   1   2   3   4
   1   3   2   4
"""
    assert parse_instance(text, name="ta4x4_1") == load_instance("ta4x4_1")


def test_the_first_job_shop_goes_through_every_format_that_holds_it():
    shop = load_instance("ta01")
    for name in (
        "standard",
        "taillard",
        "reentrant",
        "fjs",
        "jsp-json",
        "naderi-jsp",
        "naderi-fjsp",
        "orders",
    ):
        text, left_out = instance_text(shop, name)
        assert left_out == ()
        again = parse_instance(text, name="ta01", format=name)
        if name == "orders":
            again = again.replace(machines=shop.machines)
        assert again == shop


# the page of formats

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_page_lists_every_format_as_the_table_has_it():
    rows = [line.split("|") for line in PAGE.partition("**Nothing")[0].splitlines() if line.startswith("| `")]
    listed = {row[1].strip(" `"): row for row in rows}
    assert list(listed) == list(FORMATS)
    for name, form in FORMATS.items():
        for extension in form.extensions:
            assert f"`{extension}`" in listed[name][3]
        if not form.detected:
            assert "must be named" in listed[name][3]


def test_the_examples_of_the_page_are_read():
    blocks = [block[1:] for block in PAGE.split("```")[1::2] if block.startswith("\n")]
    read = [read_of for block in blocks if (read_of := _format_of(block)) is not None]
    assert read == ["orders", "standard", "taillard", "taillard-flow-shop", "fjs", "patterson"]


def _format_of(block):
    """Return the format of an example; None for the example of a schedule."""
    if block.startswith("job,operation"):
        return None
    assert parse_instance(block).operation_count >= 3
    return format_of_text(source_of(block, "text")).name


# limits


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in {"json", "orders", "psplib"}])
def test_sizes_beyond_the_limit_are_refused_before_they_are_built(name):
    many = LARGEST_SIZE + 1
    if name == "jsp-json":
        text = json.dumps({"machines": 1, "jobs": many, "data": []})
    elif name.startswith("naderi"):
        text = f"{many}\n1\n"
    else:
        text = f"{many} 1 0 0\n" if name == "progen-max" else f"{many} 1\n"
    with pytest.raises(InstanceError, match=r"more than 1000000 operations are refused|lines of jobs"):
        parse_instance(text, format=name)


def test_horizons_that_overflow_are_refused_by_name():
    rows = "a,M,999999999999\nb,M,999999999999\n"
    with pytest.raises(InstanceError, match=r"x\.csv: jobs: all times add up to .* use a longer tick"):
        parse_instance(f"job,machine,duration\n{rows}", path="x.csv")
    with pytest.raises(InstanceError, match=r"x\.csv:3: duration 9999999999990 is not between 0 and"):
        parse_instance("job,machine,duration\na,M,0.5\nb,M,999999999999\n", path="x.csv", tick=0.1)


# the schema


def test_what_the_reader_takes_validates_against_the_schema():
    schema = instance_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for shop in (random_shop(2, setups=True, streaming=True, dates=True), parse_instance(SAMPLES["psplib"])):
        validator.validate(json.loads(json.dumps(shop.to_dict())))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"name": "x", "jobs": [{"name": "a", "operations": [], "colour": "red"}]})


# files that are not part of the project


def test_published_flexible_job_shops_are_read(published):
    """Brandimarte (1993): jobs, machines and operations of mk01 to mk10."""
    sizes = [(10, 6, 55), (10, 6, 58), (15, 8, 150), (15, 8, 90), (15, 4, 106)]
    sizes += [(10, 15, 150), (20, 5, 100), (20, 10, 225), (20, 10, 240), (20, 15, 240)]
    for number, size in enumerate(sizes, 1):
        reading = read_with_notes(published / "fjsp" / f"mk{number:02}.txt")
        shop = reading.instance
        assert reading.format == "fjs"
        if number != 6:  # collections differ in the machines that they announce
            assert (len(shop.jobs), len(shop.machines), shop.operation_count) == size


def test_published_projects_are_read(published):
    for path in sorted((published / "rcpsp").glob("*.sm")):
        reading = read_with_notes(path)
        project = reading.instance
        horizon = next(line for line in path.read_text().splitlines() if line.startswith("horizon"))
        total = sum(operation.longest for operation in project.jobs[0].operations)
        assert (reading.format, total) == ("psplib", int(horizon.split()[-1]))
        assert (project.operation_count, len(project.resources)) == (32, 4)
    for path in sorted((published / "rcpsp").glob("*.rcp")):
        assert read_with_notes(path).format == "patterson"
