"""A small line, its evaluation, a schedule and a front, made up but consistent."""

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from opt_twin.analysis import BottleneckReport
from opt_twin.line import Line
from opt_twin.plan import Assignment, Schedule
from opt_twin.records import FrozenMapping
from opt_twin.results import STATES, Estimate, Evaluation, Result, Status, StopReason
from opt_twin.scheduling import SchedulingInstance
from opt_twin.search import Objective, ParetoFront, SearchSummary

SVG = "{http://www.w3.org/2000/svg}"


def make_line(name="bottling", stations=("Filler", "Packer"), **fields):
    """A serial line with a buffer between all stations, failures and orders."""
    elements = [{"kind": "source", "name": "In"}]
    for at, station in enumerate(stations):
        if at:
            elements.append({"kind": "buffer", "name": f"B{at}", "capacity": 10 * at})
        elements.append({"kind": "station", "name": station, "cycle_time": f"{at + 1} s"})
    elements[1] |= {
        "failures": [
            {
                "name": "a",
                "time_to_failure": "exponential(2 h)",
                "time_to_repair": "5 min",
                "clock": "operation",
            },
            {"name": "b", "time_to_failure": 100, "time_to_repair": "1 min", "clock": "cycles"},
        ],
        "micro_stops": [{"probability": 0.01, "duration": "15 s"}],
        "defect_rate": 0.02,
        "inspection": {"detection": 0.9, "false_alarm": 0.01},
        "servers": 2,
    }
    elements[-1] |= {"batch_size": 12}
    elements.append({"kind": "sink", "name": "Out"})
    connections = [{"source": a["name"], "target": b["name"]} for a, b in itertools.pairwise(elements)]
    body = {
        "name": name,
        "elements": elements,
        "connections": connections,
        "products": [{"name": "P", "price": 3}, {"name": "Q", "price": 4}],
        "orders": [
            {"name": "O1", "product": "P", "quantity": 100, "due": 40},
            {"name": "O2", "product": "Q", "quantity": 50, "due": 60},
            {"name": "O3", "product": "P", "quantity": 50},
        ],
    }
    return Line.from_dict(body | fields)


def make_evaluation(line, n=5, seed=1, *, orders=False, **values):
    """Values of all measures that a simulation gives."""
    rng = np.random.default_rng(seed)
    found = {
        "throughput": rng.normal(80, 3, n),
        "wip": rng.normal(14, 1, n),
        "lead_time": rng.normal(700, 30, n),
        "margin": rng.normal(1000, 30, n),
        "good_parts": rng.normal(640, 30, n),
    }
    for station in line.stations:
        shares = np.zeros((n, len(STATES)))  # only those that every line can have
        shares[:, :6] = rng.dirichlet([6, 1, 2, 2, 1, 1], n)
        found |= {f"{station.name}.{state}": shares[:, at] for at, state in enumerate(STATES)}
        found[f"{station.name}.parts"] = np.full(n, 600.0)
    for buffer in line.buffers:
        found[f"{buffer.name}.level"] = rng.uniform(0, buffer.capacity or 5, n)
    if orders:
        found |= {"makespan": rng.normal(70, 2, n), "orders_on_time": np.full(n, 0.5)}
        found |= {"order.O1.completion": np.full(n, 39.0), "order.O2.completion": np.full(n, 61.0)}
        found |= {"order.O3.completion": np.full(n, 70.0)}
    return Evaluation(
        values=found | values,
        replications=tuple(range(n)),
        seed=seed,
        horizon=28800.0,
        warm_up=600.0,
        line_digest=line.digest(),
        units={"throughput": "1/h", "wip": "parts", "lead_time": "s", "margin": "EUR", "makespan": "s"},
        line_name=line.name,
    )


def make_instance():
    """Three jobs of two families on two machines, with set-ups and due dates."""
    return SchedulingInstance.from_dict(
        {
            "name": "orders",
            "machines": ["Filler", "Packer"],
            "jobs": [
                {
                    "name": name,
                    "family": family,
                    "due": due,
                    "operations": [
                        {"machine": "Filler", "duration": 10},
                        {"machine": "Packer", "duration": 12},
                    ],
                }
                for name, family, due in (("O1", "P", 40), ("O2", "Q", 30), ("O3", "P", None))
            ],
            "setup_times": {"Filler": {"P": {"Q": 5}, "Q": {"P": 6}}},
            "initial_family": {"Filler": "Q"},
        }
    )


def make_schedule(tick=1.0):
    """A schedule of that instance; O2 ends 12 ticks after its due date."""
    rows = [("O1", 6, 16), ("O2", 21, 42)]
    found = []
    for job, start, end in rows:
        found.append(Assignment(job=job, operation=0, machine="Filler", start=start, end=start + 10))
        found.append(
            Assignment(
                job=job,
                operation=1,
                machine="Packer",
                start=end - 12 if job == "O2" else end,
                end=end if job == "O2" else end + 12,
            )
        )
    found.append(Assignment(job="O3", operation=0, machine="Filler", start=37, end=47))
    found.append(Assignment(job="O3", operation=1, machine="Packer", start=47, end=59))
    return Schedule(assignments=tuple(found), tick=tick, instance_name="orders", instance_digest="ab" * 32)


def make_result(best, **fields):
    given = {
        "status": Status.FEASIBLE,
        "stop_reason": StopReason.TIME_LIMIT,
        "objective": 59.0,
        "bound": 50.0,
        "runtime": 1.5,
        "solver": "cp-sat",
        "solver_version": "9",
        "objective_name": "makespan",
    }
    return Result(best=best, **(given | fields))


def make_front(line, n=6, m=2, *, reevaluated=4, **fields):
    """A front of n points and m objectives."""
    t = np.linspace(0, 1, n)
    objectives = (
        Objective("throughput", "throughput", "max", "parts/h"),
        Objective("wip", "wip", "min", "parts"),
        Objective("lead_time", "lead_time", "min", "s"),
        Objective("profit", lambda e: e.mean("margin") / 2, "max", "EUR"),
    )[:m]
    points = np.stack([70 + 20 * np.sqrt(t), 10 + 5 * t**2, 600 + 90 * t, 500 - 30 * t], 1)[:, :m]
    decisions = tuple(FrozenMapping({"B1.capacity": int(2 + 30 * x), "Filler.speed": 1 + x}) for x in t)
    given = {
        "objectives": objectives,
        "points": points,
        "intervals": np.stack([points - 0.5, points + 0.5], 2),
        "decisions": decisions,
        "lines": tuple(line.with_values(row) for row in decisions),
        "evaluations": (),
        "search_points": points + 0.1,
        "probability_nondominated": np.linspace(0.5, 1, n),
        "not_different_from": ((),) * n,
        "reference_point": points[0],
        "seed": 1,
        "evaluation_seed": 2,
        "summary": SearchSummary(
            algorithm="NSGA-II",
            population=8,
            budget="80 evaluations",
            evaluations=80,
            generations=10,
            reevaluated=reevaluated,
            removed_dominated=1,
            optimism=FrozenMapping({"throughput": 0.4, "wip": -0.1}),
        ),
    }
    return ParetoFront(**(given | fields))


def make_bottleneck(line, *, limited=True, downtimes=True, half_width=0.4):
    def gain(mean):
        return Estimate(mean=mean, half_width=half_width, confidence=0.95, replications=5)

    names = [station.name for station in line.stations]
    return BottleneckReport(
        station=names[0],
        throughput=gain(80.0),
        step=0.05,
        gains=FrozenMapping({name: gain(3.0 / (at + 1)) for at, name in enumerate(names)}),
        downtime_gains=FrozenMapping({names[0]: gain(1.0)} if downtimes else {}),
        runner_up=names[1],
        certainty=0.99,
        limited=limited,
        classical=FrozenMapping({"working share": names[0]}),
    )


@dataclass
class Box:
    """Where an element of a picture is."""

    left: float
    top: float
    right: float
    bottom: float


def parse(text):
    """The picture as a tree; it must be XML."""
    return ET.fromstring(text)  # our own output


def size_of(root):
    return float(root.get("width")), float(root.get("height"))


def rects(root, **attributes):
    return [
        Box(
            float(r.get("x", 0)),
            float(r.get("y", 0)),
            float(r.get("x", 0)) + float(r.get("width")),
            float(r.get("y", 0)) + float(r.get("height")),
        )
        for r in root.iter(f"{SVG}rect")
        if all(r.get(key) == value for key, value in attributes.items())
    ]


def texts(root):
    """Every text with its place: (content, left, right, baseline)."""
    from opt_twin.export.svg import text_width

    found = []
    for element in root.iter(f"{SVG}text"):
        content = "".join(element.itertext())
        for title in element.iter(f"{SVG}title"):
            content = content.removeprefix(title.text or "")
        wide = text_width(content, float(element.get("font-size", 12)))
        x = float(element.get("x"))
        anchor = element.get("text-anchor") or "start"
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        found.append((content, left, left + wide, float(element.get("y"))))
    return found


def assert_inside(text, *, slack=2.0):
    """Every rectangle, circle, path and text of a picture lies within it."""
    root = parse(text)
    width, height = size_of(root)
    for box in rects(root):
        assert box.left >= -slack
        assert box.right <= width + slack
        assert box.top >= -slack
        assert box.bottom <= height + slack
    for content, left, right, y in texts(root):
        assert left >= -slack, content
        assert right <= width + slack, content
        assert 0 <= y <= height, content
    for path in root.iter(f"{SVG}path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d")):
            assert -slack <= float(x) <= width + slack
            assert -slack <= float(y) <= height + slack
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx")) <= width
        assert 0 <= float(circle.get("cy")) <= height
    return root


@pytest.fixture(scope="session")
def samples():
    """The makers and readers above."""
    return SimpleNamespace(
        line=make_line,
        evaluation=make_evaluation,
        instance=make_instance,
        schedule=make_schedule,
        result=make_result,
        front=make_front,
        bottleneck=make_bottleneck,
        parse=parse,
        size_of=size_of,
        rects=rects,
        texts=texts,
        assert_inside=assert_inside,
    )


@pytest.fixture(scope="session")
def line():
    return make_line()


@pytest.fixture(scope="session")
def evaluation(line):
    return make_evaluation(line)
