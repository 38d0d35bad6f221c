"""Random lines: graphs with splits, merges and loops, of stations that stop, batch, test and scrap.

What is random is asked of a :class:`Choices`, so that a seed or a library for property tests can answer.
A mechanism of stations is a function from choices to fields of a station; add it to `MECHANISMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Protocol, TypeVar

import numpy as np

from opt_twin.line import (
    AtShiftEnd,
    Buffer,
    Clock,
    Connection,
    Deterministic,
    Distribution,
    Element,
    Empirical,
    Exponential,
    FailureMode,
    Inspection,
    Interrupted,
    Line,
    Maintenance,
    MicroStop,
    Need,
    Operators,
    Product,
    Shift,
    Sink,
    Source,
    Station,
    Uniform,
    chain,
)

__all__ = ["MECHANISMS", "STAFFED", "Choices", "SeededChoices", "random_line", "random_tandem", "slowed"]

T = TypeVar("T")


class Choices(Protocol):
    """Answers what is left to chance; the first or least answer is the simplest."""

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`."""

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""

    def number(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""


class SeededChoices:
    """Choices by a generator.

    Parameters
    ----------
    seed
        Of a :class:`numpy.random.Generator`.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, each with the same probability."""
        return options[int(self._rng.integers(len(options)))]

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return int(self._rng.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""
        return float(self._rng.uniform(low, high))


def _seconds(choices: Choices, low: float = 0.25, high: float = 4.0) -> Distribution:
    """Return a distribution of times, none of them longer than some ten times `high`."""
    value = choices.number(low, high)
    kinds: tuple[Distribution, ...] = (
        Deterministic(value=value),
        Exponential(mean=value),
        Uniform(low=value / 2, high=2 * value),
        Empirical(values=(value, 2 * value, value / 2)),
    )
    return choices.pick(kinds)


def _parallel(choices: Choices) -> Mapping[str, object]:
    return {"servers": choices.whole(1, 3)}


def _batches(choices: Choices) -> Mapping[str, object]:
    return {"batch_size": choices.pick((1, 1, 2, 3))}


def _failing(choices: Choices) -> Mapping[str, object]:
    modes = []
    for number in range(choices.whole(0, 2)):
        failing: tuple[Distribution, ...] = (Exponential(mean=12.0), Deterministic(value=8.0))
        modes.append(
            FailureMode(
                name=f"mode{number}",
                time_to_failure=choices.pick(failing),
                time_to_repair=_seconds(choices),
                clock=choices.pick(tuple(Clock)),
                interrupted=choices.pick(tuple(Interrupted)),
            )
        )
    return {"failures": tuple(modes)}


def _stopping(choices: Choices) -> Mapping[str, object]:
    jam = MicroStop(probability=0.25, duration=Exponential(mean=1.0))
    return {"micro_stops": choices.pick(((), (jam,)))}


def _testing(choices: Choices) -> Mapping[str, object]:
    return {
        "defect_rate": choices.pick((0.0, 0.25)),
        "inspection": choices.pick((None, Inspection(detection=0.8, false_alarm=0.1))),
    }


def _changing_over(choices: Choices) -> Mapping[str, object]:
    setups: tuple[Mapping[str, Mapping[str, float]], ...] = ({}, {"a": {"b": 2.0}, "b": {"a": 1.0}})
    return {"setup_times": choices.pick(setups), "speed": choices.pick((1.0, 1.25))}


MECHANISMS: tuple[Callable[[Choices], Mapping[str, object]], ...] = (
    _parallel,
    _batches,
    _failing,
    _stopping,
    _testing,
    _changing_over,
)
"""Each gives fields of a station; together they give all that is not its name or cycle time."""


def _staffed(choices: Choices) -> Mapping[str, object]:
    need = choices.pick(("hand", {"skill": "hand", "number": 2}))
    needs = choices.pick(({}, {"run": need}, {"load": "hand"}, {"setup": need, "run": "hand"}))
    load = choices.pick((None, Exponential(mean=0.5)))
    return {"needs": needs, "load_time": load, "priority": choices.whole(0, 1)}


def _working_shifts(choices: Choices) -> Mapping[str, object]:
    return {
        "shifts": choices.pick(((), ("first",), ("first", "second"))),
        "at_shift_end": choices.pick(tuple(AtShiftEnd)),
        "warm_up_time": choices.pick((0.0, 1.0)),
        "warm_up_after": choices.pick((0.0, 2.0)),
    }


def _maintained(choices: Choices) -> Mapping[str, object]:
    task = Maintenance(
        start=5.0,
        every=choices.pick((None, 12.0)),
        duration=_seconds(choices),
        crew=choices.pick((None, Need(skill="fitter"))),
        at_start=choices.pick(tuple(AtShiftEnd)),
        renews=("wear",),
    )
    wear = FailureMode(
        name="wear",
        time_to_failure=Exponential(mean=9.0),
        time_to_repair=Exponential(mean=2.0),
        clock=choices.pick(tuple(Clock)),
        crew=choices.pick((None, Need(skill="fitter"))),
        also_stops=choices.pick(((), ("S00",))),
    )
    return {"failures": choices.pick(((), (wear,))), "maintenance": choices.pick(((), (task,)))}


STAFFED: tuple[Callable[[Choices], Mapping[str, object]], ...] = (
    _parallel,
    _batches,
    _stopping,
    _testing,
    _changing_over,
    _staffed,
    _working_shifts,
    _maintained,
)
"""Mechanisms of stations with people, shifts and maintenance."""


def random_line(
    choices: Choices, *, mechanisms: Sequence[Callable[[Choices], Mapping[str, object]]] = MECHANISMS
) -> Line:
    """Return a line of one to three layers of one to three stations.

    Parts go from layer to layer by chance, so that ways split and merge; a station of the last layer may send
    parts back to any layer, with an exit of at least one half. Before a station lies a buffer, or nothing.
    Sources are saturated or not, of one or two products; there are one or two sinks.

    Parameters
    ----------
    choices
        Answer everything that is random; the same answers give the same line.
    mechanisms
        Of the stations.
    """
    layers = [
        [f"S{depth}{number}" for number in range(choices.whole(1, 3))] for depth in range(choices.whole(1, 3))
    ]
    elements: list[Element] = []
    arrows: list[Connection] = []
    doors: dict[str, str] = {}  # where a station's parts come in: its buffer, or itself
    for name in (name for layer in layers for name in layer):
        fields: dict[str, object] = {}
        for mechanism in mechanisms:
            fields |= mechanism(choices)
        elements.append(Station(name=name, cycle_time=_seconds(choices), **fields))  # type: ignore[arg-type]  # validated
        doors[name] = name
        places = choices.pick((0, 1, 2, 5))
        if places:
            doors[name] = f"B{name[1:]}"
            elements.append(Buffer(name=doors[name], capacity=places))
            arrows.append(Connection(source=doors[name], target=name))
    sinks = ["Out", "Else"][: choices.whole(1, 2)]
    elements += [Sink(name=name) for name in sinks]
    inlets = [f"In{number}" for number in range(choices.whole(1, 2))]
    mixes: tuple[Mapping[str, float], ...] = ({}, {"a": 0.5, "b": 0.5})
    for name in inlets:
        arrival = choices.pick((None, Exponential(mean=2.0), Deterministic(value=1.5)))
        elements.append(Source(name=name, interarrival=arrival, mix=choices.pick(mixes)))  # type: ignore[arg-type]  # frozen
    stages = [inlets, *layers, sinks]
    for before, after in pairwise(stages):
        arrows += _ways(choices, before, [doors.get(name, name) for name in after])
    last = choices.pick(layers[-1])
    back = choices.pick((None, *doors.values()))
    if back is not None and back != last:
        arrows = _with_loop(arrows, last, back)
    return Line(
        name="random",
        elements=tuple(_consistent(element) for element in elements),
        connections=tuple(arrows),
        products=(Product(name="a"), Product(name="b")),
        operators=(
            Operators(name="hand", number=2),
            Operators(name="fitter", shifts=("second",), at_shift_end=choices.pick(tuple(AtShiftEnd))),
        )
        if mechanisms is not MECHANISMS
        else (),
        shifts=(Shift(name="first", start=0, end=20), Shift(name="second", start=25, end=60))
        if mechanisms is not MECHANISMS
        else (),
    )


def _consistent(element: Element) -> Element:
    """Return a station that renews modes that it has, and stops others than itself."""
    if not isinstance(element, Station):
        return element
    modes = [mode.name for mode in element.failures]
    return element.replace(
        maintenance=tuple(
            task.replace(renews=tuple(name for name in task.renews if name in modes))
            for task in element.maintenance
        ),
        failures=tuple(
            mode.replace(also_stops=tuple(name for name in mode.also_stops if name != element.name))
            for mode in element.failures
        ),
    )


def _ways(choices: Choices, before: Sequence[str], after: Sequence[str]) -> list[Connection]:
    """Return connections such that each of `before` leads on and each of `after` is led to."""
    chosen = [{choices.whole(0, len(after) - 1), choices.whole(0, len(after) - 1)} for _ in before]
    reached = set().union(*chosen)
    for target in range(len(after)):
        if target not in reached:
            chosen[target % len(before)].add(target)
    arrows = []
    for source, targets in zip(before, chosen, strict=True):
        for target in sorted(targets):
            share = None if len(targets) == 1 else 1 / len(targets)
            arrows.append(Connection(source=source, target=after[target], probability=share))
    return arrows


def _with_loop(arrows: Sequence[Connection], station: str, door: str) -> list[Connection]:
    """Return the connections with a quarter of the parts of `station` going to `door`."""
    changed = []
    for arrow in arrows:
        if arrow.source == station:
            share = 1.0 if arrow.probability is None else arrow.probability
            changed.append(arrow.replace(probability=0.75 * share))
        else:
            changed.append(arrow)
    return [*changed, Connection(source=station, target=door, probability=0.25)]


def random_tandem(choices: Choices, *, limit: int | None = None, failing: bool = True) -> Line:
    """Return one to five stations in a row, one server each, with 0 to 3 places between two of them.

    Parameters
    ----------
    choices
        Answer everything that is random.
    limit
        Parts that the saturated source releases; None for no limit.
    failing
        Whether stations may fail, on the clock of the calendar, interrupted parts continuing.
    """
    elements: list[Element] = [Source(name="In", limit=limit)]
    mode = FailureMode(time_to_failure=Exponential(mean=16.0), time_to_repair=Exponential(mean=4.0))
    for number in range(1, choices.whole(1, 5) + 1):
        places = choices.whole(0, 3) if number > 1 else 0
        if places:
            elements.append(Buffer(name=f"B{number - 1}", capacity=places))
        modes = choices.pick(((), (mode,))) if failing else ()
        elements.append(Station(name=f"M{number}", cycle_time=_seconds(choices), failures=modes))
    elements.append(Sink(name="Out"))
    return Line(
        name="random tandem",
        elements=tuple(elements),
        connections=chain(*(element.name for element in elements)),
    )


def slowed(line: Line, factor: float = 2.0) -> Line:
    """Return the line with all its times multiplied by `factor`.

    With a power of two, and the distributions that :func:`random_line` uses, the path is the same, bit by
    bit, with its times multiplied.
    """

    def times(distribution: Distribution) -> Distribution:
        if isinstance(distribution, Deterministic):
            return Deterministic(value=factor * distribution.value)
        if isinstance(distribution, Exponential):
            return Exponential(mean=factor * distribution.mean)
        if isinstance(distribution, Uniform):
            return Uniform(low=factor * distribution.low, high=factor * distribution.high)
        assert isinstance(distribution, Empirical)
        return distribution.replace(values=tuple(factor * value for value in distribution.values))

    def mode(old: FailureMode) -> FailureMode:
        counted = old.clock is Clock.CYCLES
        return old.replace(
            time_to_failure=old.time_to_failure if counted else times(old.time_to_failure),
            time_to_repair=times(old.time_to_repair),
        )

    def element(old: Element) -> Element:
        if isinstance(old, Source) and old.interarrival is not None:
            return old.replace(interarrival=times(old.interarrival))
        if isinstance(old, Station):
            return old.replace(
                cycle_time=times(old.cycle_time),
                failures=tuple(mode(each) for each in old.failures),
                micro_stops=tuple(stop.replace(duration=times(stop.duration)) for stop in old.micro_stops),
                setup_times={
                    before: {after: factor * seconds for after, seconds in row.items()}
                    for before, row in old.setup_times.items()
                },
            )
        return old

    return line.replace(elements=tuple(element(each) for each in line.elements))
