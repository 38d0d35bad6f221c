"""The suites pass for behaviour that keeps its promises, and fail for behaviour that does not."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from opt_twin.errors import BehaviourError, SimulationError
from opt_twin.line import Behaviour, Custom, Line, Maintenance, Sink, Source, Station, chain
from opt_twin.simulation import RunSettings, Simulation, run_replication, simulate
from opt_twin.testing import DistributionSuite, ObserverSuite, RoutingRuleSuite, StationBehaviourSuite

HERE = str(Path(__file__).parent)


@pytest.fixture(autouse=True)
def own_behaviours(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    yield
    sys.modules.pop("own_behaviours", None)


class TestOven(StationBehaviourSuite):
    path = "own_behaviours:Oven"
    options = {"heat": 4.0}  # noqa: RUF012  as the suite has it


class TestCareful(StationBehaviourSuite):
    path = "own_behaviours:Careful"
    tasks = ("cleaning",)


class TestTwoPoints(DistributionSuite):
    path = "own_behaviours:TwoPoints"
    options = {"low": 2.0, "high": 6.0}  # noqa: RUF012  as the suite has it


class TestAlternate(RoutingRuleSuite):
    path = "own_behaviours:Alternate"


class TestFirstPass(ObserverSuite):
    path = "own_behaviours:FirstPass"
    options = {"station": "A"}  # noqa: RUF012  as the suite has it


class Nowhere(RoutingRuleSuite):
    path = "own_behaviours:Nowhere"


class Forgets(StationBehaviourSuite):
    path = "own_behaviours:Forgetful"


class Lies(DistributionSuite):
    path = "own_behaviours:TwoPoints"
    options = {"low": 2.0, "high": 6.0, "mean": 3.0}  # noqa: RUF012  as the suite has it


def test_behaviour_that_a_snapshot_does_not_hold_fails_the_suite():
    with pytest.raises(AssertionError):
        Forgets().test_a_run_that_is_restored_goes_on_alike()


def test_a_distribution_that_lies_about_its_mean_fails_the_suite():
    with pytest.raises(AssertionError):
        Lies().test_the_moments_are_the_stated_ones()


def line(path, cycle_time=5.0, tasks=(), **options):
    station = Station(
        name="A",
        cycle_time=cycle_time,
        behaviour=None if path is None else Behaviour(path=path, options=options),
        maintenance=tuple(Maintenance(name=name, duration=7.0) for name in tasks),
    )
    return Line(
        name="one",
        elements=(Source(name="In"), station, Sink(name="Out")),
        connections=chain("In", "A", "Out"),
    )


def run(made, horizon=100.0):
    return run_replication(made, settings=RunSettings(horizon=horizon), log=True)


def test_a_behaviour_adds_phases_and_defects():
    """Heating 4 s once, 5 to 5.5 s of work, 1 s after it; every tenth part is spoiled."""
    done = run(line("own_behaviours:Oven", heat=4.0), 200)
    starts = [event.time for event in done.events if event.kind == "start"]
    finished = [event.time for event in done.events if event.kind == "finish"]
    assert 10.0 <= finished[0] <= 10.5
    assert all(6.0 <= end - start <= 6.5 for start, end in zip(starts[1:], finished[1:], strict=False))
    assert done.values["A.setup"] == pytest.approx(4 / 200)
    assert done.values["defective_parts"] == len(finished) // 10


def test_a_behaviour_asks_for_maintenance():
    done = run(line("own_behaviours:Careful", tasks=("cleaning",)))
    began = [event.time for event in done.events if event.kind == "maintain"]
    assert began == [25.0, 57.0, 89.0]
    assert done.values["A.maintenance"] == pytest.approx(21 / 100)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("raise", "raised KeyError: 'no such tool', at 10 s"),
        ("number", "returned 3.0, not a Cycle, at 10 s"),
        ("negative", "gave a time of -1.0; a time is a finite number of 0 or more, at 10 s"),
        ("nan", "gave a time of nan"),
        ("state", "gave a phase in the state 'asleep'"),
        ("cleaning", "asked for the maintenance 'cleaning', which the station does not have"),
    ],
)
def test_behaviour_that_goes_wrong_is_named_with_station_and_time(what, message):
    with pytest.raises(BehaviourError) as caught:
        run(line("own_behaviours:Answers", what=what))
    assert "own_behaviours:Answers of station 'A'" in str(caught.value)
    assert message in str(caught.value)
    assert isinstance(caught.value, SimulationError)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("own_behaviours:Oven2", "cannot be made: AttributeError"),
        ("no_such_module:Oven", "cannot be made: ModuleNotFoundError"),
        ("own_behaviours:Answers", "missing 1 required positional argument: 'what'"),
        ("own_behaviours:TwoPoints", "missing 2 required positional arguments"),
        ("oven", "no behaviour is called 'oven'"),
    ],
)
def test_behaviour_that_cannot_be_made_is_refused(path, message):
    with pytest.raises(BehaviourError) as caught:
        run(line(path))
    assert "station 'A'" in str(caught.value)
    assert message in str(caught.value)


def test_a_class_without_cycles_is_refused():
    with pytest.raises(BehaviourError, match="has no method 'cycle"):
        run(line("own_behaviours:TwoPoints", low=1.0, high=2.0))


def test_a_distribution_of_a_users_own_is_used_for_any_time():
    made = line(None, Custom(path="own_behaviours:TwoPoints", options={"low": 2.0, "high": 6.0}))
    done = run(made)
    assert {round(e.duration) for e in done.events if e.kind == "finish"} == {2, 6}
    simulation = Simulation(made, settings=RunSettings(horizon=100.0))
    simulation.run_until(50)
    twin = Simulation.restore(simulation.snapshot())
    assert twin.finish().values == done.values == simulation.finish().values


def test_a_distribution_that_draws_no_times_is_named():
    made = line(None, Custom(path="own_behaviours:Wild", options={"low": 2.0, "high": 6.0}))
    with pytest.raises(
        BehaviourError, match=r"'own_behaviours:Wild' must return 32 finite numbers of 0 or more"
    ):
        run(made)
    with pytest.raises(BehaviourError, match="raised AttributeError"):
        run(line(None, Custom(path="own_behaviours:NotThere")))


def test_a_rule_that_leads_nowhere_fails_the_suite():
    with pytest.raises(BehaviourError, match="chose 'Nowhere' for part 0"):
        Nowhere().test_it_chooses_where_parts_may_go()


def observed(*observers, **fields):
    return RunSettings(horizon=50.0, observers=observers, **fields)


def test_what_observers_measure_stands_among_the_values():
    own = Behaviour(path="own_behaviours:FirstPass", options={"station": "A"})
    plain, settings = line(None), observed(own, replications=2)
    assert run_replication(plain, settings=settings).values["first pass"] == 10
    evaluation = simulate(plain, settings=settings)
    assert list(evaluation["first pass"]) == [10, 10]
    assert evaluation.mean("longest") == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "throughput"}, "calls a measure 'throughput', as another one is called"),
        ({"value": "many"}, "gave 'many' for 'first pass'; a measure is a finite number"),
    ],
)
def test_measures_that_make_no_sense_are_named(options, message):
    own = Behaviour(path="own_behaviours:FirstPass", options={"station": "A", **options})
    with pytest.raises(BehaviourError) as caught:
        run_replication(line(None), settings=observed(own))
    assert message in str(caught.value)


def test_an_observer_that_raises_ends_the_run_and_the_log_keeps_what_it_had():
    kept = []
    with pytest.raises(
        BehaviourError, match="own_behaviours:Deaf of observer 1 raised ValueError: too late, at 25 s"
    ):
        run_replication(line(None), settings=observed(Behaviour(path="own_behaviours:Deaf")), log=kept)
    assert [event.time for event in kept if event.kind == "exit"] == [5.0, 10.0, 15.0, 20.0]
    assert kept[-1].time == 25


def test_behaviour_is_found_by_the_name_under_which_a_package_offers_it(monkeypatch):
    offered = EntryPoint(name="oven", value="own_behaviours:Oven", group="opt_twin.behaviours")
    monkeypatch.setattr(
        "opt_twin.simulation.behaviours.entry_points",
        lambda *, group: [offered] if group == offered.group else [],
    )
    by_name, by_path = run(line("oven", heat=4.0)), run(line("own_behaviours:Oven", heat=4.0))
    assert by_name.events == by_path.events
    with pytest.raises(BehaviourError, match=r"no behaviour is called 'ofen' \(did you mean 'oven'\?\)"):
        run(line("ofen"))
