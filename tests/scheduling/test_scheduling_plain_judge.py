"""The verifier agrees with a plain judge that goes from tick to tick, on schedules near feasible ones."""

from itertools import combinations, pairwise, product

import numpy as np
import pytest

from opt_twin.plan import Schedule
from opt_twin.scheduling import FEATURES, verify
from opt_twin.testing import brute_force, random_instance


class PlainJudge:
    """Says whether a schedule that holds no operation twice is feasible, from the page of the model."""

    def __init__(self, instance, schedule):
        self.instance = instance
        self.rows = list(schedule.assignments)
        self.jobs = {job.name: job for job in instance.jobs}
        self.end = max([a.end for a in self.rows], default=0) + 1
        self.batching = dict(instance.batching)

    def feasible(self):
        parts = (
            self.chosen,
            self.each,
            self.routes,
            self.ties,
            self.busy,
            self.changeovers,
            self.sequences,
            self.resources,
            self.places,
        )
        return all(part() for part in parts)

    def mode(self, a):
        return self.instance.options(self.jobs[a.job], a.operation)[a.mode]

    def operation(self, a):
        return self.jobs[a.job].operations[a.operation]

    def of(self, job):
        return sorted((a for a in self.rows if a.job == job.name), key=lambda a: a.operation)

    def on(self, machine):
        return sorted((a for a in self.rows if a.machine == machine), key=lambda a: (a.start, a.end))

    def chosen(self):
        for job in self.instance.jobs:
            done = {a.operation for a in self.of(job)}
            names = {o.route for o in job.operations if o.route}
            taken = {job.operations[k].route for k in done} - {""}

            def complete(route, job=job, done=done):
                return all(
                    o.optional or k in done for k, o in enumerate(job.operations) if o.route in {"", route}
                )

            fitting = [route for route in (names or {""}) if taken <= {route} and complete(route)]
            if not fitting:
                return False
        given = {(a.job, a.operation): a for a in self.instance.frozen}
        found = {(a.job, a.operation): a for a in self.rows}
        return all(found.get(key) == a for key, a in given.items())

    def open_at(self, mode, tick):
        needs = [mode.machine, *mode.demands]
        return not any(c.start <= tick < c.end for n in needs for c in self.instance.closures.get(n, ()))

    def each(self):
        frozen = {(a.job, a.operation) for a in self.instance.frozen}
        for a in self.rows:
            job, mode, operation = self.jobs[a.job], self.mode(a), self.operation(a)
            if a.machine != mode.machine or a.start < job.release:
                return False
            if job.deadline is not None and a.end > job.deadline:
                return False
            if a.start < self.instance.now and (a.job, a.operation) not in frozen:
                return False
            needed = mode.duration
            if a.machine in self.batching:
                needed = max(self.mode(b).duration for b in self.on(a.machine) if b.start == a.start)
            ticks = range(a.start, a.end)
            opened = [tick for tick in ticks if self.open_at(mode, tick)]
            if not ticks:
                inside = not self.open_at(mode, a.start - 1) and not self.open_at(mode, a.start)
                if needed > 0 or (a.start > 0 and inside):
                    return False
                continue
            if operation.interruptible:
                if len(opened) != needed or ticks[0] not in opened or ticks[-1] not in opened:
                    return False
            elif len(opened) < max(len(ticks), needed) or (
                len(ticks) > needed and not job.is_elastic(a.operation)
            ):
                return False
        return True

    def way(self, a, b):
        return self.instance.transport_times.get(a.machine, {}).get(b.machine, 0)

    def routes(self):
        for job in self.instance.jobs:
            done = self.of(job)
            if job.order == "open":
                long = [a for a in done if a.end > a.start]
                for a, b in combinations(long, 2):
                    if a.end + self.way(a, b) > b.start and b.end + self.way(b, a) > a.start:
                        return False
            if job.order != "route":
                continue
            for a, b in pairwise(done):
                before, after = self.operation(a), self.operation(b)
                if before.lead is None and after.tail is None:
                    gap = b.start - a.end - self.way(a, b)
                    if gap < 0 or (gap > 0 and job.no_wait):
                        return False
                elif b.start < a.start + before.lead_ticks or b.end < a.end + after.tail_ticks:
                    return False
        return True

    def ties(self):
        found = {(a.job, a.operation): a for a in self.rows}
        for tie in self.instance.precedences:
            before, after = found.get(tuple(tie.before)), found.get(tuple(tie.after))
            if before is None or after is None:
                continue
            first = {"s": before.start, "e": before.end}[tie.kind[0]]
            second = {"s": after.start, "e": after.end}[tie.kind.split("-")[1][0]]
            if second - first < tie.lag:
                return False
        return True

    def busy(self):
        for machine in self.instance.machines:
            rows = self.on(machine)
            for tick in range(self.end):
                running = [a for a in rows if a.start <= tick < a.end]
                inside = [a for a in rows if a.start == a.end == tick and machine not in self.batching]
                if len({a.start for a in running}) > 1 or (inside and any(a.start < tick for a in running)):
                    return False
                if machine in self.batching:
                    if not self.one_batch(machine, [a for a in rows if a.start == tick], rows):
                        return False
                elif len(running) > 1:
                    return False
        return True

    def one_batch(self, machine, batch, rows):
        families = {self.jobs[a.job].family_of(a.operation) for a in batch}
        size = sum(self.operation(a).size for a in batch)
        if len(families) > 1 or size > self.batching[machine] or len({a.end for a in batch}) > 1:
            return False
        return not any(a.start < b.start < a.end for a in rows for b in batch)

    def changeovers(self):
        for machine in self.instance.machines:
            start, free, family = -1, 0, self.instance.initial_family.get(machine)
            table = self.instance.setup_times.get(machine, {})
            for a in self.on(machine):
                own = self.jobs[a.job].family_of(a.operation)
                needed = table.get(family, {}).get(own, 0) if family != own else 0
                if a.start != start and table and a.start < free + needed:
                    return False
                start, free, family = a.start, a.end, own
        return True

    def sequences(self):
        groups = [*self.instance.same_sequence]
        if self.instance.permutation:
            groups.append(self.instance.machines)
        for group in groups:
            for one, other in combinations(group, 2):
                here, there = ({a.job: a.start for a in reversed(self.on(m))} for m in (one, other))
                common = [job for job in here if job in there]
                if any(here[a] < here[b] and there[a] > there[b] for a, b in product(common, common)):
                    return False
        return True

    def resources(self):
        for resource in self.instance.resources:
            name = resource.name
            for tick in range(self.end):
                if resource.kind == "renewable":
                    used = sum(
                        self.mode(a).demands.get(name, 0) for a in self.rows if a.start <= tick < a.end
                    )
                    there = resource.capacity
                    there -= sum(x.amount for x in resource.absences if x.start <= tick < x.end)
                    there = max(0, there)
                else:
                    used = sum(self.mode(a).demands.get(name, 0) for a in self.rows if a.start <= tick)
                    there = resource.capacity
                    there += sum(x.amount for x in resource.deliveries if x.time <= tick)
                if used > there:
                    return False
        return True

    def places(self):
        """Whether any choice of the times of leaving fits: all of them are tried."""
        moves = []
        for job in self.instance.jobs:
            for a, b in pairwise(self.of(job)):
                if b.machine in self.instance.buffers and a.machine:
                    last = b.start - self.way(a, b)
                    first = a.end if a.machine != b.machine else last
                    moves.append([(a, b, leaves) for leaves in range(first, last + 1)])
        return any(self.fits(choice) for choice in product(*moves))

    def fits(self, moves):
        for a, b, leaves in moves:
            for c in self.on(a.machine):
                if c.start > a.start and c is not b:
                    change = self.instance.setup_time(
                        a.machine,
                        self.jobs[a.job].family_of(a.operation),
                        self.jobs[c.job].family_of(c.operation),
                    )
                    following = min(x.start for x in self.on(a.machine) if x.start > a.start)
                    if c.start == following and leaves > c.start - change:
                        return False
                    if a.machine == b.machine and a.start < c.start < b.start:
                        return False
        for machine, places in self.instance.buffers.items():
            for tick in range(self.end):
                waiting = sum(
                    leaves + self.way(a, b) <= tick < b.start
                    for a, b, leaves in moves
                    if b.machine == machine and a.machine != machine
                )
                if waiting > places:
                    return False
        return True


def _changed(rng, instance, schedule):
    """Return `schedule` with one thing changed."""
    rows = list(schedule.assignments)
    index = int(rng.integers(len(rows)))
    chosen = rows[index]
    kind = rng.choice(["earlier", "later", "longer", "shorter", "mode", "drop", "swap", "add"])
    shift = int(rng.integers(1, 4))
    if kind == "earlier":
        shift = min(shift, chosen.start)
        rows[index] = chosen.replace(start=chosen.start - shift, end=chosen.end - shift)
    elif kind == "later":
        rows[index] = chosen.replace(start=chosen.start + shift, end=chosen.end + shift)
    elif kind == "longer":
        rows[index] = chosen.replace(end=chosen.end + shift)
    elif kind == "shorter":
        rows[index] = chosen.replace(end=max(chosen.start, chosen.end - shift))
    elif kind == "mode":
        options = instance.options(instance.job(chosen.job), chosen.operation)
        mode = int(rng.integers(len(options)))
        own = options[mode]
        rows[index] = chosen.replace(mode=mode, machine=own.machine, end=chosen.start + own.duration)
    elif kind == "drop":
        rows.pop(index)
    elif kind == "swap":
        other = int(rng.integers(len(rows)))
        length = rows[other].end - rows[other].start, chosen.end - chosen.start
        starts = rows[other].start, chosen.start
        second = rows[other].replace(start=starts[1], end=starts[1] + length[0])
        rows[index] = chosen.replace(start=starts[0], end=starts[0] + length[1])
        if other != index:
            rows[other] = second
    else:
        done = {(a.job, a.operation) for a in rows}
        left = [key for key in instance.keys() if key not in done]  # noqa: SIM118 - it is no mapping
        for job, position in left[:1]:
            option = instance.options(instance.job(job), position)[0]
            start = int(rng.integers(0, 8))
            rows.append(
                chosen.replace(
                    job=job,
                    operation=position,
                    mode=0,
                    machine=option.machine,
                    start=start,
                    end=start + option.duration,
                )
            )
    return schedule.replace(assignments=tuple(rows))


def _compare(instance, seed, changes=25):
    """Compare the two judges on schedules around a feasible one; return how many of them are feasible."""
    found = brute_force(instance, "makespan", horizon=instance.horizon() // 2)
    rng = np.random.default_rng(seed)
    schedule = Schedule(assignments=()) if found is None else found[1]
    feasible = 0
    for _ in range(changes if found else 0):
        near = _changed(rng, instance, schedule)
        judged = PlainJudge(instance, near).feasible()
        assert judged == (verify(instance, near) == ()), (instance.to_dict(), near, verify(instance, near))
        feasible += judged
        if judged and near.assignments:
            schedule = near
    return feasible


@pytest.mark.parametrize("feature", FEATURES)
def test_both_judges_agree_on_schedules_near_a_feasible_one(feature):
    assert sum(_compare(random_instance(seed, features={feature}), seed) for seed in range(4)) > 0


def test_both_judges_agree_where_features_meet():
    assert sum(_compare(random_instance(seed, features=None), seed) for seed in range(60)) > 100


@pytest.mark.parametrize("feature", ["finite buffers", "batching machines", "set-ups"])
def test_both_judges_agree_with_three_jobs(feature):
    for seed in range(2):
        _compare(random_instance(seed, features={feature}, jobs=3, longest=2), seed, changes=40)
