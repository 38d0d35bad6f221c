"""What ``bottleneck`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.cli.common import Screen

if TYPE_CHECKING:
    from opt_twin.analysis import BottleneckReport
    from opt_twin.results import Estimate

__all__ = ["show_bottleneck"]


def show_bottleneck(screen: Screen, report: BottleneckReport, currency: str) -> None:
    """Print a report on the bottleneck: the answer, what it rests on, and what is lost where."""
    screen.result(report.sentence())
    step = f"{100 * report.step:.3g} %"
    ordered = sorted(report.gains, key=lambda name: -report.gains[name].mean)
    screen.table(
        f"gain of throughput in parts/h, {report.replications} replications, 95 % intervals",
        ["station", f"{step} more speed", "of the throughput", f"{step} shorter stops"],
        [
            [
                name,
                _gain(report.gains[name]),
                f"{100 * report.share(name):+.2f} %",
                _gain(report.downtime_gains.get(name)),
            ]
            for name in ordered
        ],
    )
    if report.buffer_gains:
        screen.table(
            "gain of throughput in parts/h",
            ["buffer", f"{step} larger, at least one place"],
            [[name, _gain(gain)] for name, gain in report.buffer_gains.items()],
        )
    _show_losses(screen, report, currency)
    if report.classical:
        votes = "; ".join(f"{method}: {station}" for method, station in report.classical.items())
        screen.result(f"Methods that read the states of one line, and are right less often: {votes}.")


def _show_losses(screen: Screen, report: BottleneckReport, currency: str) -> None:
    rows = [
        [
            loss.station,
            loss.state,
            f"{loss.minutes:.1f}",
            f"{100 * loss.share:.1f} %",
            f"{loss.parts:.1f}",
            f"{loss.money:.2f}",
        ]
        for loss in report.losses
    ]
    if rows:
        screen.table(
            "losses per run; at the bottleneck the time is lost to the line, elsewhere it is slack",
            ["station", "state", "minutes", "of its time", "good parts", currency],
            rows,
        )


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return "-"
    half = "" if gain.half_width is None else f" ± {gain.half_width:.2g}"
    return f"{gain.mean:+.4g}{half}"
