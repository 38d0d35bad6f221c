"""Each rule of the verifier: a schedule on the edge, and one that is beyond it and breaks nothing else."""

import pytest

from opt_twin.errors import ModelError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import SchedulingInstance, verify
from opt_twin.scheduling.verify import RULES


def _job(*steps, name="a", **more):
    """Return a job; a step is (machine, duration) or plain data."""
    made = [s if isinstance(s, dict) else {"machine": s[0], "duration": s[1]} for s in steps]
    return {"name": name, "operations": made} | more


def _shop(*jobs, machines="mno", **more):
    return SchedulingInstance.from_dict(
        {"name": "shop", "machines": list(machines), "jobs": list(jobs)} | more
    )


def _plan(text, tick=1.0):
    """Return a schedule from lines `job position machine start end [mode]`; "-" for no machine."""
    rows = []
    for part in text.split(";"):
        job, position, machine, start, end, *mode = part.split()
        rows.append(
            Assignment(
                job=job,
                operation=int(position),
                machine="" if machine == "-" else machine,
                start=int(start),
                end=int(end),
                mode=int(mode[0]) if mode else 0,
            )
        )
    return Schedule(assignments=tuple(rows), tick=tick)


TWO = _shop(_job(("m", 3)), _job(("m", 3), name="b"))
ROUTE = _shop(_job(("m", 2), ("n", 2)))
CLOSED = _shop(_job(("m", 3)), closures={"m": [{"start": 4, "end": 6}]})
BREAK = _shop(
    _job({"machine": "m", "duration": 3, "interruptible": True}), closures={"m": [{"start": 4, "end": 6}]}
)
MOMENT = _shop(_job(("m", 0)), closures={"m": [{"start": 4, "end": 8}]})
FAMILIES = {"setup_times": {"m": {"red": {"blue": 2}, "blue": {"red": 1}}}, "initial_family": {"m": "blue"}}
COLOURS = _shop(_job(("m", 3), family="red"), _job(("m", 3), name="b", family="blue"), **FAMILIES)
OWN = _shop(
    _job({"machine": "m", "duration": 3, "family": "red"}, family="blue"),
    _job(("m", 3), name="b", family="blue"),
    **FAMILIES,
)
TRANSPORT = _shop(_job(("m", 2), ("n", 2)), transport_times={"m": {"n": 3}})
SKIPPED = _shop(
    _job(("m", 2), {"machine": "o", "duration": 1, "optional": True}, ("n", 2)),
    transport_times={"m": {"n": 3}, "o": {"n": 9}},
)
NO_WAIT = _shop(_job(("m", 2), ("n", 2), no_wait=True), transport_times={"m": {"n": 1}})
OPEN = _shop(_job(("m", 2), ("n", 3), order="open"), transport_times={"n": {"m": 2}})
ROUTES = _shop(
    _job(
        ("m", 1),
        {"machine": "n", "duration": 2, "route": "x"},
        {"machine": "o", "duration": 2, "route": "y"},
    )
)
MODES = _shop(_job({"modes": [{"machine": "m", "duration": 3}, {"machine": "n", "duration": 5}]}))


def _lag(kind, lag):
    tie = {"before": ["a", 0], "after": ["b", 0], "kind": kind, "lag": lag}
    return _shop(_job(("m", 3)), _job(("n", 2), name="b"), precedences=[tie])


MOST = _shop(
    _job(("m", 3)),
    _job(("n", 2), name="b"),
    precedences=[{"before": ["b", 0], "after": ["a", 0], "kind": "start-start", "lag": -4}],
)
OVEN = _shop(
    _job({"machine": "m", "duration": 3, "size": 2}, family="red"),
    _job(("m", 5), name="b", family="red"),
    _job(("m", 2), name="c", family="blue"),
    machines="m",
    batching={"m": 3},
    setup_times={"m": {"red": {"blue": 2}, "blue": {"red": 1}}},
)
SMALL_OVEN = _shop(
    _job({"machine": "m", "duration": 3, "size": 2}), _job(("m", 3), name="b"), batching={"m": 3}
)
TINY_OVEN = _shop(
    _job({"machine": "m", "duration": 3, "size": 2}), _job(("m", 3), name="b"), batching={"m": 2}
)
LINE = _shop(*(_job(("m", 1), ("n", 1), name=name) for name in "ab"), machines="mn", permutation=True)
GROUP = _shop(*(_job(("m", 1), ("n", 1), name=name) for name in "ab"), same_sequence=[["m", "n"]])
BLOCKING = _shop(*(_job(("m", 1), ("n", 4), name=name) for name in "abc"), machines="mn", buffers={"n": 0})
SWAP = _shop(_job(("m", 2), ("n", 2)), _job(("n", 2), ("m", 2), name="b"), buffers={"m": 0, "n": 0})
BLOCK_SETUP = _shop(
    *(_job(("m", 1), ("n", 4), name=n, family=f) for n, f in (("a", "x"), ("b", "x"), ("c", "y"))),
    machines="mn",
    buffers={"n": 0},
    setup_times={"m": {"x": {"y": 2}}},
)
BLOCK_WAY = _shop(
    *(_job(("m", 1), ("n", 4), name=name) for name in "abc"),
    machines="mn",
    buffers={"n": 0},
    transport_times={"m": {"n": 2}},
)
AGAIN = _shop(_job(("m", 2), ("m", 2)), _job(("m", 1), name="b"), buffers={"m": 5})


def _crew(*demands, **resource):
    jobs = [
        _job({"machine": machine, "duration": 3, "demands": {"crew": demand}}, name=name)
        for name, machine, demand in zip("abc", "mno", demands, strict=False)
    ]
    return _shop(*jobs, resources=[{"name": "crew", "capacity": 2} | resource])


STOCK = _crew(1, 2, 1, kind="consumable", deliveries=[{"time": 4, "amount": 1}, {"time": 6, "amount": 1}])
SKILLED = _shop(
    _job({"machine": "m", "duration": 3, "demands": {"weld": 1}}),
    _job({"machine": "n", "duration": 3, "demands": {"ann": 1}}, name="b"),
    resources=[{"name": n, "capacity": 1, "skills": ["weld"]} for n in ("ann", "bob")],
)
ABSENT = _crew(2, absences=[{"start": 5, "end": 7, "amount": 1}, {"start": 6, "end": 8, "amount": 1}])
TWO_CREW = _crew(1, 1, 1)
CLOSED_CREW = _crew(1).replace(closures={"crew": [{"start": 4, "end": 6}]})
GIVEN = Assignment(job="a", operation=0, machine="m", start=2, end=5)
FROZEN = _shop(_job(("m", 3)), _job(("n", 3), name="b"), frozen=[GIVEN.to_dict()], now=4)
FROZEN_MODE = MODES.replace(frozen=(Assignment(job="a", operation=0, machine="n", start=0, end=5, mode=1),))
FROZEN_OPTION = _shop(
    _job({"machine": "m", "duration": 3, "optional": True}, ("n", 1)), frozen=[GIVEN.to_dict()]
)
STREAM = _shop(_job({"machine": "m", "duration": 9, "lead": 2}, {"machine": "n", "duration": 4, "tail": 1}))

# instance, schedule on the edge, schedule beyond it, the one rule it breaks, by how much
CASES = [
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 3 6; x 0 m 9 10", "unknown job", 0),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 3 6; b 1 m 9 10", "unknown operation", 0),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3", "missing operation", 0),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 3 6; a 0 m 6 9", "duplicate operation", 0),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 n 0 3; b 0 m 3 6", "machine", 0),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 3 7", "duration", 1),
    (TWO, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 2 5", "overlap", 1),
    (TWO.replace(now=2), "a 0 m 2 5; b 0 m 5 8", "a 0 m 1 4; b 0 m 5 8", "now", 1),
    (MODES, "a 0 n 0 5 1", "a 0 n 0 5 2", "mode", 0),
    (MODES, "a 0 m 0 3 0", "a 0 n 0 3 0", "machine", 0),
    (ROUTES, "a 0 m 0 1; a 2 o 1 3", "a 0 m 0 1", "route", 0),
    (ROUTES, "a 0 m 0 1; a 1 n 1 3", "a 0 m 0 1; a 1 n 1 3; a 2 o 3 5", "route", 0),
    (CLOSED, "a 0 m 1 4", "a 0 m 2 5", "closure", 1),
    (CLOSED, "a 0 m 6 9", "a 0 m 5 8", "closure", 1),
    (CLOSED_CREW, "a 0 m 6 9", "a 0 m 3 6", "closure", 2),
    (MOMENT, "a 0 m 4 4", "a 0 m 5 5", "closure", 1),
    (MOMENT, "a 0 m 8 8", "a 0 m 6 6", "closure", 2),
    (BREAK, "a 0 m 3 8", "a 0 m 3 9", "duration", 1),
    (BREAK, "a 0 m 1 4", "a 0 m 1 6", "closure", 2),
    (BREAK, "a 0 m 6 9", "a 0 m 5 9", "closure", 1),
    (
        TWO.replace(jobs=(TWO.jobs[0].replace(release=2), TWO.jobs[1])),
        "a 0 m 3 6; b 0 m 0 3",
        "b 0 m 6 9; a 0 m 1 4",
        "release",
        1,
    ),
    (
        TWO.replace(jobs=(TWO.jobs[0].replace(deadline=6), TWO.jobs[1])),
        "a 0 m 3 6; b 0 m 0 3",
        "a 0 m 5 8; b 0 m 0 3",
        "deadline",
        2,
    ),
    (FROZEN, "a 0 m 2 5; b 0 n 4 7", "a 0 m 4 7; b 0 n 4 7", "frozen", 2),
    (FROZEN_MODE, "a 0 n 0 5 1", "a 0 m 0 3 0", "frozen", 2),
    (FROZEN_OPTION, "a 0 m 2 5; a 1 n 5 6", "a 1 n 5 6", "frozen", 0),
    (ROUTE, "a 0 m 0 2; a 1 n 2 4", "a 0 m 0 2; a 1 n 1 3", "precedence", 1),
    (TRANSPORT, "a 0 m 0 2; a 1 n 5 7", "a 0 m 0 2; a 1 n 4 6", "precedence", 1),
    (SKIPPED, "a 0 m 0 2; a 2 n 5 7", "a 0 m 0 2; a 2 n 3 5", "precedence", 2),
    (SKIPPED, "a 0 m 0 2; a 1 o 2 3; a 2 n 12 14", "a 0 m 0 2; a 1 o 2 3; a 2 n 5 7", "precedence", 7),
    (STREAM, "a 0 m 0 9; a 1 n 2 10", "a 0 m 0 9; a 1 n 2 9", "precedence", 1),
    (STREAM, "a 0 m 0 9; a 1 n 6 10", "a 0 m 0 9; a 1 n 7 10", "duration", 1),
    (NO_WAIT, "a 0 m 0 2; a 1 n 3 5", "a 0 m 0 2; a 1 n 5 7", "no-wait", 2),
    (NO_WAIT, "a 0 m 0 2; a 1 n 3 5", "a 0 m 0 2; a 1 n 2 4", "precedence", 1),
    (OPEN, "a 0 m 0 2; a 1 n 2 5", "a 0 m 0 2; a 1 n 1 4", "job overlap", 1),
    (OPEN, "a 1 n 0 3; a 0 m 5 7", "a 1 n 0 3; a 0 m 4 6", "job overlap", 1),
    (_lag("end-start", 2), "a 0 m 0 3; b 0 n 5 7", "a 0 m 0 3; b 0 n 4 6", "time lag", 1),
    (_lag("start-start", 2), "a 0 m 0 3; b 0 n 2 4", "a 0 m 0 3; b 0 n 1 3", "time lag", 1),
    (_lag("end-end", 2), "a 0 m 0 3; b 0 n 3 5", "a 0 m 0 3; b 0 n 1 3", "time lag", 2),
    (_lag("start-end", 4), "a 0 m 0 3; b 0 n 2 4", "a 0 m 0 3; b 0 n 1 3", "time lag", 1),
    (MOST, "a 0 m 0 3; b 0 n 4 6", "a 0 m 0 3; b 0 n 5 7", "time lag", 1),
    (COLOURS, "a 0 m 1 4; b 0 m 6 9", "a 0 m 1 4; b 0 m 5 8", "setup", 1),
    (COLOURS, "a 0 m 1 4; b 0 m 6 9", "a 0 m 0 3; b 0 m 6 9", "setup", 1),
    (OWN, "b 0 m 0 3; a 0 m 4 7", "b 0 m 0 3; a 0 m 3 6", "setup", 1),
    (OVEN, "a 0 m 0 5; b 0 m 0 5; c 0 m 7 9", "a 0 m 0 5; b 0 m 0 5; c 0 m 6 8", "setup", 1),
    (OVEN, "a 0 m 0 5; b 0 m 0 5; c 0 m 7 9", "a 0 m 0 3; b 0 m 0 5; c 0 m 7 9", "duration", 2),
    (OVEN, "a 0 m 0 3; b 0 m 3 8; c 0 m 10 12", "a 0 m 0 3; b 0 m 2 7; c 0 m 9 11", "overlap", 1),
    (OVEN, "a 0 m 3 6; c 0 m 0 2; b 0 m 6 11", "a 0 m 0 3; c 0 m 0 3; b 0 m 4 9", "batch family", 0),
    (SMALL_OVEN, "a 0 m 0 3; b 0 m 0 3", "a 0 m 0 3; b 0 m 1 4", "overlap", 2),
    (TINY_OVEN, "a 0 m 0 3; b 0 m 3 6", "a 0 m 0 3; b 0 m 0 3", "batch capacity", 1),
    (
        LINE,
        "a 0 m 0 1; a 1 n 1 2; b 0 m 1 2; b 1 n 2 3",
        "a 0 m 0 1; a 1 n 3 4; b 0 m 1 2; b 1 n 2 3",
        "permutation",
        0,
    ),
    (
        GROUP,
        "a 0 m 0 1; a 1 n 1 2; b 0 m 1 2; b 1 n 2 3",
        "a 0 m 0 1; a 1 n 3 4; b 0 m 1 2; b 1 n 2 3",
        "permutation",
        0,
    ),
    (
        BLOCKING,
        "a 0 m 0 1; a 1 n 1 5; b 0 m 1 2; b 1 n 5 9; c 0 m 5 6; c 1 n 9 13",
        "a 0 m 0 1; a 1 n 1 5; b 0 m 1 2; b 1 n 5 9; c 0 m 4 5; c 1 n 9 13",
        "buffer",
        1,
    ),
    (
        BLOCK_SETUP,
        "a 0 m 0 1; a 1 n 1 5; b 0 m 1 2; b 1 n 5 9; c 0 m 7 8; c 1 n 9 13",
        "a 0 m 0 1; a 1 n 1 5; b 0 m 1 2; b 1 n 5 9; c 0 m 6 7; c 1 n 9 13",
        "buffer",
        1,
    ),
    (
        BLOCK_WAY,
        "a 0 m 0 1; a 1 n 3 7; b 0 m 1 2; b 1 n 7 11; c 0 m 5 6; c 1 n 11 15",
        "a 0 m 0 1; a 1 n 3 7; b 0 m 1 2; b 1 n 7 11; c 0 m 4 5; c 1 n 11 15",
        "buffer",
        1,
    ),
    (
        SWAP,
        "a 0 m 0 2; b 0 n 0 2; a 1 n 2 4; b 1 m 2 4",
        "a 0 m 0 2; b 0 n 0 2; a 1 n 4 6; b 1 m 2 4",
        "buffer",
        1,
    ),
    (AGAIN, "a 0 m 0 2; a 1 m 3 5; b 0 m 5 6", "a 0 m 0 2; a 1 m 4 6; b 0 m 2 3", "buffer", 2),
    (TWO_CREW, "a 0 m 0 3; b 0 n 0 3; c 0 o 3 6", "a 0 m 0 3; b 0 n 0 3; c 0 o 2 5", "resource", 1),
    (ABSENT, "a 0 m 2 5", "a 0 m 4 7", "resource", 2),
    (ABSENT, "a 0 m 8 11", "a 0 m 7 10", "resource", 1),
    (STOCK, "a 0 m 0 3; b 0 n 4 7; c 0 o 6 9", "a 0 m 0 3; b 0 n 4 7; c 0 o 5 8", "resource", 1),
    (SKILLED, "a 0 m 0 3 1; b 0 n 0 3", "a 0 m 0 3 0; b 0 n 0 3", "resource", 1),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{n} {case[3]}" for n, case in enumerate(CASES)])
def test_a_schedule_on_the_edge_is_feasible_and_one_beyond_breaks_one_rule_by_the_right_amount(case):
    instance, edge, beyond, rule, amount = case
    assert verify(instance, _plan(edge)) == ()
    (violation,) = verify(instance, _plan(beyond))
    assert (violation.rule, violation.amount) == (rule, amount), violation


def test_each_rule_is_needed():
    """For each rule there is a schedule that only this rule refuses (the tick has a test of its own)."""
    assert {case[3] for case in CASES} == set(RULES) - {"tick"}


def test_ticks_of_another_length_are_refused():
    (violation,) = verify(TWO, _plan("a 0 m 0 3; b 0 m 3 6", tick=60.0))
    assert violation.rule == "tick"


def test_wrong_mode_and_duration_are_told_apart():
    assert [v.rule for v in verify(MODES, _plan("a 0 n 0 5 0"))] == ["machine", "duration"]
    assert [v.rule for v in verify(BREAK, _plan("a 0 m 2 6"))] == ["duration", "closure"]


def test_a_place_holds_one_job_at_a_time_and_is_free_again_at_once():
    """Jobs b and c wait for n: with one place c must stay on m, and d may not come before b has gone on."""
    jobs = [_job(("m", 1), ("n", 4), name=name) for name in "abcd"]
    shop = _shop(*jobs, machines="mn", buffers={"n": 1})
    head = "a 0 m 0 1; a 1 n 1 5; b 0 m 1 2; b 1 n 5 9; c 0 m 2 3; c 1 n 9 13; d 1 n 13 17; "
    assert verify(shop, _plan(head + "d 0 m 5 6")) == ()
    (violation,) = verify(shop, _plan(head + "d 0 m 4 5"))
    assert (violation.rule, violation.where, violation.amount) == ("buffer", "machine n, 4 to 5", 1)
    assert violation.message == "2 jobs wait in front of it (b, c), there is room for 1"


def test_set_ups_look_at_direct_neighbours_only():
    """From x to z takes 9, but over y only 2."""
    families = {"x": {"y": 1, "z": 9}, "y": {"z": 1}}
    jobs = [_job(("m", 1), name=name, family=name) for name in "xyz"]
    shop = _shop(*jobs, setup_times={"m": families})
    assert verify(shop, _plan("x 0 m 0 1; y 0 m 2 3; z 0 m 4 5")) == ()


def test_optional_operations_may_be_left_out_and_a_free_route_taken_by_doing_nothing():
    steps = [
        {"machine": "m", "duration": 1},
        {"machine": "n", "duration": 2, "route": "x"},
        {"machine": "o", "duration": 2, "route": "y", "optional": True, "skip_cost": 3},
    ]
    assert verify(_shop(_job(*steps)), _plan("a 0 m 0 1")) == ()


def test_closures_that_touch_are_one():
    closures = {"m": [{"start": 2, "end": 4}, {"start": 4, "end": 6}]}
    (violation,) = verify(_shop(_job(("m", 0)), closures=closures), _plan("a 0 m 4 4"))
    assert (violation.rule, violation.amount) == ("closure", 2)


def test_jobs_that_start_together_have_no_order_among_the_machines_of_a_group():
    shop = SMALL_OVEN.replace(
        same_sequence=(("m", "n"),),
        jobs=tuple(
            job.replace(operations=(*job.operations, {"machine": "n", "duration": 1}))
            for job in SMALL_OVEN.jobs
        ),
    )
    line = shop.replace(same_sequence=(), machines=("m", "n"), permutation=True)
    for first, second in ("ab", "ba"):
        plan = _plan(f"a 0 m 0 3; b 0 m 0 3; {first} 1 n 3 4; {second} 1 n 4 5")
        assert verify(shop, plan) == verify(line, plan) == ()
    (violation,) = verify(line, _plan("a 0 m 0 3; b 0 m 3 6; b 1 n 6 7; a 1 n 7 8"))
    assert (violation.rule, violation.where) == ("permutation", "machines m and n: jobs a and b")


@pytest.mark.parametrize(
    ("steps", "more", "message"),
    [
        ([("m", 1), ("n", 1)], {"batching": {"n": 2}, "buffers": {"n": 1}}, "no finite buffer can stand"),
        ([("m", 0), ("n", 1)], {"buffers": {"n": 1}}, "take 1 tick or more"),
        (
            [
                {"machine": "m", "duration": 4, "lead": 1},
                {"machine": "n", "duration": 2, "interruptible": True},
            ],
            {},
            "interruptions",
        ),
        ([{"machine": "m", "duration": 4, "lead": 1}, ("n", 2)], {"batching": {"n": 2}}, "in batches"),
    ],
)
def test_what_no_rule_treats_is_refused_as_an_instance(steps, more, message):
    with pytest.raises(ModelError, match=message):
        _shop(_job(*steps), **more)
