"""The best schedule of a tiny instance by trying all of them: an oracle that knows no solver.

For each operation all ways of doing it are listed: left out, or in a mode, at a start, to an end, within the
horizon. All combinations are tried, one operation after the other. A combination is given up when a rule of
the verifier is broken that no further operation can mend, or when it cannot become better than the best so
far. What is left is judged by the whole verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from opt_twin.errors import OptionError, SolverError
from opt_twin.plan import Assignment, Schedule
from opt_twin.scheduling import SchedulingInstance, evaluate_stages, parse_objective, verify
from opt_twin.scheduling.jobs import Job, Key
from opt_twin.scheduling.objectives import Term
from opt_twin.scheduling.verify_jobs import lags, orders
from opt_twin.scheduling.verify_machines import machines, sequences
from opt_twin.scheduling.verify_resources import resources
from opt_twin.scheduling.verify_steps import Step

__all__ = ["brute_force", "brute_force_stages"]

_MOST_OPERATIONS = 12
_OF_ONE = {"machine", "closure", "release", "deadline", "now", "resource"}
"""Rules that one operation breaks by itself, whatever the others do."""
_FOR_GOOD = {"job overlap", "overlap", "batch family", "batch capacity"}
"""Rules that stay broken, whatever is added. Others ask who follows whom: set-up, route, buffer."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of doing an operation; the step is None where it is left out."""

    key: Key
    step: Step | None
    cost: tuple[int, ...]
    """Its own part in each measure that is a sum over operations, term by term."""


def brute_force(
    instance: SchedulingInstance, objective: str = "makespan", horizon: int | None = None
) -> tuple[int, Schedule] | None:
    """Return the best value and a schedule that has it; None when no schedule is feasible.

    Parameters
    ----------
    instance
        With a handful of operations of a few ticks.
    objective
        With one stage; :func:`brute_force_stages` takes a lexicographic one.
    horizon
        Ticks by which everything ends; that of the instance unless given.

    Raises
    ------
    OptionError
        If the instance has more than 12 operations, or the objective several stages.

    Examples
    --------
    >>> from opt_twin.testing import two_job_shop
    >>> value, schedule = brute_force(two_job_shop())
    >>> value, schedule.makespan
    (7, 7)
    """
    if len(parse_objective(instance, objective).stages) > 1:
        raise OptionError(f"{objective!r} has several values; brute_force_stages() minimises them")
    found = brute_force_stages(instance, objective, horizon)
    return None if found is None else (found[0][0], found[1])


def brute_force_stages(
    instance: SchedulingInstance, objective: str, horizon: int | None = None
) -> tuple[tuple[int, ...], Schedule] | None:
    """Return the lexicographically best values and a schedule that has them; as :func:`brute_force`."""
    if instance.operation_count > _MOST_OPERATIONS:
        raise OptionError(
            f"{instance.name!r} has {instance.operation_count} operations, too many to try all; "
            f"at most {_MOST_OPERATIONS}"
        )
    whole = instance.horizon() if horizon is None else horizon
    best = None
    for part in (3, 2, 1):  # a good schedule of a short horizon spares most of the long one
        best = _Search(instance, objective, whole // part, best).run()
    if best is None:
        return None
    values, schedule = best
    if evaluate_stages(instance, schedule, objective) != values:
        raise SolverError(f"{objective} of {instance.name!r}: {values} here, not so for evaluate_stages()")
    return values, schedule


_Best = tuple[tuple[int, ...], Schedule]


class _Search:
    """The enumeration, depth first."""

    def __init__(
        self, instance: SchedulingInstance, objective: str, horizon: int, best: _Best | None
    ) -> None:
        self.instance, self.horizon = instance, horizon
        self.objective = parse_objective(instance, objective)
        self.terms = [term for stage in self.objective.stages for term in stage]
        self.best = best
        keys = list(instance.keys())
        self._ways = {key: list(self._ways_of(key)) for key in keys}
        self._clashes: dict[tuple[int, int], bool] = {}

    def run(self) -> _Best | None:
        """Return the best schedule with its values, or the one that was known where none is better."""
        open_ones = self._ways
        if self.best is not None:
            known = self.best[0]
            open_ones = {
                key: [way for way in ways if self._least([way], {}, final=False) < known]
                for key, ways in self._ways.items()
            }
        self._descend([], open_ones)
        return self.best

    def _descend(self, chosen: list[_Way], open_ones: dict[Key, list[_Way]]) -> None:
        """Try all ways of the operation with the fewest ways left."""
        if not all(open_ones.values()):
            return
        if self.best is not None and self._least(chosen, open_ones, final=False) >= self.best[0]:
            return
        if not open_ones:
            self._judge(chosen)
            return
        key = min(open_ones, key=lambda key: len(open_ones[key]))
        rest = {other: ways for other, ways in open_ones.items() if other != key}
        for way in open_ones[key]:
            now = [*chosen, way]
            left = {k: [w for w in ways if not self._clash(way, w)] for k, ways in rest.items()}
            if all(left.values()) and not self._broken_by_many(now) and self._set_up(now, left):
                self._descend(now, left)

    def _judge(self, chosen: list[_Way]) -> None:
        values = self._least(chosen, {}, final=True)
        schedule = Schedule(
            assignments=tuple(way.step.assignment for way in chosen if way.step is not None),
            tick=self.instance.tick,
        )
        if (self.best is None or values < self.best[0]) and not verify(self.instance, schedule):
            self.best = values, schedule

    # what an operation can be by itself

    def _ways_of(self, key: Key) -> Iterator[_Way]:
        job, position = self.instance.job(key[0]), key[1]
        given = [a for a in self.instance.frozen if (a.job, a.operation) == key]
        options = self.instance.options(job, position)
        candidates = given or [
            Assignment(
                job=key[0], operation=position, machine=mode.machine, start=start, end=end, mode=number
            )
            for start in range(self.horizon + 1)
            for number, mode in enumerate(options)
            for end in self._ends(job, position, number, start)
        ]
        alone = self.instance.replace(frozen=given)
        for assignment in candidates:
            own = verify(alone, Schedule(assignments=(assignment,), tick=self.instance.tick))
            step = Step(job, assignment, options[assignment.mode])
            if not any(violation.rule in _OF_ONE for violation in own):
                yield _Way(key, step, tuple(_own_cost(self.instance, t, key, step) for t in self.terms))
        if job.operations[position].may_be_left_out and not given:
            yield _Way(key, None, tuple(_own_cost(self.instance, t, key, None) for t in self.terms))

    def _ends(self, job: Job, position: int, number: int, start: int) -> Iterator[int]:
        """Yield the ends that an operation can have when it starts at `start`."""
        mode = self.instance.options(job, position)[number]
        if job.is_elastic(position):
            yield from range(start + mode.duration, self.horizon + 1)
            return
        durations = {mode.duration}
        if mode.machine in self.instance.batching:  # others in the batch may take longer
            durations |= {
                other.duration
                for own, place in self.instance.on_machine(mode.machine)
                for other in self.instance.options(own, place)
                if other.machine == mode.machine and other.duration > mode.duration
            }
        closed = self.instance.closed(mode) if job.operations[position].interruptible else ()
        for duration in sorted(durations):
            end, worked = start, 0
            while worked < duration and end <= self.horizon:
                worked += not any(a <= end < b for a, b in closed)
                end += 1
            if end <= self.horizon:
                yield end

    # what cannot stand together

    def _clash(self, one: _Way, other: _Way) -> bool:
        """Return whether two ways break a rule that nothing between them can mend."""
        if one.step is None or other.step is None:
            return one.key[0] == other.key[0] and self._splits_route(one, other)
        pair = (id(one), id(other)) if id(one) < id(other) else (id(other), id(one))
        if pair not in self._clashes:
            self._clashes[pair] = self._breaks(one.step, other.step)
        return self._clashes[pair]

    def _splits_route(self, one: _Way, other: _Way) -> bool:
        """Return whether of two operations of one route one is done and one that must be is left out."""
        operations = self.instance.job(one.key[0]).operations
        routes = [operations[way.key[1]].route for way in (one, other)]
        left = [not operations[way.key[1]].optional for way in (one, other) if way.step is None]
        return routes[0] != "" and routes[0] == routes[1] and left == [True]

    def _breaks(self, one: Step, other: Step) -> bool:
        together = sorted((one, other), key=lambda s: (s.start, s.end))
        assignments = [step.assignment for step in together]
        if one.machine and one.machine == other.machine:
            if any(v.rule in _FOR_GOOD for v in machines(self.instance, assignments)):
                return True
            gap = together[1].start - together[0].end
            needed = self.instance.setup_time(one.machine, together[0].family, together[1].family)
            if 0 <= gap < needed and gap < self._shortest(one.machine):
                return True
            if one.machine in self.instance.batching and one.start == other.start and one.end != other.end:
                return True
        if one.job is other.job:
            if one.operation.route and other.operation.route not in {"", one.operation.route}:
                return True
            last = {"precedence", "no-wait"} if self._neighbours(one, other) else set()
            if any(v.rule in _FOR_GOOD | last for v in orders(self.instance, together)):
                return True
        return any(lags(self.instance, together)) or any(resources(self.instance, together))

    def _shortest(self, machine: str) -> int:
        """Return the ticks of the shortest thing that can be done on `machine`."""
        return min(
            option.duration
            for job, position in self.instance.on_machine(machine)
            for option in self.instance.options(job, position)
            if option.machine == machine
        )

    def _neighbours(self, one: Step, other: Step) -> bool:
        """Return whether no operation can come between two of a job's route."""
        low, high = sorted((one.position, other.position))
        between = range(low + 1, high)
        return all(
            (one.operation.route and operation.route not in {"", one.operation.route})
            for operation in (one.job.operations[position] for position in between)
        )

    def _broken_by_many(self, chosen: list[_Way]) -> bool:
        """Return whether three or more break a rule for good that no two of them break."""
        instance = self.instance
        steps = [way.step for way in chosen if way.step is not None]
        if instance.same_sequence and not instance.permutation and any(sequences(instance, steps)):
            return True
        if any(resources(instance, steps)):
            return True
        if not instance.batching:
            return False
        found = machines(self.instance, [step.assignment for step in steps])
        return any(violation.rule in _FOR_GOOD for violation in found)

    def _set_up(self, chosen: list[_Way], open_ones: dict[Key, list[_Way]]) -> bool:
        """Return whether each set-up has its time, or something open can still come before it."""
        instance = self.instance
        if not instance.setup_times:
            return True
        steps = [way.step for way in chosen if way.step is not None]
        others = [way.step for ways in open_ones.values() for way in ways if way.step is not None]
        for machine, group in groupby(
            sorted(steps, key=lambda s: (s.machine, s.start, s.end)), key=lambda step: step.machine
        ):
            last, family = 0, instance.initial_family.get(machine)
            for step in group:
                short = instance.setup_time(machine, family, step.family) > step.start - last >= 0
                if short and not any(
                    other.machine == machine and last <= other.start and other.end <= step.start
                    for other in others
                ):
                    return False
                last, family = step.end, step.family
        return True

    # what it is worth

    def _least(self, chosen: list[_Way], open_ones: dict[Key, list[_Way]], *, final: bool) -> tuple[int, ...]:
        """Return what each stage is worth at least; exact when it is the final choice."""
        groups = [[way] for way in chosen] + list(open_ones.values())
        ends: dict[str, int] = {}
        for ways in groups:
            if all(way.step is not None for way in ways):
                job, first = ways[0].key[0], min(way.step.end for way in ways if way.step is not None)
                ends[job] = max(ends.get(job, 0), first)
        values = []
        for index, term in enumerate(self.terms):
            value = sum(min(way.cost[index] for way in ways) for ways in groups)
            if term.measure in _WHOLE and final:
                value += _WHOLE[term.measure](self.instance, chosen)
            elif term.measure in _LATEST:
                value += _over_jobs(self.instance, term, ends, final=final)
            values.append(term.factor * value)
        rest = iter(values)
        return tuple(sum(islice(rest, len(stage))) for stage in self.objective.stages)


# plain measures, apart from opt_twin.scheduling.objectives so that the two check each other


def _late(job: Job, end: int) -> int:
    return 0 if job.due is None or end <= job.due else end - job.due


def _early(job: Job, end: int) -> int:
    return 0 if job.due is None or end >= job.due else job.due - end


_LATEST: dict[str, Callable[[Job, int], int]] = {
    "makespan": lambda job, end: end,  # noqa: ARG005 - all have one form
    "total_weighted_flow_time": lambda job, end: job.weight * (end - job.release),
    "total_weighted_tardiness": lambda job, end: job.weight * _late(job, end),
    "total_tardiness": _late,
    "maximum_tardiness": _late,
    "weighted_number_tardy": lambda job, end: job.weight if _late(job, end) else 0,
    "earliness_tardiness": lambda job, end: job.weight * _late(job, end),
}
"""What a job adds, never less when it ends later."""


def _over_jobs(instance: SchedulingInstance, term: Term, ends: dict[str, int], *, final: bool) -> int:
    values = [0]
    for job in instance.jobs:
        if job.counts and job.name in ends and term.priority in {None, job.priority}:
            value = _LATEST[term.measure](job, ends[job.name])
            if final and term.measure == "earliness_tardiness":
                value += job.earliness_weight * _early(job, ends[job.name])
            values.append(value)
    return max(values) if term.measure in {"makespan", "maximum_tardiness"} else sum(values)


def _own_cost(instance: SchedulingInstance, term: Term, key: Key, step: Step | None) -> int:
    """Return what an operation adds by itself."""
    if term.measure == "energy_cost" and step is not None and step.mode is not None:
        prices = ([p.price for p in instance.tariff if p.start <= t] for t in range(step.start, step.end))
        return step.mode.power * sum(known[-1] for known in prices if known)
    if term.measure == "total_deviation":
        for planned in instance.planned:
            if (planned.job, planned.operation) == key:
                if step is None:
                    return instance.horizon()
                return abs(step.start - planned.start) + (1 if step.machine != planned.machine else 0)
    return 0


def _setups(instance: SchedulingInstance, chosen: list[_Way]) -> int:
    total = 0
    done = sorted((w.step for w in chosen if w.step is not None), key=lambda s: (s.machine, s.start, s.end))
    for machine, steps in groupby(done, key=lambda step: step.machine):
        last = instance.initial_family.get(machine)
        for step in steps:
            total += instance.setup_time(machine, last, step.family)
            last = step.family
    return total


def _skips(instance: SchedulingInstance, chosen: list[_Way]) -> int:
    total = 0
    for job in instance.jobs:
        done = {w.key[1] for w in chosen if w.key[0] == job.name and w.step is not None}
        taken = [route for route in job.routes if any(job.operations[k].route == route for k in done)]
        left = [(k, o) for k, o in enumerate(job.operations) if o.optional and k not in done]
        common = sum(o.skip_cost for _, o in left if not o.route)
        by_route = [sum(o.skip_cost for _, o in left if o.route == route) for route in taken or job.routes]
        free = [all(o.optional for o in job.operations if o.route == route) for route in taken or job.routes]
        total += common
        if taken:
            total += by_route[0]
        elif any(free):
            total += min(cost for cost, may in zip(by_route, free, strict=True) if may)
    return total


_WHOLE: dict[str, Callable[[SchedulingInstance, list[_Way]], int]] = {
    "total_setup_time": _setups,
    "skip_cost": _skips,
}
"""Measures that ask for the whole schedule."""
