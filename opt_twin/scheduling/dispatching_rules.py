"""Dispatching rules: the index by which the next operation is chosen.

References
----------
Panwalkar and Iskander (1977), A survey of scheduling rules, Operations Research 25:45-61. Sels, Gheysen,
Vanhoucke (2012), A comparison of priority rules for the job shop scheduling problem, International Journal of
Production Research 50:4255-4270. Each rule names its own source in :data:`RULE_TEXTS`.
"""

from __future__ import annotations

import math

__all__ = ["RULES", "RULE_TEXTS", "priority_index"]

RULE_TEXTS = {
    "FDD/MWKR": "smallest ratio of the job's work up to and with it (flow due date) to its work remaining "
    "(Sels et al. 2012)",
    "MWKR": "most work remaining in its job, itself included (Conway 1965)",
    "MOPNR": "most operations remaining in its job (Conway 1965)",
    "SPT": "shortest duration (Smith 1956)",
    "EDD": "earliest due date of its job (Jackson 1955)",
    "LPT": "longest duration (Graham 1969)",
    "LWKR": "least work remaining in its job (Conway 1965)",
    "WSPT": "greatest ratio of the job's weight to the duration (Smith 1956)",
    "FCFS": "the job that is ready first (Panwalkar and Iskander 1977)",
    "priority": "the highest class of priority, then the earliest due date",
    "MDD": "earliest modified due date: the due date, or the earliest end when that is later "
    "(Baker and Bertrand 1982)",
    "slack": "least slack: due date less time less work remaining (Conway 1965)",
    "CR": "least critical ratio: time to the due date over work remaining (Berry and Rao 1975)",
    "COVERT": "greatest expected cost of delay over duration (Carroll 1965)",
    "ATC": "greatest apparent tardiness cost (Vepsalainen and Morton 1987)",
    "ATCS": "apparent tardiness cost with set-ups (Lee, Bhaskaran, Pinedo 1997)",
    "random": "by chance, from the seed",
}
"""Rule -> what it takes first, and its source."""

RULES = tuple(RULE_TEXTS)
"""The rules by name."""

_LOOK_AHEAD = 2.0
_SETUP_LOOK_AHEAD = 0.5


def priority_index(
    rule: int,
    duration: float,
    done: float,
    remaining: float,
    operations: float,
    due: float,
    weight: float,
    ready: float,
    priority: float,
    time: float,
    setup: float,
    mean: float,
    mean_setup: float,
    chance: float,
) -> float:
    """Return the index of a rule for one operation; the least is taken first.

    It runs as it stands, and compiled.

    Parameters
    ----------
    rule
        Place in :data:`RULES`.
    duration
        Ticks of the operation.
    done, remaining
        Ticks of work of its job up to and with it, and from it on with it.
    operations
        Number of operations of its job from it on.
    due
        Due date of its job, infinite for none.
    weight, priority
        Of its job.
    ready
        When the job is released, or the operation before is over.
    time
        When it could start.
    setup
        Ticks of set-up that it would need.
    mean, mean_setup
        Mean ticks of all operations and of all set-ups.
    chance
        A random number from 0 to 1.

    Notes
    -----
    With slack s, work remaining R, duration p and weight w, COVERT takes the greatest
    w / p * max(0, 1 - max(0, s) / (k R)), ATC the greatest w / p * exp(-max(0, s) / (k mean p)), and ATCS
    multiplies this with exp(-set-up / (k' mean set-up)); k = 2 and k' = 0.5.
    """
    slack, late_start = due - time - remaining, math.inf
    if remaining > 0:
        late_start = (due - time) / remaining
    waiting, ratio = max(0.0, slack), weight / max(duration, 1e-9)
    cost = ratio * math.exp(-min(waiting / max(_LOOK_AHEAD * mean, 1e-9), 700.0))
    return (
        done / remaining if remaining > 0 else math.inf,
        -remaining,
        -operations,
        duration,
        due,
        -duration,
        remaining,
        duration / weight if weight > 0 else math.inf,
        ready,
        -priority * 2.0**50 + min(due, 2.0**49),
        max(due, time + remaining),
        slack,
        late_start,
        -ratio * max(0.0, 1.0 - waiting / max(_LOOK_AHEAD * remaining, 1e-9)),
        -cost,
        -cost * math.exp(-min(setup / max(_SETUP_LOOK_AHEAD * mean_setup, 1e-9), 700.0)),
        chance,
    )[rule]
