"""Damaged files of every format give an instance or an error with the place, and nothing else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples_of_formats import SAMPLES

from opt_twin.errors import InstanceError
from opt_twin.scheduling import SchedulingInstance, instance_text, parse_instance
from opt_twin.scheduling.formats import FORMATS

EXTENSIONS = {name: (form.extensions or (".txt",))[0] for name, form in FORMATS.items()}
WORDS = [
    "",
    "0",
    "-1",
    "1",
    "2",
    "99",
    "1000000",
    "9" * 18,
    "9" * 30,
    "1.5",
    "1e9",
    "nan",
    "x",
    "٣",
    "é",
    "-",
]
WORDS += [
    "\u0663",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "|",
    "#",
    "+",
    '"',
    ":",
    "\x00",
    "\n",
    "\r",
    "\u2028",
    "*",
    "null",
]


def _pieces(text):
    """Return words and what stands between them."""
    return re.findall(r"\s+|[^\s,;|{}\[\]:]+|.", text, re.DOTALL)


@st.composite
def damaged(draw, text):
    """Return `text` after one to four accidents."""
    pieces = _pieces(text)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(pieces) - 1, 0)))
        accident = draw(st.sampled_from(["delete", "duplicate", "swap", "replace", "insert", "cut", "line"]))
        if not pieces:
            break
        if accident == "delete":
            del pieces[at]
        elif accident == "duplicate":
            pieces.insert(at, pieces[at])
        elif accident == "swap":
            other = draw(st.integers(0, len(pieces) - 1))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif accident == "replace":
            pieces[at] = draw(st.sampled_from(WORDS))
        elif accident == "insert":
            pieces.insert(at, draw(st.sampled_from(WORDS)))
        elif accident == "cut":
            pieces = pieces[:at]
        else:
            lines = "".join(pieces).splitlines(keepends=True)
            row = draw(st.integers(0, max(len(lines) - 1, 0)))
            changed = lines[:row] + draw(st.sampled_from([[], lines[row : row + 1] * 2])) + lines[row + 1 :]
            pieces = _pieces("".join(changed))
    return "".join(pieces)


def _check_place(error, text, path):
    assert error.path == path
    assert error.line is None or 1 <= error.line <= max(len(text.splitlines()), 1)
    assert error.message


def _checked(text, path, **options):
    """Return the instance of a text, or None once it is known that the error names the place."""
    try:
        instance = parse_instance(text, path=path, **options)
    except InstanceError as error:
        _check_place(error, text, path)
        return None
    assert isinstance(instance, SchedulingInstance)
    return instance


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_give_an_instance_or_a_named_place(name):
    @given(damaged(SAMPLES[name]))
    @settings(deadline=None, max_examples=120, derandomize=True)
    def check(text):
        instance = _checked(text, f"shop{EXTENSIONS[name]}", format=name)
        if instance is not None:
            again, _ = instance_text(instance, name)
            assert parse_instance(again, name=instance.name, format=name).jobs == instance.jobs or (
                instance.tick != 1
            )

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_recognised_or_refused(name):
    @given(damaged(SAMPLES[name]))
    @settings(deadline=None, max_examples=50, derandomize=True)
    def check(text):
        _checked(text, "shop.txt")

    check()


@pytest.mark.parametrize("name", FORMATS)
@given(text=st.text(max_size=80))
@settings(deadline=None, max_examples=25, derandomize=True)
def test_any_text_in_any_format_gives_only_our_errors(name, text):
    _checked(text, "shop.txt", format=name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_ends_early_is_refused_or_whole(name):
    """Cut at every line: the error is about a line of what is left, or about the file as a whole."""
    lines = SAMPLES[name].splitlines(keepends=True)
    for count in range(len(lines)):
        _checked("".join(lines[:count]), "shop.txt", format=name)


ERRORS = [
    ("standard", "1 1\n0 x\n", ":2: expected whole numbers of at most 18 digits, found 'x'"),
    ("reentrant", "1 2\n0 5 1 6\n", ":2: job 1: expected pairs machine, duration and -1 -1 behind the last"),
    ("open-shop", "2 2\n1 2\n3\n", ":3: job 2 has 1 number, expected 2 durations, one a machine"),
    ("standard-permutation", "2 2\n0 1 1 2\n1 3 0 4\n", ":3: job 2 takes another route than job 1"),
    ("taillard-flow-shop", "2 2\n1 2\n3\n", ":3: machine 2 has 1 number, expected 2 durations, one a job"),
    (
        "taillard-flow-shop",
        "x\n1 1\nprocessing times :\n5\nx\n",
        ":5: expected the end of the file after the 1 lines of machines; give one instance a file, found 'x'",
    ),
    (
        "taillard-open-shop",
        "x\n1 2\nprocessing times :\n5 6\nmachines :\n1 1\n",
        ":6: job 1 visits a machine twice",
    ),
    ("fjs", "1 2\n1 3 1 5 2 5 1 5\n", ":2: operation 1 of job 1 has 3 machines, expected 1 to 2"),
    ("fjs", "1 2\n2 1 1 5\n", ":2: job 1 ends before the number of machines of operation 2 of 2"),
    ("fjs", "1 2\n1 1 1 5 9\n", ":2: job 1 has 5 numbers, its 1 operations need 4"),
    ("fjs", "1 2\n1 1 3 5\n", ":2: operation 1 of job 1: machine 3 is not between 0 and 2"),
    ("fjs", "1 2\n0\n", ":2: job 1 has 0 operations, expected 1 or more"),
    ("fjs", "1 2 x\n1 1 1 5\n", ":1: expected the average number of machines, found 'x'"),
    ("fjs", "2 2\n1 1 1 5\n", ":2: the file ends before the line of job 2 of 2"),
    ("naderi-jsp", "1 2\n", ":1: expected the number of jobs alone on its line, found 2 numbers"),
    ("naderi-jsp", "1\n2\n5 6\n1 3\n", ":4: machine 3 >= 3: machines are numbered from 1"),
    ("naderi-sdst", "1\n1\n5\n", ":3: the file ends before set-up on machine 1, job 1: expected 1 times"),
    ("naderi-tardiness", "2\n1\n5\n", ":3: the line of due dates has 1 number, expected 2 of them"),
    ("naderi-hybrid", "1\n2\n1 0\n5 6\n", ":3: a stage has 0 machines, expected 1 or more"),
    ("naderi-fjsp", "1\n2\n1\n0 0\n", ":4: job 1, operation 1 can be done on no machine"),
    ("naderi-pfsp", "1\n2\n5 6\n7 8\n", ":4: expected the end of the file after the 1 lines of jobs"),
    ("patterson", "2 1\n3\n0 0 1 2\n5", ":4: the file ends; expected what activity 2 asks of resource 1"),
    ("patterson", "2 1\n3\n0 0 1 3\n5 1 0", ":3: activity 3 is not between 1 and 2"),
    (
        "patterson",
        "2 1\n3\n0 0 1 2\n5 4 0",
        ":4: mode 1 of activity 2 asks for 4 of R1, of which there are 3",
    ),
    ("patterson", "1 0\n3 0 7", ":2: expected the end of the file after activity 1, found '7'"),
    ("progen-max", "0 1 0 0\n0 1 1 1 [x]\n", ":2: expected whole numbers of at most 18 digits, found 'x'"),
    ("progen-max", "0 1 0 0\n0 1 1 1\n", ":2: 0 time lags for 1 successors"),
    ("progen-max", "0 1 0 0\n0 2 1 1 [1 2]\n", ":2: activity 0 has 2 modes; with time lags"),
    ("progen-max", "0 1 1 0\n", ":1: resources that are used up are not read with time lags"),
    ("psplib", "PRECEDENCE RELATIONS:\n", ": the line 'projects :' is missing"),
    ("orders", "job,machine\na,M\n", ":1: column 'duration' is missing; expected job, machine, duration"),
    ("orders", "job,machine,duration,dew\na,M,1,2\n", ":1: 'dew' is not a column (did you mean 'due'?)"),
    ("orders", "job,machine,duration\na,M\n", ":2: 2 cells, expected 3"),
    ("orders", "job,machine,duration\na,M,-1\n", ":2: duration: '-1' is below 0"),
    (
        "orders",
        "job,machine,duration\na,M,1 parsec\n",
        ":2: duration: expected a time such as 2.5 or '15 min'",
    ),
    ("orders", "job,machine,duration\na,M|,1\n", ":2: machine: expected a name, or several as Saw|Drill"),
    ("orders", "job,machine,duration\na,M|N,1|2|3\n", ":2: 3 durations for 2 machines"),
    ("orders", "job,machine,duration,due\na,M,1,5\na,M,1,6\n", ":3: due of job 'a' is '6' here and '5' in a"),
    ("orders", "job,machine,duration,weight\na,M,1,x\n", ":2: weight: expected a whole number, found 'x'"),
    ("orders", "job,machine,duration\n", ": no orders; expected a line with job, machine, duration"),
    ("orders", 'job,machine,duration\n"a,M,1\n', ":2: not CSV"),
    ("jsp-json", '{"machines": 1, "jobs": 1, "data": [1]}', ": data.0: expected an object with the whole"),
    (
        "jsp-json",
        '{"machines": 1, "jobs": 1, "data": [{"job": 0, "operation": 1, "machine": 0, "duration": 5}]}',
        ": job 0 has the operations [1], expected 0, 1, 2, ...",
    ),
    (
        "json",
        '{"name": "x", "jobs": [{"name": "a", "operations": [{"machine": "M", "duration": 1e30}]}]}',
        ": jobs.0.operations.0.duration: 1E+30 has more digits than a time can have",
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), ERRORS)
def test_a_malformed_file_says_where_and_what_was_expected(name, text, message):
    with pytest.raises(InstanceError) as caught:
        parse_instance(text, path="shop", format=name)
    assert str(caught.value).startswith(f"shop{message}")


PSPLIB_ERRORS = [
    (
        "projects                      :  1",
        "projects                      :  2",
        "2 projects; this reader takes",
    ),
    ("constrained        :  0", "constrained        :  1", "doubly constrained resources are not read"),
    (
        "   1        1          2           2   3",
        "   1        1          1           2   3",
        ":19: activity 1 has",
    ),
    ("   1        1          2 ", "   7        1          2 ", ":19: expected 1, its number of modes"),
    ("           2   3\n", "           2   9\n", ":19: activity 9 is not between 1 and 4"),
    ("   2        2 ", "   2        0 ", ":20: activity 2 has 0 modes, expected 1 or more"),
    (
        "         2     5       2    0",
        "         3     5       2    0",
        ":29: expected mode 2 of activity 2: 2, a dur",
    ),
    ("  3      1     4 ", "  3      1    -4 ", ":30: duration -4 is not between 0 and"),
    ("    4   10\n", "    4\n", ":35: the line of resources has 1 number, expected 2 amounts"),
    ("    4   10\n", "    4   10\n 7\n", ":36: expected the end of the file after the amounts of resources"),
    ("       3    4", "       9    4", ":30: mode 1 of activity 3 asks for 9 of R1, of which there are 4"),
    ("REQUESTS/DURATIONS:", "REQUESTS:", "the section 'REQUESTS/DURATIONS:' is missing"),
    ("  4      1     0 ", "  x      1     0 ", ":31: expected mode 1 of activity 4, found 'x"),
    ("       9        2       9", "       9       -2       9", ":15: cost of tardiness -2 is not between"),
]


@pytest.mark.parametrize(("before", "after", "message"), PSPLIB_ERRORS)
def test_a_malformed_project_says_where_and_what_was_expected(before, after, message):
    text = SAMPLES["psplib"].replace(before, after)
    assert text != SAMPLES["psplib"]
    with pytest.raises(InstanceError) as caught:
        parse_instance(text, path="p.sm")
    assert message in str(caught.value)
    assert str(caught.value).startswith("p.sm:")


def test_a_circle_of_activities_is_named():
    with pytest.raises(InstanceError, match=r"project/. -> project/. -> project/. wait for each other"):
        parse_instance("2 0\n3 1 2\n4 1 1\n", path="p.rcp")
