"""The error tree."""

import inspect
import pickle

import pytest

from opt_twin import errors
from opt_twin.errors import (
    InstanceError,
    MissingExtraError,
    ModelError,
    OptTwinError,
    Problem,
    UnknownNameError,
    did_you_mean,
)

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, Exception)]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_an_opt_twin_error_and_a_builtin_one(cls):
    assert issubclass(cls, OptTwinError)
    builtin = [base for base in cls.__mro__ if base.__module__ == "builtins"]
    assert cls is OptTwinError or builtin[0] is not Exception
    assert cls.__name__ in errors.__doc__
    assert cls.__name__ in errors.__all__


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_survives_pickling(cls):
    error = cls("a message")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert str(again) == str(error) == "a message"


@pytest.mark.parametrize(
    ("name", "known", "advice"),
    [
        ("ufh", ["uph", "mttr"], " (did you mean 'uph'?)"),
        ("BUFER", ["buffer"], " (did you mean 'buffer'?)"),
        ("zzz", ["uph"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_name_is_offered(name, known, advice):
    assert did_you_mean(name, known) == advice


def test_a_model_error_lists_its_problems():
    error = ModelError("first", Problem(message="second", path="a.b", place="f:1:2"))
    assert str(error) == "first\nf:1:2: a.b: second"
    assert [problem.message for problem in error.problems] == ["first", "second"]
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "expected 12 numbers"),
        ({"path": "jobs.txt"}, "jobs.txt: expected 12 numbers"),
        ({"path": "jobs.txt", "line": 4}, "jobs.txt:4: expected 12 numbers"),
    ],
)
def test_an_instance_error_tells_file_and_line(arguments, text):
    error = InstanceError("expected 12 numbers", **arguments)
    assert str(error) == text
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.path, again.line) == (error.message, error.path, error.line)


def test_an_unknown_name_hears_the_nearest_or_all():
    near = UnknownNameError.among("built-in instance", "ta81", ["ta80", "ft06"], advice="Pass a path.")
    assert str(near) == "'ta81' is not a known built-in instance (did you mean 'ta80'?). Pass a path."
    far = UnknownNameError.among("measure", "zzz", [str(n) for n in range(10)])
    assert str(far) == "'zzz' is not a known measure; known: 0, 1, 2, 3, 4, 5, 6, 7, ..."
    assert str(UnknownNameError.among("measure", "zzz", ["a"])).endswith("known: a")
    assert str(UnknownNameError.among("measure", "zzz", [])) == "'zzz' is not a known measure"


def test_a_missing_extra_names_the_command():
    assert "pip install 'opt-twin[rl]'" in str(MissingExtraError.of("RL", "rl"))
