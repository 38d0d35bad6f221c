"""What behaviour written by users promises, as tests that its author subclasses.

::

    import pytest
    from opt_twin.testing import StationBehaviourSuite

    class TestMyOven(StationBehaviourSuite):
        path = "my_package.ovens:Oven"
        options = {"heat": 5.0}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from opt_twin.line import (
    Behaviour,
    Custom,
    Deterministic,
    Exponential,
    Line,
    Maintenance,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.records import FrozenMapping
from opt_twin.simulation import Cycle, PartView, RunSettings, Simulation, Snapshot, run_replication
from opt_twin.simulation.behaviours import make

__all__ = ["DistributionSuite", "ObserverSuite", "RoutingRuleSuite", "StationBehaviourSuite"]

_SETTINGS = RunSettings(horizon=2000.0)


class _Suite:
    """What the suites share.

    Class attributes: `path` names the class, `options` are the arguments of its constructor.
    """

    path: str = ""
    options: ClassVar[Mapping[str, Any]] = {}


class _RunSuite(_Suite):
    """What the suites of behaviour in a run share."""

    def line(self) -> Line:
        """Return a line to run."""
        raise NotImplementedError

    def settings(self) -> RunSettings:
        """Return how it is run."""
        return _SETTINGS

    def behaviour(self) -> Behaviour:
        """Return the behaviour."""
        return Behaviour(path=self.path, options=FrozenMapping(self.options))

    def test_a_run_takes_the_same_path_again(self) -> None:
        """Two runs of one seed are alike, and parts and state times add up."""
        line, settings = self.line(), self.settings()
        first, second = (run_replication(line, settings=settings, seed=3, log=True) for _ in range(2))
        assert first.events == second.events
        assert repr(dict(first.values)) == repr(dict(second.values))
        assert first.values["A.parts"] > 0

    def test_a_run_that_is_restored_goes_on_alike(self) -> None:
        """A snapshot holds what the behaviour remembers: `state` and `restore` belong together."""
        line, settings = self.line(), self.settings()
        whole = run_replication(line, settings=settings, seed=3)
        run = Simulation(line, settings=settings, seed=3)
        run.run_until(700.0)
        saved = Snapshot.from_dict(json.loads(json.dumps(run.snapshot().to_dict())))
        assert repr(dict(Simulation.restore(saved).finish().values)) == repr(dict(whole.values))


class StationBehaviourSuite(_RunSuite):
    """Subclass it and set `path`, and `options` where the class takes any.

    Class attribute `tasks`: names of the maintenance tasks that it may ask for.
    """

    tasks: tuple[str, ...] = ()

    def line(self) -> Line:
        """Return a line with a station of this behaviour; a subclass may return another one."""
        station = Station(
            name="A",
            cycle_time=Exponential(mean=10.0),
            behaviour=self.behaviour(),
            maintenance=tuple(
                Maintenance(name=name, duration=Deterministic(value=5.0)) for name in self.tasks
            ),
        )
        return Line(
            name="conformance",
            elements=(Source(name="In"), station, Sink(name="Out")),
            connections=chain("In", "A", "Out"),
        )

    def test_it_gives_cycles_that_make_sense(self) -> None:
        """Times are finite and 0 or more, and two objects that are asked alike answer alike."""
        answers = []
        for _ in range(2):
            behaviour = make(Behaviour(path=self.path, options=FrozenMapping(self.options)), "the suite")
            rng = np.random.default_rng(1)
            draws = [behaviour.cycle(_part(number), 10.0, 10.0 * number, rng.random) for number in range(50)]
            answers.append(draws)
        for cycle in answers[0]:
            assert isinstance(cycle, Cycle)
            assert cycle.run >= 0
            assert np.isfinite(cycle.run)
        assert answers[0] == answers[1], "the answer depends on something else than the arguments"


class RoutingRuleSuite(_RunSuite):
    """Subclass it and set `path`, and `options` where the class takes any."""

    def line(self) -> Line:
        """Return a line in which parts choose among three ways; a subclass may return another one."""
        ways = ("A", "B", "C")
        stations = (Station(name=name, cycle_time=Exponential(mean=25.0)) for name in ways)
        source = Source(
            name="In",
            interarrival=Exponential(mean=10.0),
            mix=FrozenMapping({"a": 0.5, "b": 0.5}),
            routing=self.behaviour(),
        )
        return Line(
            name="conformance",
            elements=(source, *stations, Sink(name="Out")),
            connections=tuple(link for name in ways for link in chain("In", name, "Out")),
            products=(Product(name="a"), Product(name="b")),
        )

    def test_it_chooses_where_parts_may_go(self) -> None:
        """Every part goes to one of its targets; a rule that names another one ends the run."""
        run = run_replication(self.line(), settings=self.settings(), seed=3)
        assert run.values["released"] > 0


class ObserverSuite(_RunSuite):
    """Subclass it and set `path`, and `options` where the class takes any."""

    def line(self) -> Line:
        """Return a line of one station A; a subclass may return another one."""
        station = Station(name="A", cycle_time=Exponential(mean=10.0), defect_rate=0.1)
        return Line(
            name="conformance",
            elements=(Source(name="In"), station, Sink(name="Out")),
            connections=chain("In", "A", "Out"),
        )

    def settings(self) -> RunSettings:
        """Return how it is run: observed."""
        return _SETTINGS.replace(observers=(self.behaviour(),))

    def test_it_changes_nothing(self) -> None:
        """The path of a run is the same with and without it."""
        seen = run_replication(self.line(), settings=self.settings(), seed=3, log=True)
        unseen = run_replication(self.line(), settings=_SETTINGS, seed=3, log=True)
        assert seen.events == unseen.events


class DistributionSuite(_Suite):
    """Subclass it and set `path`, and `options` where the class takes any.

    Class attribute `size`: how many draws the moments are taken over.
    """

    size: int = 100_000

    def distribution(self) -> Custom:
        """Return the distribution."""
        return Custom(path=self.path, options=FrozenMapping(self.options))

    def test_draws_are_times(self) -> None:
        """Draws are finite and 0 or more."""
        draws = self.distribution().sample(np.random.default_rng(1), 1000)
        assert draws.shape == (1000,)

    def test_draws_do_not_depend_on_how_they_are_split(self) -> None:
        """Two calls of n give the same as one of 2 n."""
        one, two = np.random.default_rng(1), np.random.default_rng(1)
        whole = self.distribution().sample(one, 64)
        halves = [self.distribution().sample(two, 32) for _ in range(2)]
        assert np.array_equal(whole, np.concatenate(halves))

    def test_the_moments_are_the_stated_ones(self) -> None:
        """The mean of many draws lies within 5 standard errors of `mean`, and the variance is near."""
        distribution = self.distribution()
        draws = distribution.sample(np.random.default_rng(1), self.size)
        error = (distribution.variance / self.size) ** 0.5
        assert abs(draws.mean() - distribution.mean) <= 5 * error + 1e-9 * distribution.mean
        assert abs(draws.var() - distribution.variance) <= 0.1 * distribution.variance + 1e-12


def _part(number: int) -> PartView:
    return PartView(
        number=number,
        product=None,
        order=None,
        units=1,
        defective=False,
        rejected=False,
        age=5.0,
    )
