"""``opt-twin study``: the main job on one line, from reading it to a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opt_twin.cli.common import (
    ExitCode,
    Json,
    LineFile,
    Overlay,
    Quiet,
    Screen,
    Seed,
    Set,
    Workers,
    answer,
    check_folder,
    counted,
    default_workers,
    exit_code_of,
    result_code,
    seconds,
    undisturbed,
)
from opt_twin.cli.line import load, simulated, warn_if_nothing_left
from opt_twin.cli.optimize import run_search, searched
from opt_twin.cli.solve import solved
from opt_twin.errors import OptTwinError, PlanError
from opt_twin.files import write_text

if TYPE_CHECKING:
    from opt_twin.analysis import BottleneckReport
    from opt_twin.line import Line
    from opt_twin.plan import Schedule
    from opt_twin.results import Evaluation, Result, TracePoint
    from opt_twin.scheduling import SchedulingInstance
    from opt_twin.search import ParetoFront
    from opt_twin.theory import Limit, StationCapacity

__all__ = ["HELP", "study"]

HELP = "Study a line: check, simulate, find the bottleneck, schedule its orders, search, and write a report."


def study(
    line: LineFile,
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder for the report and everything else.")],
    horizon: Annotated[str, typer.Option("--horizon", help="Length of a run, such as 8h.")] = "8h",
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, help="Independent runs.")] = 20,
    time_limit: Annotated[str, typer.Option("--time-limit", help="For the schedule.")] = "15s",
    budget: Annotated[str, typer.Option(help="Of the search: evaluations (120) or time (1m).")] = "120",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            help="What the search may change; all finite buffers and all speeds if not given.",
            show_default=False,
        ),
    ] = None,
    overlay: Overlay = None,
    sets: Set = None,
    workers: Workers = None,
    seed: Seed = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Do the main job on one line."""
    model = load(line, overlay, sets)
    check_folder(out=out)
    run = _Study(
        line=model,
        screen=Screen(as_json=as_json, quiet=quiet),
        out=out,
        horizon=seconds(horizon, "--horizon"),
        replications=replications,
        time_limit=seconds(time_limit),
        budget=budget,
        vary=tuple(vary or ()),
        workers=default_workers(workers),
        seed=seed,
        source=str(line),
    )
    return run.run()


@dataclass
class _Study:
    """The stages of a study and what they have found so far."""

    line: Line
    screen: Screen
    out: Path
    horizon: float
    replications: int
    time_limit: float
    budget: str
    vary: tuple[str, ...]
    workers: int
    seed: int
    source: str
    warnings: tuple[str, ...] = ()
    capacity: tuple[StationCapacity, ...] = ()
    limits: tuple[Limit, ...] = ()
    left_out: tuple[str, ...] = ()
    evaluation: Evaluation | None = None
    bottleneck: BottleneckReport | None = None
    instance: SchedulingInstance | None = None
    scheduled: Result[Schedule] | None = None
    executed: Evaluation | None = None
    searched: Result[ParetoFront] | None = None
    baseline: Evaluation | None = None
    runtimes: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run(self) -> ExitCode:
        """Go through the stages, write what was found, and say how it ended."""
        stages: list[tuple[str, Callable[[], None]]] = [
            ("check", self._check),
            ("simulate", self._simulate),
            ("bottleneck", self._find_bottleneck),
        ]
        if self.line.orders:
            stages += [("schedule", self._schedule), ("execute", self._execute)]
        stages.append(("search", self._search))
        code = ExitCode.OK
        for name, stage in stages:
            try:
                with self._timed(name):
                    stage()
            except OptTwinError as error:
                code = code or exit_code_of(error)
                self._note(f"{name} failed: {error}")
            except KeyboardInterrupt:
                code = ExitCode.INTERRUPTED
            if code is ExitCode.INTERRUPTED or self._stopped():
                code = ExitCode.INTERRUPTED
                self._note(f"interrupted at: {name}; this is what was found so far")
                break
        with undisturbed():
            self._write()
        if code is ExitCode.OK and self.scheduled is not None:
            return result_code(self.scheduled)
        return code

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self.screen.warn(text)

    def _stopped(self) -> bool:
        found = [result for result in (self.scheduled, self.searched) if result is not None]
        return any(result.stop_reason == "interrupted" for result in found)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.runtimes[name] = time.perf_counter() - start

    def _check(self) -> None:
        from opt_twin.theory import capacity_table, covers, limits, line_warnings

        self.warnings = line_warnings(self.line)
        self.capacity = capacity_table(self.line)
        self.limits, self.left_out = limits(self.line), covers(self.line)
        for warning in self.warnings:
            self.screen.warn(warning)
        self._say(
            f"{self.line.name}: {counted(len(self.line.stations), 'station')}, "
            f"{counted(len(self.line.buffers), 'buffer')}, {counted(len(self.line.orders), 'order')}; "
            "no problem found"
        )

    def _simulate(self) -> None:
        from opt_twin.simulation import RunSettings, simulate

        settings = RunSettings(horizon=self.horizon, replications=self.replications, workers=self.workers)
        with self.screen.progress("simulating") as advance:
            self.evaluation = simulate(
                self.line,
                settings=settings,
                seed=self.seed,
                on_progress=lambda done, total: advance(done, total, ""),
            )
        warn_if_nothing_left(self.screen, self.evaluation)
        self._say(
            f"throughput {self.evaluation.estimate('throughput')} parts/h, "
            f"work in process {self.evaluation.estimate('wip')}"
        )

    def _find_bottleneck(self) -> None:
        from opt_twin.analysis import find_bottleneck
        from opt_twin.simulation import RunSettings, pooled_evaluator

        settings = RunSettings(
            horizon=self.horizon, replications=max(2, self.replications // 3), workers=self.workers
        )
        with self.screen.progress("searching the bottleneck"), pooled_evaluator(settings) as evaluator:
            self.bottleneck = find_bottleneck(self.line, evaluator, seed=self.seed)
        self._say(self.bottleneck.sentence())

    def _schedule(self) -> None:
        from opt_twin.scheduling import scheduling_instance, solve_schedule
        from opt_twin.solvers import SolveOptions

        try:
            self.instance = scheduling_instance(self.line, allowance="mean")
        except PlanError as error:
            self._note(f"the orders are not scheduled: {error}")
            return
        options = SolveOptions(time_limit=self.time_limit, workers=self.workers, seed=self.seed)
        with self.screen.progress("scheduling", options.time_limit) as advance:

            def show(point: TracePoint) -> None:
                advance(point.time, options.time_limit, f"best {point.objective}, bound {point.bound}")

            self.scheduled = solve_schedule(
                self.instance, objective=self._objective(), options=options, on_progress=show
            )
        self._say(_sentence(self.instance, self.scheduled))

    def _objective(self) -> str:
        has_due_dates = any(order.due is not None for order in self.line.orders)
        return "total_weighted_tardiness" if has_due_dates else "makespan"

    def _execute(self) -> None:
        from opt_twin.simulation import RunSettings, simulate

        if self.scheduled is None or self.scheduled.best is None:
            return
        planned = self.scheduled.best.makespan * self.scheduled.best.tick
        settings = RunSettings(
            horizon=20 * planned + 30 * 86400, replications=self.replications, workers=self.workers
        )
        with self.screen.progress("executing the schedule") as advance:
            self.executed = simulate(
                self.line,
                settings=settings,
                plan=self.scheduled.best,
                seed=self.seed,
                on_progress=lambda done, total: advance(done, total, ""),
            )
        makespan = self.executed.estimate("makespan")
        self._say(
            f"executed with failures: complete after {makespan.mean / 3600:.2f} h "
            f"(planned {planned / 3600:.2f} h), "
            f"{100 * self.executed.mean('orders_on_time'):.0f} % of the orders on time"
        )

    def _search(self) -> None:
        from opt_twin.search import DecisionSpace, objective_named, vary
        from opt_twin.simulation import RunSettings, SimulationEvaluator

        ranges = self.vary or default_ranges(self.line)
        if not ranges:
            self.screen.warn("nothing to search: the line has no finite buffer and no station")
            return
        space = DecisionSpace(base=self.line, variables=vary(self.line, *ranges))
        quick = RunSettings(horizon=self.horizon / 2, warm_up=self.horizon / 48, replications=2)
        final = RunSettings(horizon=self.horizon, warm_up=self.horizon / 48, replications=8)
        self.searched = run_search(
            self.screen,
            space,
            [objective_named("throughput", "max"), objective_named("wip", "min")],
            quick,
            final,
            budget=self.budget,
            population=12,
            seed=self.seed,
            workers=self.workers,
        )
        if self.searched.best is not None and self.searched.stop_reason != "interrupted":
            today = SimulationEvaluator(final.replace(workers=self.workers))
            self.baseline = today.evaluate(self.line, seed=self.searched.best.evaluation_seed)
        if self.searched.best is None:
            self._say(f"the search found no feasible line ({self.searched.stop_reason})")
        else:
            self._say(
                f"the search found {counted(len(self.searched.best.points), 'line')} that no other one beats"
            )

    def _say(self, text: str) -> None:
        self.screen.result(text)

    def _write(self) -> None:
        from opt_twin import export

        report = export.Study(
            line=self.line,
            warnings=self.warnings,
            capacity=self.capacity,
            limits=self.limits,
            left_out=self.left_out,
            evaluation=self.evaluation,
            bottleneck=self.bottleneck,
            instance=self.instance,
            schedule=self.scheduled,
            executed=self.executed,
            search=self.searched,
            baseline=self.baseline,
            settings=self._settings(),
            commands=self._commands(),
            notes=tuple(self.notes),
        )
        limit = report.bottleneck_station
        files: dict[str, str] = {"line.svg": export.line_svg(self.line, self.evaluation, bottleneck=limit)}
        if self.evaluation is not None:
            files["states.svg"] = export.states_svg(self.evaluation, bottleneck=limit)
            files["measures.csv"] = export.evaluation_frame(self.evaluation).to_csv(index=False)
        if self.scheduled is not None and self.scheduled.best is not None:
            files["schedule.json"] = export.schedule_json(self.scheduled.best)
            files["schedule.svg"] = export.gantt_svg(
                self.scheduled.best,
                title=self.line.name,
                instance=self.instance,
                colour_by="family",
                time_unit="h",
            )
        if self.searched is not None and self.searched.best is not None:
            files["front.csv"] = export.front_csv(self.searched.best)
            files["front.json"] = export.front_json(self.searched.best)
            files["front.svg"] = export.front_svg(
                self.searched.best, today=self.baseline or self.evaluation, line=self.line
            )
        files["report.html"] = export.study_report(report)
        for name, text in files.items():
            write_text(self.out / name, text)
        self._say(f"report: {self.out / 'report.html'}")
        self.screen.json(self._found(sorted(files)))

    def _found(self, files: list[str]) -> dict[str, object]:
        """Return what ``study --json`` prints; what was not done is null."""
        return {
            "line": self.line.name,
            "digest": self.line.digest(),
            "seed": self.seed,
            "warnings": list(self.warnings),
            "capacity": [row.to_dict() for row in self.capacity],
            "limits": [limit.to_dict() for limit in self.limits],
            "left_out": list(self.left_out),
            "simulation": None if self.evaluation is None else simulated(self.evaluation),
            "bottleneck": None if self.bottleneck is None else self.bottleneck.to_dict(),
            "schedule": None
            if self.scheduled is None or self.instance is None
            else solved(self.instance, self.scheduled),
            "executed": None if self.executed is None else simulated(self.executed),
            "search": None if self.searched is None else searched(self.searched),
            "notes": self.notes,
            "runtimes": self.runtimes,
            "files": [str(self.out / name) for name in files],
        }

    def _settings(self) -> dict[str, str]:
        rows = {
            "line file": self.source,
            "seed": str(self.seed),
            "workers": str(self.workers),
            "replications": f"{self.replications} of {self.horizon / 3600:g} h",
            "budget of the search": self.budget,
            "time limit of the schedule": f"{self.time_limit:g} s",
        }
        rows |= {f"time for: {name}": f"{value:.1f} s" for name, value in self.runtimes.items()}
        return rows

    def _commands(self) -> tuple[str, ...]:
        runs = f"--horizon {self.horizon:g}s --replications {self.replications} --seed {self.seed}"
        return (
            f"opt-twin study {self.source} --out {self.out} {runs} --budget {self.budget}",
            f"opt-twin simulate {self.source} {runs}",
        )


def default_ranges(line: Line) -> tuple[str, ...]:
    """Return what a study varies: each finite buffer up to twice its size, each speed by a fifth."""
    buffers = [
        f"{buffer.name}.capacity=1..{2 * buffer.capacity}"
        for buffer in line.buffers
        if buffer.capacity is not None
    ]
    speeds = [
        f"{station.name}.speed={0.8 * station.speed:.4f}..{1.2 * station.speed:.4f}"
        for station in line.stations
    ]
    return (*buffers, *speeds)


def _sentence(instance: SchedulingInstance, result: Result[Schedule]) -> str:
    text = f"{counted(len(instance.jobs), 'order')}: {answer(result)}"
    if result.best is None:
        return text
    hours = result.best.makespan * result.best.tick / 3600
    return f"{text}, planned makespan {hours:.2f} h; verified"
