"""Files of solutions: written, read again beside their instance, and refused with their place."""

import pytest

from opt_twin.errors import InstanceError, PlanError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import (
    SchedulingInstance,
    load_instance,
    parse_instance,
    read_solution,
    solve_schedule,
    verify,
    write_solution,
)

FLEXIBLE = parse_instance("2 2\n1 2 1 3 2 5\n1 2 1 4 2 4\n", format="fjs")
PLAN = Schedule(
    assignments=(
        Assignment(job="J1", operation=0, machine="M2", mode=1, start=0, end=5),
        Assignment(job="J2", operation=0, machine="M1", mode=0, start=1, end=5),
    )
)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_solution_comes_back_with_its_modes(tmp_path, suffix):
    path = tmp_path / f"plan.{suffix}"
    write_solution(PLAN, path)
    again = read_solution(path, FLEXIBLE)
    assert again == PLAN
    assert [a.mode for a in again.assignments] == [1, 0]
    assert verify(FLEXIBLE, again) == ()


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_what_a_solver_found_is_feasible_after_it_was_written_and_read(tmp_path, suffix):
    shop = load_instance("ft06")
    best = solve_schedule(shop, solver="dispatching").solution()
    write_solution(best, tmp_path / f"plan.{suffix}")
    again = read_solution(tmp_path / f"plan.{suffix}", shop)
    assert verify(shop, again) == ()
    assert again.makespan == best.makespan


def test_a_mode_that_is_left_out_is_told_by_machine_and_duration(tmp_path):
    """Machine M1 does the operation slowly or fast: the times tell which."""
    modes = [{"machine": "M1", "duration": 9}, {"machine": "M1", "duration": 4}]
    operation = {"modes": [*modes, {"machine": "M2", "duration": 4}]}
    shop = SchedulingInstance.from_dict(
        {"name": "x", "machines": ["M1", "M2"], "jobs": [{"name": "a", "operations": [operation]}]}
    )
    path = tmp_path / "plan.csv"
    for machine, end, mode in (("M1", 4, 1), ("M1", 9, 0), ("M2", 4, 2), ("M1", 7, 0), ("M9", 4, 0)):
        path.write_text(f"job,operation,machine,start,end\na,0,{machine},0,{end}\n")
        assert read_solution(path, shop).assignments[0].mode == mode
    path.write_text("job,operation,machine,mode,start,end\na,0,M1,,0,4\n")
    assert read_solution(path, shop).assignments[0].mode == 1


def test_what_does_not_fit_the_instance_is_left_to_the_verifier(tmp_path):
    path = tmp_path / "plan.csv"
    path.write_text("job,operation,machine,start,end\nJ9,0,M1,0,4\nJ1,7,M1,0,4\nJ1,0,M1,0,3\n")
    rules = {violation.rule for violation in verify(FLEXIBLE, read_solution(path, FLEXIBLE))}
    assert {"unknown job", "unknown operation", "missing operation"} <= rules


def test_ticks_must_be_those_of_the_instance(tmp_path):
    write_solution(PLAN.replace(tick=60.0), tmp_path / "plan.json")
    with pytest.raises(PlanError, match=r"plan\.json: the schedule counts in ticks of 60 s, .* of 1 s"):
        read_solution(tmp_path / "plan.json", FLEXIBLE)
    write_solution(PLAN.replace(tick=60.0), tmp_path / "plan.csv")
    minutes = FLEXIBLE.replace(tick=60.0)
    assert read_solution(tmp_path / "plan.csv", minutes).tick == 60.0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "x.csv",
            "job,machine\n",
            r"x\.csv:1: column 'operation' is missing; expected job, operation",
        ),
        ("x.csv", "job,operation,machine,start,end\nJ1,0,M1,0,x\n", r"x\.csv:2: row: end"),
        (
            "x.csv",
            "job,operation,machine,start,end\nJ1,0,M1,5,3\n",
            r"x\.csv:2: row: .*ends before it starts",
        ),
        ("x.json", '{"assignments": [{"job": "J1"}]}', r"x\.json: assignments\.0: operation: field req"),
        (
            "x.json",
            '{"assignments": [[]]}',
            r"x\.json: assignments\.0: expected an object with job",
        ),
        ("x.json", "{\n,", r"x\.json:2: not JSON"),
    ],
)
def test_a_malformed_solution_says_where(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InstanceError, match=message):
        read_solution(tmp_path / name, FLEXIBLE)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path):
    with pytest.raises(InstanceError, match=r"no\.csv: cannot be read: No such file"):
        read_solution(tmp_path / "no.csv", FLEXIBLE)
    with pytest.raises(InstanceError, match="cannot be written"):
        write_solution(PLAN, tmp_path)
