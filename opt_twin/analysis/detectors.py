"""Bottleneck detectors that read the state times of one evaluation.

They are reported beside the sensitivity that :mod:`opt_twin.analysis.bottleneck` measures, and are right much
less often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from opt_twin.analysis.states import active, working
from opt_twin.graph import is_serial, ranks
from opt_twin.line import Line
from opt_twin.results import STATES, Evaluation

__all__ = ["classical_bottlenecks"]

_States = Mapping[str, float]


def classical_bottlenecks(line: Line, evaluation: Evaluation) -> dict[str, str]:
    """Return the station that each classical method names.

    Parameters
    ----------
    line
        The line that was evaluated.
    evaluation
        Its measures.

    Returns
    -------
    dict
        ``"working share"`` (longest busy, in set-up or micro-stopped), ``"active share"`` (longest in any
        state but starved, blocked and off shift); on serial lines of two or more stations also ``"arrows"``
        (from a pair of neighbours to the one that makes the other wait more) and ``"turning point"``
        (stations before it are blocked more than starved, those behind it starved more than blocked).

    Raises
    ------
    UnknownNameError
        If the evaluation lacks the states of a station.

    References
    ----------
    Roser, Nakano, Tanaka (2001), A practical bottleneck detection method (active periods); Kuo, Lim, Meerkov
    (1996), Bottlenecks in serial production lines (arrows); Li, Chang, Ni (2009), Data driven bottleneck
    detection of manufacturing systems (turning point).
    """
    rank = ranks(line)
    names = sorted((station.name for station in line.stations), key=rank.__getitem__)
    states = {name: {state: evaluation.mean(f"{name}.{state}") for state in STATES} for name in names}
    found = {
        "working share": _most(names, lambda name: working(states[name])),
        "active share": _most(names, lambda name: active(states[name])),
    }
    if len(names) > 1 and is_serial(line):
        found["arrows"] = _arrows(names, states)
        found["turning point"] = _turning_point(names, states)
    return found


def _most(names: list[str], value: Callable[[str], float]) -> str:
    return max(names, key=value)  # the first of equals


def _arrows(names: list[str], states: Mapping[str, _States]) -> str:
    """Return the station that no arrow leaves; of several the one with the most severe waiting around it."""
    forward = [states[a]["blocked"] > states[b]["starved"] for a, b in pairwise(names)]
    severity = [abs(states[a]["blocked"] - states[b]["starved"]) for a, b in pairwise(names)]
    ends = [
        position
        for position in range(len(names))
        if (position == 0 or forward[position - 1]) and (position == len(names) - 1 or not forward[position])
    ]
    return names[max(ends, key=lambda position: sum(severity[max(0, position - 1) : position + 1]))]


def _turning_point(names: list[str], states: Mapping[str, _States]) -> str:
    """Return the station where blocking turns into starving; of several the one that waits least."""
    excess = [states[name]["blocked"] - states[name]["starved"] for name in names]
    last = len(names) - 1
    turns = [
        position
        for position in range(len(names))
        if (position == 0 or excess[position - 1] > 0) and (position == last or excess[position + 1] < 0)
    ]
    waiting = [states[name]["blocked"] + states[name]["starved"] for name in names]
    return names[min(turns or range(len(names)), key=lambda position: waiting[position])]
