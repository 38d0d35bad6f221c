"""What ``simulate`` prints beside means over replications: quantiles, batch means, series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from opt_twin.cli.common import Screen
from opt_twin.errors import OptionError

if TYPE_CHECKING:
    from opt_twin.results import BatchMeans, Evaluation, Quantile, RunWarning
    from opt_twin.simulation import Run

__all__ = [
    "BatchMeansOption",
    "Interval",
    "Quantiles",
    "Wanted",
    "batches_of",
    "quantiles_of",
    "read_quantiles",
    "show_batches",
    "show_quantiles",
    "told_of",
]

Quantiles = Annotated[
    list[str] | None,
    typer.Option(
        help="Also quantiles over the replications: 'throughput:0.05,0.95'; may be repeated.",
        show_default=False,
    ),
]
BatchMeansOption = Annotated[
    bool,
    typer.Option("--batch-means", help="Also means of the first replication as one long run, by batches."),
]
Interval = Annotated[
    str, typer.Option(help="Of --telemetry and --batch-means: seconds between two notes of a run.")
]


class Wanted(NamedTuple):
    """A measure and the shares of its quantiles."""

    measure: str
    shares: tuple[float, ...]


def read_quantiles(texts: Sequence[str] | None) -> list[Wanted]:
    """Return what ``--quantiles`` asks for.

    Raises
    ------
    OptionError
        If one cannot be read, or a share is not above 0 and below 1.
    """
    found = []
    for text in texts or ():
        measure, _, shares = text.partition(":")
        try:
            numbers = tuple(float(share) for share in shares.split(","))
        except ValueError:
            numbers = ()
        if not measure.strip() or not numbers or not all(0 < number < 1 for number in numbers):
            raise OptionError(
                f"--quantiles: {text!r} is no measure with shares above 0 and below 1; "
                "write it as 'throughput:0.05,0.95'"
            )
        found.append(Wanted(measure.strip(), numbers))
    return found


def quantiles_of(evaluation: Evaluation, wanted: Sequence[Wanted]) -> list[tuple[str, Quantile]]:
    """Return measure and quantile, in the order asked for."""
    return [(measure, evaluation.quantile(measure, share)) for measure, shares in wanted for share in shares]


def show_quantiles(screen: Screen, evaluation: Evaluation, found: Sequence[tuple[str, Quantile]]) -> None:
    """Print quantiles with their intervals."""
    if found:
        screen.table(
            f"quantiles over {len(evaluation.replications)} replications, 95 % intervals",
            ["measure", "share", "value", "unit"],
            [
                [measure, f"{quantile.share:g}", str(quantile), evaluation.units.get(measure, "")]
                for measure, quantile in found
            ],
        )


def batches_of(run: Run, warm_up: float, horizon: float) -> dict[str, BatchMeans]:
    """Return the batch means of the measures of the line, from a run with series; counts are per hour.

    The warm-up is left out, and so is an interval that either end cuts off.

    Raises
    ------
    EvaluationError
        If there are too few intervals.
    """
    from opt_twin.results import batch_means

    assert run.interval is not None
    first, last = math.ceil(warm_up / run.interval - 1e-9), math.floor(horizon / run.interval + 1e-9)
    found = {}
    for name, series in run.series.items():
        if "." not in name:
            counted = name != "wip"
            values = series[first:last].astype(float) * (3600 / run.interval if counted else 1)
            found[f"{name} per hour" if counted else name] = batch_means(values)
    return found


def show_batches(screen: Screen, found: dict[str, BatchMeans]) -> None:
    """Print batch means with their intervals."""
    if found:
        screen.table(
            "the first replication as one long run, 95 % intervals by batch means",
            ["measure", "mean"],
            [[name, str(means)] for name, means in found.items()],
        )


def told_of(name: str, means: BatchMeans) -> tuple[RunWarning, ...]:
    """Return what batch means warn about, with the name of the measure."""
    return tuple(warning.replace(message=f"{name}: {warning.message}") for warning in means.warnings)
