"""Instance files: the formats, and what every malformed file gets."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_twin.errors import InstanceError, OptTwinError
from opt_twin.scheduling import load_instance, parse_instance, read, read_instance, write_instance
from opt_twin.testing import random_shop, two_job_shop

FT06 = """# ft06
6 6
2 1 0 3 1 6 3 7 5 3 4 6
1 8 2 5 4 10 5 10 0 10 3 4
2 5 3 4 5 8 0 9 1 1 4 7
1 5 0 5 2 5 3 3 4 8 5 9
2 9 1 3 4 5 5 4 0 3 3 1
1 3 3 3 5 9 0 10 4 4 2 1
"""
TAILLARD = """Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound
2 3 1 2 30 20
Times
 5 6 7
 1 2 3
Machines
 2 1 3
 3 2 1
"""


def test_standard_format_is_read():
    assert parse_instance(FT06, name="ft06") == load_instance("ft06")


def test_taillard_format_is_read_with_machines_from_one():
    shop = parse_instance(TAILLARD)
    assert [(o.machine, o.duration) for o in shop.jobs[0].operations] == [("M2", 5), ("M1", 6), ("M3", 7)]
    assert [(o.machine, o.duration) for o in shop.jobs[1].operations] == [("M3", 1), ("M2", 2), ("M1", 3)]


def test_taillard_format_is_read_without_its_titles():
    assert parse_instance(TAILLARD.partition("\n")[2]) == parse_instance(TAILLARD)


@pytest.mark.parametrize("suffix", ["txt", "json"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = tmp_path / f"ft06.{suffix}"
    write_instance(load_instance("ft06"), path)
    assert read_instance(path) == load_instance("ft06")


def test_json_holds_everything(tmp_path):
    shop = random_shop(2, setups=True, streaming=True, dates=True)
    write_instance(shop, tmp_path / "x.json")
    assert read_instance(str(tmp_path / "x.json")) == shop


def test_standard_format_cannot_hold_more_than_a_plain_job_shop(tmp_path):
    with pytest.raises(
        InstanceError,
        match=r"x\.txt: the format 'standard' does not hold release dates, due",
    ):
        write_instance(random_shop(2, dates=True), tmp_path / "x.txt")
    plain = two_job_shop()
    short = plain.replace(jobs=(plain.jobs[0].replace(operations=plain.jobs[0].operations[:1]),))
    with pytest.raises(InstanceError, match="job 'J1' has not 2 operations"):
        write_instance(short, tmp_path / "x.txt")
    due = plain.replace(jobs=tuple(job.replace(due=5) for job in plain.jobs))
    with pytest.raises(InstanceError, match="does not hold due dates"):
        write_instance(due, tmp_path / "x.txt")
    with pytest.raises(InstanceError, match="cannot be written"):
        write_instance(plain, tmp_path)


def _line(number, text):
    lines = FT06.splitlines()
    lines[number - 1] = text
    return "\n".join(lines)


def _taillard(number, text):
    lines = TAILLARD.splitlines()
    lines[number - 1] = text
    return "\n".join(lines)


HUGE = "9" * 19


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "jobs.txt: the file is empty; expected the number of jobs and machines"),
        ("# only\n\n", "jobs.txt: the file is empty; expected the number of jobs and machines"),
        (
            _line(5, "2 5 3 4 5 8 0 9 1 1 4"),
            "jobs.txt:5: job 3 has 11 numbers, expected 12 (6 pairs machine, duration)",
        ),
        (_line(5, "2"), "jobs.txt:5: job 3 has 1 number, expected 12 (6 pairs machine, duration)"),
        (_line(3, "6 1 0 3 1 6 3 7 5 3 4 6"), "jobs.txt:3: machine 6 >= 6: machines are numbered from 0"),
        (_line(3, "-1 1 0 3 1 6 3 7 5 3 4 6"), "jobs.txt:3: machine -1 < 0: machines are numbered from 0"),
        (_line(3, "2 -1 0 3 1 6 3 7 5 3 4 6"), "jobs.txt:3: duration -1 is not between 0 and 1099511627776"),
        (
            _line(3, "2 1.5 0 3 1 6 3 7 5 3 4 6"),
            "jobs.txt:3: expected whole numbers of at most 18 digits, found '1.5'",
        ),
        (
            _line(3, f"2 {HUGE} 0 3"),
            f"jobs.txt:3: expected whole numbers of at most 18 digits, found '{HUGE}'",
        ),
        (
            _line(3, "x" * 50),
            f"jobs.txt:3: expected whole numbers of at most 18 digits, found '{'x' * 40}...'",
        ),
        (_line(2, "6"), "jobs.txt:3: expected the number of machines alone on its line, found 12 numbers"),
        (
            _line(2, "6 6 6 6 6 6"),
            "jobs.txt:2: expected the number of jobs and machines, found 6 numbers: '6 6 6 6 6 6'",
        ),
        (_line(2, "0 6"), "jobs.txt:2: 0 jobs and 6 machines: there must be at least 1 of each"),
        (
            _line(2, "100000 100000"),
            "jobs.txt:2: 100000 jobs on 100000 machines: more than 1000000 operations are refused",
        ),
        (_line(2, "7 6"), "jobs.txt:8: the file ends after 6 of 7 lines of jobs"),
        (_line(2, "5 6"), "jobs.txt:8: 6 lines of jobs, expected 5: the file goes on after the last job"),
        ("1 2\n0 1099511627776 1 1", "jobs.txt: jobs: all times add up to"),
        ("Nb of jobs", "jobs.txt:1: expected a line with the number of jobs and machines"),
        (_taillard(3, "Time"), "jobs.txt:3: expected the line 'Times', found 'Time'"),
        (_taillard(6, "1 2 3"), "jobs.txt:6: expected the line 'Machines', found '1 2 3'"),
        ("Nb\n2 2\nTimes", "jobs.txt:3: the file ends before job 1: expected 2 durations"),
        ("Nb\n1 2\nTimes\n1 2", "jobs.txt:4: the file ends before the line 'Machines'"),
        (_taillard(5, "1 2"), "jobs.txt:5: job 2 has 2 numbers, expected 3 durations"),
        (_taillard(8, "1 2"), "jobs.txt:8: job 2 has 2 numbers, expected 3 machines"),
        (_taillard(8, "1 2 0"), "jobs.txt:8: machine 0 < 1: machines are numbered from 1"),
        (_taillard(8, "1 2 4"), "jobs.txt:8: machine 4 >= 4: machines are numbered from 1"),
        (_taillard(4, "1 -2 3"), "jobs.txt:4: duration -2 is not between 0 and 1099511627776"),
        (_taillard(8, ""), "jobs.txt:7: the file ends after 1 of 2 lines of machines"),
        (
            TAILLARD + "1 2 3\n",
            "jobs.txt:9: 3 lines of machines, expected 2: the file goes on after the last job",
        ),
        ('{"name": 1,\n}', "jobs.txt:2: not JSON"),
        ('{"name": "x"}', "jobs.txt: jobs: field required"),
        ('{"a": ' + "[" * 100_000, "jobs.txt: not a readable JSON document"),
    ],
)
def test_malformed_files_say_where_and_what_was_expected(text, message):
    with pytest.raises(InstanceError) as caught:
        parse_instance(text, path="jobs.txt")
    assert str(caught.value).startswith(message)


def test_many_problems_are_cut_short():
    rows = [{"name": "a", "operations": [{"machine": "m", "duration": -1}]}] * 50
    text = json.dumps({"name": "x", "machines": ["m"], "jobs": rows})
    with pytest.raises(InstanceError, match=r"and [0-9]+ more problems"):
        parse_instance(text)


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(InstanceError, match=r"no\.txt: cannot be read: No such file"):
        read_instance(tmp_path / "no.txt")
    with pytest.raises(InstanceError, match="cannot be read"):
        read_instance(tmp_path)
    with pytest.raises(InstanceError, match="null"):
        read_instance("a\0b.txt")
    binary = tmp_path / "b.txt"
    binary.write_bytes(b"6 6\n\xff\xfe")
    with pytest.raises(InstanceError, match=r"not a text file in UTF-8 \(byte 4\)"):
        read_instance(binary)
    monkeypatch.setattr(read, "LARGEST_FILE", 3)
    with pytest.raises(InstanceError, match="longer than 3 bytes"):
        read_instance(binary)


def _only_our_errors(text):
    try:
        parse_instance(text)
    except OptTwinError:
        return


@given(st.text(alphabet=string.printable + "٣é", max_size=200))
@settings(deadline=None, max_examples=200)
def test_random_text_gives_only_our_errors(text):
    _only_our_errors(text)


@given(st.lists(st.lists(st.integers(-2, 5), max_size=6), max_size=6), st.booleans())
@settings(deadline=None, max_examples=150)
def test_random_numbers_give_only_our_errors(rows, titled):
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    _only_our_errors(f"Nb of jobs\n2 2\nTimes\n{text}" if titled else text)


@given(st.sampled_from([FT06, TAILLARD, json.dumps(two_job_shop().to_dict())]), st.data())
@settings(deadline=None, max_examples=300)
def test_mutated_files_give_only_our_errors(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = min(len(text), at + data.draw(st.integers(0, 3)))
        text = (
            text[:at] + data.draw(st.text(alphabet='0123456789-+ \n"{}[]:,.ex#', max_size=3)) + text[until:]
        )
    _only_our_errors(text)


def test_a_json_list_is_not_an_instance():
    with pytest.raises(InstanceError, match="expected a JSON object"):
        parse_instance("[1, 2]")
