"""Scheduling instances: what is valid, what is derived."""

import pytest

from opt_twin.errors import ModelError, UnknownNameError
from opt_twin.scheduling import Job, Operation, SchedulingInstance
from opt_twin.testing import random_shop, two_job_shop


def _shop(**changes):
    data = {
        "name": "shop",
        "machines": ["saw", "drill"],
        "jobs": [
            {
                "name": "door",
                "operations": [{"machine": "saw", "duration": 3}, {"machine": "drill", "duration": 2}],
            }
        ],
    }
    return SchedulingInstance.from_dict(data | changes)


def test_every_problem_is_named_with_its_place():
    with pytest.raises(ModelError) as caught:
        _shop(
            machines=["saw", "drill", "saw"],
            jobs=[
                {"name": "a", "operations": [{"machine": "sow", "duration": 1}]},
                {"name": "a", "operations": [{"machine": "drill", "duration": 0}]},
            ],
            setup_times={"drill": {"x": {"y": 1}}, "lathe": {}},
            initial_family={"mill": "x"},
        )
    text = str(caught.value)
    assert "machines.2: the name 'saw' is taken by machines.0" in text
    assert "jobs.1.name: the name 'a' is taken by jobs.0" in text
    assert "jobs.0.operations.0.machine: no machine is called 'sow' (did you mean 'saw'?)" in text
    assert "jobs.1.operations.0.duration: machine 'drill' has set-ups" in text
    assert "setup_times.lathe: no machine is called 'lathe'" in text
    assert "initial_family.mill: no machine is called 'mill'" in text


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"jobs": []}, "jobs"),
        ({"machines": []}, "no machine is called 'saw'"),
        ({"tick": 0}, "tick"),
        ({"tick": float("nan")}, "tick"),
        ({"name": ""}, "name"),
        ({"job": []}, "unknown field"),
        ({"jobs": [{"name": "a", "operations": []}]}, "operations"),
        ({"jobs": [{"name": "a", "operations": [{"machine": "saw", "duration": -1}]}]}, "duration"),
        ({"jobs": [{"name": "a", "operations": [{"machine": "saw", "duration": 1.5}]}]}, "duration"),
        ({"jobs": [{"name": "a", "operations": [{"machine": "saw", "duration": 2**39}] * 3}]}, "longer tick"),
        (
            {
                "jobs": [
                    {
                        "name": "a",
                        "weight": 10**6,
                        "operations": [{"machine": "saw", "duration": 2**39 + 2**38}],
                    },
                    {"name": "b", "weight": 10**6, "operations": [{"machine": "saw", "duration": 1}]},
                ]
            },
            "weights",
        ),
    ],
)
def test_what_is_not_valid_is_refused(changes, what):
    with pytest.raises(ModelError, match=what):
        _shop(**changes)


def test_plain_data_make_the_same_record_again():
    for shop in (two_job_shop(), random_shop(1, setups=True, streaming=True, dates=True)):
        again = SchedulingInstance.from_dict(shop.to_dict())
        assert again == shop
        assert again.digest() == shop.digest()


def test_leads_and_tails_are_the_duration_unless_given():
    plain, short = Operation(machine="m", duration=5), Operation(machine="m", duration=5, lead=0, tail=2)
    assert (plain.lead_ticks, plain.tail_ticks) == (5, 5)
    assert (short.lead_ticks, short.tail_ticks) == (0, 2)


@pytest.mark.parametrize(
    ("lead", "tail", "elastic"), [(None, None, False), (1, None, True), (None, 1, True), (9, 9, False)]
)
def test_an_operation_is_elastic_when_it_overlaps_with_the_one_before(lead, tail, elastic):
    job = Job(
        name="a",
        operations=(
            Operation(machine="m", duration=3, lead=lead),
            Operation(machine="n", duration=3, tail=tail),
        ),
    )
    assert job.is_elastic(1) is elastic
    assert job.is_elastic(0) is False


@pytest.mark.parametrize(
    "change",
    [
        {"release": 1},
        {"deadline": 99},
        {"operations": [{"machine": "saw", "duration": 3, "lead": 1}]},
        {"operations": [{"machine": "saw", "duration": 3, "tail": 1}]},
    ],
)
def test_a_plain_job_shop_has_nothing_but_routes(change):
    job = {"name": "door", "operations": [{"machine": "saw", "duration": 3}]}
    assert _shop(jobs=[job]).is_plain
    assert not _shop(jobs=[job | change]).is_plain
    assert not _shop(setup_times={"saw": {"x": {"y": 1}}}).is_plain


def test_setups_are_zero_between_equal_and_unnamed_families():
    shop = _shop(setup_times={"saw": {"x": {"y": 7}}}, initial_family={"saw": "x"})
    assert shop.setup_time("saw", "x", "y") == 7
    assert shop.setup_time("saw", "y", "x") == 0
    assert shop.setup_time("saw", "x", "x") == 0
    assert shop.setup_time("saw", None, "y") == 0
    assert shop.setup_time("saw", "x", None) == 0
    assert shop.setup_time("drill", "x", "y") == 0
    assert shop.first_setup_time("saw", "y") == 7
    assert shop.first_setup_time("drill", "y") == 0


def test_jobs_are_found_by_name():
    assert _shop().job("door").name == "door"
    with pytest.raises(UnknownNameError, match="did you mean 'door'"):
        _shop().job("dor")


def test_wrong_matrices_are_refused():
    with pytest.raises(ModelError, match="M3"):
        SchedulingInstance.from_matrices("x", 2, (((2, 1),),))
