"""The Gantt picture of a schedule: machines in rows, operations as bars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from opt_twin.errors import OptionError
from opt_twin.export import svg
from opt_twin.export.gantt_lanes import by_operations, in_lanes
from opt_twin.export.palette import ACCENT, colour_of, natural_key, text_on
from opt_twin.plan import Assignment, Schedule
from opt_twin.quantity import TimeScale

if TYPE_CHECKING:
    from opt_twin.scheduling import SchedulingInstance

__all__ = ["Gap", "gantt_svg"]

_PER_HOUR_STEPS = {"s": (1, 2, 5), "min": (1, 2, 5), "h": (1, 2, 4), "d": (1, 2, 7), "ticks": (1, 2, 5)}


class Gap(NamedTuple):
    """Time of a machine that no job uses but that is not free: a set-up, maintenance.

    Attributes
    ----------
    machine
        Its name.
    start, end
        Ticks.
    text
        What it is, as ``set-up S -> L``.
    """

    machine: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things are: `left` is the pixel of time 0, `right` that of the horizon."""

    left: float
    right: float
    top: float
    row: float
    horizon: int
    rows: Mapping[str, int]

    def x(self, ticks: float) -> float:
        share = ticks / self.horizon if self.horizon else 0.0
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def y(self, machine: str) -> float:
        return self.top + self.rows[machine] * self.row

    @property
    def bottom(self) -> float:
        return self.top + len(self.rows) * self.row


def gantt_svg(
    schedule: Schedule,
    *,
    title: str = "",
    instance: SchedulingInstance | None = None,
    colour_by: Literal["job", "family"] | Mapping[str, str] = "job",
    machines: Sequence[str] = (),
    due: Mapping[str, float] | None = None,
    gaps: Sequence[Gap] = (),
    time_unit: str | None = None,
    width: float = 980,
) -> str:
    """Return a Gantt picture of `schedule`.

    Parameters
    ----------
    schedule
        What to draw.
    title
        Stands above the picture; the instance's name when it is empty.
    instance
        What the schedule is for: gives the order of the machines, families, due dates and set-ups.
    colour_by
        ``job``, ``family`` (of the instance), or a mapping from job to what it is coloured by.
    machines
        Rows from the top; those that are missing follow in the order of the instance, then of their names.
    due
        Job -> due date in ticks; drawn below the bars, and what ends later is marked as late. Takes the
        place of the due dates of the instance.
    gaps
        Set-ups and the like, drawn hatched; beside those of the instance.
    time_unit
        ``ticks``, ``s``, ``min``, ``h`` or ``d``; None takes ticks where a tick is 1 s, else a unit that
        suits the length.
    width
        Of the picture, in pixels.

    Returns
    -------
    str
        An SVG document.

    Raises
    ------
    OptionError
        If `time_unit` is not one of those above, or `colour_by` asks for families without an instance.
    """
    scale = _scale(schedule, time_unit)
    group_of = _groups(colour_by, instance)
    if instance is not None:
        machines = (*machines, *instance.machines)
        gaps = (*gaps, *_setups(schedule, instance))
        given = {job.name: job.due for job in instance.jobs if job.due is not None}
        due = given if due is None else due
    schedule, due = by_operations(schedule, due or {}) if group_of is None else (schedule, due)
    schedule = in_lanes(schedule)
    known = {assignment.job for assignment in schedule.assignments}
    due = {job: ticks for job, ticks in (due or {}).items() if job in known}
    names = _rows(schedule, machines, gaps)
    horizon = max([schedule.makespan, *(gap.end for gap in gaps), *(int(-(-t // 1)) for t in due.values())])
    row = 30.0 if len(names) <= 8 else 24.0 if len(names) <= 24 else 17.0
    left = max(40.0, 16 + min(max((svg.text_width(name) for name in names), default=0.0), 130))
    frame = _Frame(left, width - 60, 58, row, horizon, {name: at for at, name in enumerate(names)})
    colours = _Colours(schedule, group_of)
    late = _late(schedule, due)
    heading = title or schedule.instance_name or "Schedule"
    parts = [
        svg.label(8, 20, svg.fit(heading, width - 16, 15), size=15, weight="bold", tip=heading),
        svg.label(8, 38, svg.fit(_summary(schedule, scale, due, late), width - 16), fill=svg.MUTED),
        _grid(frame, scale),
        _row_names(frame),
        *(_gap(frame, gap, scale) for gap in gaps),
    ]
    bars, unnamed = _bars(schedule, frame, colours, scale, late, due)
    parts += [bars, _makespan_line(frame, schedule, scale)]
    bottom = frame.bottom + 26
    if due:
        lane, bottom = _due_lane(frame, due, late, colours, scale, bottom)
        parts.append(lane)
    legend, bottom = _legend(colours, unnamed, gaps, width, bottom)
    parts.append(legend)
    text = f"{heading}: {len(schedule.assignments)} operations on {len(names)} machines. "
    return svg.picture(
        width, bottom + 6, *parts, title=heading, description=text + _summary(schedule, scale, due, late)
    )


def _scale(schedule: Schedule, unit: str | None) -> TimeScale:
    if unit is None:
        if schedule.tick == 1.0:
            return TimeScale("ticks")
        return TimeScale.suited(schedule.makespan * schedule.tick, schedule.tick)
    if unit not in _PER_HOUR_STEPS:
        raise OptionError(f"time_unit must be one of {', '.join(_PER_HOUR_STEPS)}, got {unit!r}")
    return TimeScale(unit, schedule.tick)


def _groups(
    colour_by: str | Mapping[str, str], instance: SchedulingInstance | None
) -> Mapping[str, str] | None:
    if colour_by == "job":
        return None
    if isinstance(colour_by, Mapping):
        return colour_by
    if colour_by == "family" and instance is not None:
        return {job.name: job.family for job in instance.jobs if job.family is not None}
    raise OptionError(f"colour_by must be 'job', a mapping, or 'family' with an instance, got {colour_by!r}")


def _setups(schedule: Schedule, instance: SchedulingInstance) -> Iterator[Gap]:
    """Yield the set-ups between the operations of each machine, as late as they can be."""
    jobs = {job.name: job for job in instance.jobs}
    for machine in schedule.machines:
        before, free = instance.initial_family.get(machine), 0
        for assignment in schedule.on_machine(machine):
            job = jobs.get(assignment.job)
            after = None if job is None else job.family_of(assignment.operation)
            ticks = instance.setup_time(machine, before, after)
            if ticks:
                start = max(free, assignment.start - ticks)
                yield Gap(machine, start, assignment.start, f"set-up {before} → {after}")
            before, free = after, assignment.end


def _rows(schedule: Schedule, machines: Sequence[str], gaps: Sequence[Gap]) -> tuple[str, ...]:
    found = {*schedule.machines, *(gap.machine for gap in gaps)}
    return tuple(dict.fromkeys((*machines, *sorted(found, key=natural_key))))


class _Colours:
    """Job -> group -> colour, in the natural order of the groups' names."""

    def __init__(self, schedule: Schedule, group_of: Mapping[str, str] | None) -> None:
        jobs = sorted({assignment.job for assignment in schedule.assignments}, key=natural_key)
        if group_of is None:
            groups = {job: job for job in jobs}
        else:
            groups = {job: group_of.get(job, "other") for job in jobs}
        self.grouped = group_of is not None
        self.group = groups
        self.names = tuple(sorted(set(groups.values()), key=natural_key))
        self.colour = {name: colour_of(at) for at, name in enumerate(self.names)}

    def of(self, job: str) -> str:
        return self.colour[self.group[job]]


def _late(schedule: Schedule, due: Mapping[str, float]) -> frozenset[str]:
    return frozenset(a.job for a in schedule.assignments if a.job in due and a.end > due[a.job])


def _summary(schedule: Schedule, scale: TimeScale, due: Mapping[str, float], late: frozenset[str]) -> str:
    text = f"Makespan {scale.text(schedule.makespan)}"
    if due:
        text += f" · {len(due) - len(late)} of {len(due)} jobs by their due date"
        if late:
            text += f" · late: {', '.join(sorted(late, key=natural_key))}"
    return text


def _grid(frame: _Frame, scale: TimeScale) -> str:
    values = svg.nice_ticks(0.0, scale.value(frame.horizon), 10, _PER_HOUR_STEPS[scale.unit])
    lines: list[str] = []
    for value in values:
        x = frame.x(scale.ticks(value))
        lines.append(f"M{svg.number(x)} {svg.number(frame.top - 4)}V{svg.number(frame.bottom)}")
    rules = [
        f"M{svg.number(frame.left)} {svg.number(frame.top + at * frame.row)}H{svg.number(frame.right)}"
        for at in range(len(frame.rows) + 1)
    ]
    shown = TimeScale(scale.unit)
    texts = [
        svg.label(
            frame.x(scale.ticks(value)),
            frame.bottom + 16,
            shown.text(shown.ticks(value), 6).removesuffix(f" {scale.unit}"),
            size=11,
            anchor="middle",
            fill=svg.MUTED,
        )
        for value in values
    ]
    unit = svg.label(frame.right + 22, frame.bottom + 16, scale.unit, size=11, fill=svg.MUTED)
    paths = svg.tag("path", d="".join(lines + rules), stroke=svg.RULE, stroke_width=1, fill="none")
    return svg.tag("g", paths, *texts, unit)


def _row_names(frame: _Frame) -> str:
    texts = [
        svg.label(frame.left - 8, frame.y(name) + frame.row / 2 + 4, shown, anchor="end", tip=name)
        for name in frame.rows
        if (shown := svg.fit(name, frame.left - 12))
    ]
    return svg.tag("g", *texts)


def _bar_tip(assignment: Assignment, scale: TimeScale, due: Mapping[str, float], group: str) -> str:
    first = f"{assignment.job}{f' ({group})' if group else ''}, operation {assignment.operation + 1}"
    length = scale.text(assignment.end - assignment.start)
    times = f"{scale.text(assignment.start)} to {scale.text(assignment.end)} ({length})"
    tip = f"{first} on {assignment.machine}: {times}"
    if assignment.job in due and assignment.end > due[assignment.job]:
        tip += f", {scale.text(assignment.end - due[assignment.job])} after its due date"
    return tip


def _bar_names(jobs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what may stand in a job's bar: its name, or without what all names begin with (``Order 01``)."""
    first, last = min(jobs, default=""), max(jobs, default="")
    shared = first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)]
    shared = shared.rstrip("0123456789")
    return {job: tuple(name for name in (job, job[len(shared) :]) if name.strip()) for job in jobs}


def _bars(
    schedule: Schedule,
    frame: _Frame,
    colours: _Colours,
    scale: TimeScale,
    late: frozenset[str],
    due: Mapping[str, float],
) -> tuple[str, frozenset[str]]:
    """Return the bars, a group of elements for each job, and the groups that no label names."""
    by_job: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in schedule.assignments:
        by_job[assignment.job].append(assignment)
    height = frame.row - 6 if frame.row > 20 else frame.row - 3
    size = 11 if frame.row > 20 else 10
    names = _bar_names(by_job)
    groups: list[str] = []
    named: set[str] = set()
    for job in sorted(by_job, key=natural_key):
        colour = colours.of(job)
        group = colours.group[job] if colours.grouped else ""
        shapes, texts = [], []
        for assignment in by_job[job]:
            x, end = frame.x(assignment.start), frame.x(assignment.end)
            y = frame.y(assignment.machine) + (frame.row - height) / 2
            wide = max(end - x, 0.6)
            tip = svg.tag("title", svg.escape(_bar_tip(assignment, scale, due, group)))
            over = job in late and assignment.end > due[job]
            shapes.append(
                svg.tag(
                    "rect",
                    tip,
                    x=min(x, frame.right - wide),
                    y=y,
                    width=wide,
                    height=height,
                    stroke=ACCENT if over else None,
                    stroke_width=2 if over else None,
                )
            )
            name = next((n for n in names[job] if 0 < svg.text_width(n, size) <= wide - 4), "")
            if name:
                named.add(colours.group[job])
                texts.append(svg.label((x + end) / 2, y + height / 2 + size * 0.35, name, size=size))
        inner = [svg.tag("g", *shapes, fill=colour, stroke="#fff", stroke_width=0.6)]
        if texts:
            inner.append(
                svg.tag("g", *texts, fill=text_on(colour), text_anchor="middle", pointer_events="none")
            )
        groups.append(svg.tag("g", *inner, data_job=job))
    unnamed = frozenset(colours.names) - (frozenset() if colours.grouped else named)
    return svg.tag("g", *groups, class_="jobs"), unnamed


def _gap(frame: _Frame, gap: Gap, scale: TimeScale) -> str:
    x, end = frame.x(gap.start), frame.x(gap.end)
    if end - x < 0.3:
        return ""
    y, height = frame.y(gap.machine) + 5, frame.row - 10
    tip = f"{gap.text} on {gap.machine}: {scale.text(gap.start)} to {scale.text(gap.end)}"
    return svg.tag(
        "g",
        svg.tag("title", svg.escape(tip)),
        svg.tag("rect", x=x, y=y, width=end - x, height=height, fill="#eef1f4"),
        svg.hatch(x, y, end - x, height, colour="#7d8894"),
    )


def _makespan_line(frame: _Frame, schedule: Schedule, scale: TimeScale) -> str:
    if not schedule.assignments:
        return ""
    x = frame.x(schedule.makespan)
    line = svg.tag(
        "path",
        d=f"M{svg.number(x)} {svg.number(frame.top - 6)}V{svg.number(frame.bottom)}",
        stroke=svg.INK,
        stroke_width=1.5,
    )
    text = scale.text(schedule.makespan)
    middle = min(max(x, svg.text_width(text) / 2), frame.right + 60 - svg.text_width(text) / 2)
    return line + svg.label(middle, frame.top - 8, text, anchor="middle", weight="bold", size=11)


def _due_lane(
    frame: _Frame,
    due: Mapping[str, float],
    late: frozenset[str],
    colours: _Colours,
    scale: TimeScale,
    top: float,
) -> tuple[str, float]:
    """Return the marks of the due dates, in as many lanes as keep their names apart, and where they end."""
    parts = [svg.label(frame.left - 8, top + 13, "due", anchor="end", fill=svg.MUTED)]
    ends: list[float] = []
    for job, ticks in sorted(due.items(), key=lambda item: (item[1], natural_key(item[0]))):
        name = svg.fit(job, 90, 11)
        x = frame.x(ticks)
        wide = svg.text_width(name, 11) + 18
        begin = x - 6 if x - 6 + wide <= frame.right + 56 else x + 6 - wide
        lane = next((at for at, end in enumerate(ends) if end <= begin), len(ends))
        ends[lane : lane + 1] = [begin + wide]
        y = top + 9 + lane * 16
        mark = svg.tag(
            "path",
            svg.tag("title", svg.escape(f"{job} is due at {scale.text(ticks)}")),
            d=f"M{svg.number(x)} {svg.number(y - 5)}l5 5l-5 5l-5 -5z",
            fill=colours.of(job),
            stroke=ACCENT if job in late else svg.INK,
            stroke_width=2 if job in late else 0.7,
        )
        at, anchor = (x + 8, None) if begin == x - 6 else (x - 8, "end")
        text = svg.label(at, y + 4, name, size=11, anchor=anchor, fill=ACCENT if job in late else svg.INK)
        parts.append(mark + text)
    return svg.tag("g", *parts), top + len(ends) * 16 + 8


def _legend(
    colours: _Colours, unnamed: frozenset[str], gaps: Sequence[Gap], width: float, top: float
) -> tuple[str, float]:
    """Return the names of the colours that no bar is named by, where there are not too many."""
    names = [name for name in colours.names if name in unnamed]
    entries = [(name, colours.colour[name]) for name in names] if len(names) <= 40 else []
    x, y, parts = 8.0, top, []
    for name, colour in [*entries, *([("set-up", "")] if gaps else [])]:
        shown = svg.fit(name, 150, 11) or "?"
        wide = 18 + svg.text_width(shown, 11) + 10
        if x + wide > width - 8 and x > 8:
            x, y = 8.0, y + 18
        swatch = svg.tag("rect", x=x, y=y + 2, width=12, height=12, fill=colour or "#eef1f4")
        if not colour:
            swatch += svg.hatch(x, y + 2, 12, 12, colour="#7d8894")
        parts.append(swatch + svg.label(x + 17, y + 12, shown, size=11, tip=name))
        x += wide
    return svg.tag("g", *parts), y + 18 if parts else top
