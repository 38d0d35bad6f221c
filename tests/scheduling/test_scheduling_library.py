"""Built-in instances: all there, as published."""

import pytest

from opt_twin.errors import InstanceError, OptionError, OptTwinError, UnknownNameError
from opt_twin.scheduling import (
    best_known,
    builtin_names,
    files,
    load_instance,
    lower_bound,
    taillard_instance,
    taillard_job_shop,
)
from opt_twin.scheduling.taillard import taillard_times


def test_all_built_in_job_shops_load_and_their_bounds_hold():
    names = [name for name in builtin_names() if best_known(name) and best_known(name).problem == "jsp"]
    assert len(names) == 3 + 40 + 5 + 10 + 80
    for name in names:
        shop, known = load_instance(name), best_known(name)
        assert shop.name == name
        assert shop.is_plain
        assert known.lower <= known.upper
        assert known.proved == (known.lower == known.upper)
        assert known.source
        assert known.date
        assert lower_bound(shop) <= known.upper
        for job in shop.jobs:
            assert sorted(o.machine for o in job.operations) == sorted(shop.machines)


def test_names_are_unique_and_all_260_of_taillard_are_there():
    names = builtin_names()
    assert len(set(names)) == len(names) == 58 + 80 + 120 + 60


@pytest.mark.parametrize("name", ["ta001", "ta030", "ta031", "ta051"])
def test_flow_shops_are_built_with_their_sequence(name):
    """No bound of a machine passes the best known makespan."""
    shop, rows = load_instance(name), taillard_times(name)
    assert shop.permutation
    assert shop.features == {"one sequence on all machines"}
    assert [[o.duration for o in job.operations] for job in shop.jobs] == [list(row) for row in rows]
    assert [o.machine for o in shop.jobs[0].operations] == list(shop.machines)
    loads = [sum(column) for column in zip(*rows, strict=True)]
    assert max(loads) <= best_known(name).upper


def test_open_shops_are_built_and_their_loads_are_below_the_optimum():
    """With open jobs, neither a machine nor a job does two things at a time."""
    for name in builtin_names():
        known = best_known(name)
        if known is None or known.problem != "osp":
            continue
        shop, rows = load_instance(name), taillard_times(name)
        assert shop.features == {"open jobs"}
        assert [[o.duration for o in job.operations] for job in shop.jobs] == [list(row) for row in rows]
        assert max(*map(sum, rows), *map(sum, zip(*rows, strict=True))) <= known.upper
        assert known.proved


def test_what_is_known_is_told_by_problem():
    assert best_known("ft06", "no-wait jsp").upper == 73
    assert best_known("ft06", "blocking jsp").upper == 63
    assert best_known("ta001", "no-wait pfsp").upper == 1486
    assert (best_known("ta001").problem, best_known("ta01").problem) == ("pfsp", "jsp")
    assert (best_known("ta001").lower, best_known("ta051").lower) == (1278, None)
    assert best_known("ta051").upper == 3850
    assert best_known("ta4x4_1").upper == 193
    assert best_known("ft06", "osp") is None
    with pytest.raises(UnknownNameError, match="did you mean 'pfsp'"):
        best_known("ta001", "fpsp")


def test_table_holds_every_flow_shop_and_no_bound_above_what_is_known():
    assert all(best_known(f"ta{number:03}").problem == "pfsp" for number in range(1, 121))
    lower, upper = best_known("mk10").lower, best_known("mk10").upper
    assert (lower, upper) == (189, 193)
    for number in range(1, 11):
        known = best_known(f"mk{number:02}", "fjsp")
        assert known.lower <= known.upper
        assert known.proved == (known.lower == known.upper)


def test_a_format_is_for_files():
    with pytest.raises(OptionError, match="'ft06' is built in"):
        load_instance("ft06", "standard")


def test_taillard_generator_gives_the_published_figures():
    """Taillard (1993): the first row of ta01, and the sum of all durations of the 80 instances."""
    first = taillard_instance("ta01").jobs[0].operations
    assert [o.duration for o in first] == [94, 66, 10, 53, 26, 15, 65, 82, 10, 27, 93, 92, 96, 70, 83]
    assert [int(o.machine[1:]) for o in first] == [7, 13, 5, 8, 4, 3, 11, 12, 9, 15, 10, 14, 6, 1, 2]
    total = sum(
        operation.duration
        for number in range(1, 81)
        for job in taillard_instance(f"ta{number:02}").jobs
        for operation in job.operations
    )
    assert total == 2_871_630


def test_generator_refuses_what_is_out_of_range():
    with pytest.raises(OptionError, match="0 jobs"):
        taillard_job_shop(0, 5, 1, 1)
    with pytest.raises(OptionError, match="seed 0"):
        taillard_job_shop(5, 5, 1, 0)
    with pytest.raises(UnknownNameError, match="did you mean 'ta80'"):
        taillard_instance("ta81")


def test_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        load_instance("ta81")
    assert str(caught.value) == (
        "'ta81' is not a built-in instance (ft06, ..., ta01-ta80, ta001-ta120, ta4x4_1-ta20x20_10); "
        "did you mean 'ta081'? "
        "Give a path for a file of your own."
    )
    with pytest.raises(UnknownNameError, match=r"ta20x20_10\)\. Give a path"):
        load_instance("zzzzzzzz")


def test_paths_are_read(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("1 1\n0 5\n")
    assert load_instance(path).name == "own"
    assert load_instance(str(path)).jobs[0].operations[0].duration == 5
    with pytest.raises(InstanceError, match=r"missing\.txt: cannot be read"):
        load_instance("missing.txt")


def test_abz8_is_the_proved_value():
    """Tables with 665 are below the proved optimum."""
    assert best_known("abz8").upper == 667
    assert best_known("ta41").proved is False
    assert best_known("mine") is None


def test_a_broken_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "__file__", str(tmp_path / "opt_twin" / "scheduling" / "files.py"))
    with pytest.raises(OptTwinError, match="install opt-twin again"):
        files.instances_folder()
    installed = tmp_path / "opt_twin" / "_instances"
    installed.mkdir(parents=True)
    (installed / "best_known.csv").write_text("")
    assert files.instances_folder() == installed
