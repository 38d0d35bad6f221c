"""The cost of energy under a tariff, for CP-SAT."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from opt_twin.scheduling.cp_tasks import Literal, Task, Tasks, enforced, whole

__all__ = ["energy_cost"]


def energy_cost(tasks: Tasks) -> Any:
    """Return power times prices over all operations, as an expression bounded from below."""
    return sum(_energy_of(tasks, task) for task in tasks)


def _energy_of(tasks: Tasks, task: Task) -> Any:
    r"""Return power times the prices of the ticks of an operation, over pieces that are linear.

    .. math:: z_i \Rightarrow a_i \le s_o \le b_i, \; K_o \ge \alpha_i + \beta_i s_o, \qquad \sum_i z_i = y_o
    """
    powers = {way.mode.power for way in task.ways}
    lengths = {way.mode.duration for way in task.ways}
    if powers == {0}:
        return 0
    fixed = all(way.fixed for way in task.ways) and not task.operation.interruptible
    if fixed and len(powers) == len(lengths) == 1:
        power, length = powers.pop(), lengths.pop()
        paid = _paid(tasks, task.start, task.present, (0, length), f"{task.label}")
        return power * paid
    until = _paid(tasks, task.end, task.present, (0,), f"end_{task.label}")
    since = _paid(tasks, task.start, task.present, (0,), f"start_{task.label}", from_above=True)
    highest = _highest_price(tasks) * tasks.horizon * max(powers)
    cost = tasks.model.new_int_var(0, highest, f"energy_{task.label}")
    for way in task.ways:
        enforced(tasks.model.add(cost >= way.mode.power * (until - since)), [way.literal])
    return cost


def _highest_price(tasks: Tasks) -> int:
    return max((step.price for step in tasks.instance.tariff), default=0)


def _paid(
    tasks: Tasks, time: Any, present: Literal, shifts: tuple[int, ...], name: str, *, from_above: bool = False
) -> Any:
    """Return the sum of the prices of all ticks before `time`, or from `time` on for a length.

    With two shifts it is the sum from `time` to `time` + the second shift. It is bounded from below, or
    from above for what is subtracted.
    """
    steps, horizon = tasks.instance.tariff, tasks.horizon
    cuts = {0, horizon + 1} | {
        tick for step in steps for shift in shifts if 0 < (tick := step.start - shift) <= horizon
    }
    model = tasks.model
    paid = model.new_int_var(0, _highest_price(tasks) * (horizon + 1), f"paid_{name}")
    literals = []
    for first, after in pairwise(sorted(cuts)):
        literal = model.new_bool_var(f"price_{name}_{first}")
        literals.append(literal)
        low, slope = _sum_of_prices(tasks, first, shifts)
        model.add(time >= first).only_enforce_if(literal)
        model.add(time < after).only_enforce_if(literal)
        value = low + slope * (time - first)
        model.add(paid <= value if from_above else paid >= value).only_enforce_if(literal)
    model.add(sum(literals) == whole(present))
    return paid


def _sum_of_prices(tasks: Tasks, tick: int, shifts: tuple[int, ...]) -> tuple[int, int]:
    """Return value and slope, at `tick`, of the sum of prices between the shifts."""
    value = slope = 0
    for number, shift in enumerate(shifts):
        sign = 1 if number == len(shifts) - 1 else -1
        time = tick + shift
        for step, after in [*pairwise(tasks.instance.tariff), (tasks.instance.tariff[-1], None)]:
            until = time if after is None else min(time, after.start)
            value += sign * step.price * max(0, until - step.start)
            if step.start <= time and (after is None or time < after.start):
                slope += sign * step.price
    return value, slope
