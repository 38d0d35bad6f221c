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


def test_all_built_in_instances_load_and_their_bounds_hold():
    names = builtin_names()
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
        "'ta81' is not a built-in instance (ft06, ..., ta01-ta80); did you mean 'ta80'? "
        "Give a path for a file of your own."
    )
    with pytest.raises(UnknownNameError, match=r"ta01-ta80\)\. Give a path"):
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
