"""Random scheduling instances with the features of the model, small enough for brute force.

A feature is a function that changes the plain data of an instance; add it to `_WITH` under its name in
:data:`opt_twin.scheduling.FEATURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from opt_twin.errors import ModelError, OptionError, UnknownNameError
from opt_twin.scheduling import FEATURES, SchedulingInstance
from opt_twin.testing.random_lines import Choices, SeededChoices

__all__ = ["random_instance"]

_Data = dict[str, Any]
_ATTEMPTS = 60


def random_instance(
    seed: int,
    *,
    features: Collection[str] | None = (),
    jobs: int = 2,
    operations: int = 2,
    machines: int = 2,
    longest: int = 3,
) -> SchedulingInstance:
    """Return a random instance that has `features`, with all that the objectives look at.

    Most are feasible; deadlines, frozen operations, time lags and finite buffers can make one infeasible.

    Parameters
    ----------
    seed
        The same seed gives the same instance.
    features
        Of :data:`~opt_twin.scheduling.FEATURES`. The instance has these, and those without which they would
        mean nothing (an interruptible operation brings closures). None for a mixture of up to three.
    jobs, operations
        Jobs, and operations of each.
    machines
        Machines.
    longest
        Ticks that an operation takes at most.

    Raises
    ------
    UnknownNameError
        If there is no such feature.
    OptionError
        If the features do not go together.

    Examples
    --------
    >>> sorted(random_instance(3, features={"closures"}).features)
    ['closures']
    """
    for name in features or ():
        if name not in _WITH:
            raise UnknownNameError.among("feature", name, FEATURES)
    refusal = ""
    for attempt in range(_ATTEMPTS):
        choices = SeededChoices(seed * _ATTEMPTS + attempt)
        wanted = set(features) if features is not None else _mixture(choices)
        data = _plain(choices, jobs, operations, machines, longest, wanted)
        for name in FEATURES:
            if name in wanted:
                _WITH[name](choices, data)
        _for_objectives(choices, data)
        try:
            instance = SchedulingInstance.from_dict(data | {"name": f"random {seed}"})
        except ModelError as error:
            refusal = str(error.problems[0])
            continue
        if wanted <= instance.features:
            return instance
    raise OptionError(f"{', '.join(sorted(features or ()))} do not go together: {refusal}")


def _mixture(choices: Choices) -> set[str]:
    return {choices.pick(FEATURES) for _ in range(choices.whole(1, 3))}


def _plain(
    choices: Choices, jobs: int, operations: int, machines: int, longest: int, wanted: set[str]
) -> _Data:
    """Return the data of a job shop; one route for all jobs where all machines do them in one sequence."""
    names = [f"M{number}" for number in range(1, machines + 1)]
    one_route = "one sequence on all machines" in wanted
    shortest = 1 if wanted & {"set-ups", "finite buffers", "one sequence on all machines"} else 0
    rows = []
    for number in range(1, jobs + 1):
        steps = []
        for position in range(operations):
            machine = names[position % machines] if one_route else choices.pick(names)
            # one operation in ten takes no time
            duration = max(shortest, choices.whole(1, longest) * choices.pick((0, *[1] * 9)))
            steps.append({"machine": machine, "duration": duration})
        rows.append({"name": f"J{number}", "operations": steps})
    return {"machines": names, "jobs": rows}


def _any_operation(choices: Choices, data: _Data, *, single: bool = True) -> tuple[_Data, _Data]:
    """Return a job and one of its operations, one without modes where there is one."""
    job = choices.pick(data["jobs"])
    steps = [step for step in job["operations"] if not (single and "modes" in step)]
    return job, choices.pick(steps or job["operations"])


def _releases(choices: Choices, data: _Data) -> None:
    for job in data["jobs"]:
        job["release"] = choices.whole(0, 3)
    choices.pick(data["jobs"])["release"] = choices.whole(1, 3)


def _work(data: _Data) -> int:
    """Return the ticks of all operations, each in its longest mode."""
    return sum(
        max(mode["duration"] for mode in step.get("modes", [step]))
        for job in data["jobs"]
        for step in job["operations"]
    )


def _deadlines(choices: Choices, data: _Data) -> None:
    for job in data["jobs"]:
        if choices.pick((True, False)):
            job["deadline"] = job.get("release", 0) + _work(data) + choices.whole(-2, 4)
    job = data["jobs"][0]
    job["deadline"] = job.get("release", 0) + _work(data) + choices.whole(-2, 4)


def _streaming(choices: Choices, data: _Data) -> None:
    for step in choices.pick(data["jobs"])["operations"]:
        step["lead"], step["tail"] = (choices.whole(0, step["duration"]) for _ in range(2))


def _modes(choices: Choices, data: _Data) -> None:
    _, step = _any_operation(choices, data)
    duration = step.pop("duration", 1)
    machine = step.pop("machine", "")
    other = choices.pick(data["machines"])
    step["modes"] = [
        {"machine": machine, "duration": duration},
        {"machine": other, "duration": choices.whole(1, 3)},
    ]


def _without_machine(choices: Choices, data: _Data) -> None:
    _, step = _any_operation(choices, data)
    step.pop("machine", None)
    data.setdefault("resources", []).append({"name": "hands", "capacity": 1})
    step["demands"] = {"hands": 1}


def _open(choices: Choices, data: _Data) -> None:
    del choices
    data["jobs"][0]["order"] = "open"


def _network(choices: Choices, data: _Data) -> None:
    job = data["jobs"][-1]
    job["order"] = "network"
    if len(job["operations"]) > 1 and choices.pick((True, False)):
        _tie(data, (job["name"], 0), (job["name"], 1))


def _tie(data: _Data, before: tuple[str, int], after: tuple[str, int], **more: object) -> None:
    data.setdefault("precedences", []).append({"before": before, "after": after, **more})


def _no_wait(choices: Choices, data: _Data) -> None:
    routed = [job for job in data["jobs"] if "order" not in job]
    if routed:
        choices.pick(routed)["no_wait"] = True


def _interruptible(choices: Choices, data: _Data) -> None:
    _, step = _any_operation(choices, data, single=False)
    step["interruptible"] = True
    _close(choices, data, step.get("machine") or data["machines"][0])


def _close(choices: Choices, data: _Data, name: str) -> None:
    start = choices.whole(0, 4)
    closure = {"start": start, "end": start + choices.whole(1, 2)}
    data.setdefault("closures", {}).setdefault(name, []).append(closure)


def _closures(choices: Choices, data: _Data) -> None:
    _close(choices, data, choices.pick(data["machines"]))


def _optional(choices: Choices, data: _Data) -> None:
    _, step = _any_operation(choices, data, single=False)
    step |= {"optional": True, "skip_cost": choices.whole(1, 6)}


def _routes(choices: Choices, data: _Data) -> None:
    job = choices.pick(data["jobs"])
    last = job["operations"][-1]
    last["route"] = "a"
    other = {"machine": choices.pick(data["machines"]), "duration": choices.whole(1, 3), "route": "b"}
    job["operations"].append(other)


def _uncounted(choices: Choices, data: _Data) -> None:
    choices.pick(data["jobs"])["counts"] = False


def _families(choices: Choices, data: _Data) -> None:
    job, step = _any_operation(choices, data, single=False)
    step["family"] = "green" if job.get("family") == "red" else "red"


def _setups(choices: Choices, data: _Data) -> None:
    for job in data["jobs"]:
        job["family"] = choices.pick(("red", "green"))
    data["setup_times"] = {
        name: {"red": {"green": choices.whole(0, 3)}, "green": {"red": choices.whole(0, 3)}}
        for name in data["machines"]
    }
    if choices.pick((True, False)):
        data["initial_family"] = {data["machines"][0]: choices.pick(("red", "green"))}


def _one_sequence(choices: Choices, data: _Data) -> None:
    del choices
    data["permutation"] = True


def _resources(choices: Choices, data: _Data) -> None:
    kind = choices.pick(("renewable", "renewable", "skills", "consumable"))
    resource: _Data = {"name": "crew", "capacity": 2}
    more: list[_Data] = []
    if kind == "consumable":
        resource |= {"kind": "consumable", "deliveries": [{"time": choices.whole(1, 4), "amount": 4}]}
    elif kind == "skills":
        resource["skills"] = ["weld"]
        more = [{"name": "expert", "capacity": 1, "skills": ["weld"]}]
    elif choices.pick((True, False)):
        start = choices.whole(0, 4)
        resource["absences"] = [{"start": start, "end": start + choices.whole(1, 2), "amount": 1}]
    data.setdefault("resources", []).extend([resource, *more])
    asked = "weld" if kind == "skills" else "crew"
    for job in data["jobs"]:
        for step in job["operations"]:
            if choices.pick((True, True, False)):
                amount = 1 if kind == "consumable" else choices.whole(1, 2)
                for mode in step.get("modes", [step]):
                    mode.setdefault("demands", {})[asked] = amount


def _precedences(choices: Choices, data: _Data) -> None:
    """Tie operations of the first job to later ones; a second tie bounds the distance from above."""
    first, last = data["jobs"][0], data["jobs"][-1]
    one = first["name"], 0
    other = last["name"], len(last["operations"]) - 1
    kind = choices.pick(("end-start", "start-start", "end-end", "start-end"))
    _tie(data, one, other, kind=kind, lag=choices.whole(-1, 2))
    if choices.pick((True, False)):
        _tie(data, other, one, kind="start-start", lag=-choices.whole(4, 7))


def _transport(choices: Choices, data: _Data) -> None:
    data["transport_times"] = {
        one: {other: choices.whole(0, 2) for other in data["machines"] if other != one}
        for one in data["machines"]
    }


def _buffers(choices: Choices, data: _Data) -> None:
    names = [name for name in data["machines"] if name not in data.get("batching", {})]
    data["buffers"] = {name: choices.whole(0, 1) for name in names if choices.pick((True, True, False))}
    data["buffers"].setdefault(names[-1], 0)


def _batching(choices: Choices, data: _Data) -> None:
    machine = choices.pick(data["machines"])
    data["batching"] = {machine: 2}
    data.get("buffers", {}).pop(machine, None)
    for job in data["jobs"]:
        for step in job["operations"]:
            step["size"] = choices.pick((1, 1, 1, 2))


def _same_sequence(choices: Choices, data: _Data) -> None:
    del choices
    data["same_sequence"] = [list(data["machines"])]


def _frozen(choices: Choices, data: _Data) -> None:
    """Freeze the first operation of a job behind all that must come before: release, set-up, closures."""
    job = choices.pick(data["jobs"])
    step = job["operations"][0]
    mode = step.get("modes", [step])[0]
    start = job.get("release", 0) + choices.whole(0, 3) + 3 * ("initial_family" in data)
    data["frozen"] = [
        {
            "job": job["name"],
            "operation": 0,
            "machine": mode.get("machine", ""),
            "start": start,
            "end": start + mode["duration"],
        }
    ]


def _present(choices: Choices, data: _Data) -> None:
    data["now"] = choices.whole(1, 3)


_WITH: dict[str, Callable[[Choices, _Data], None]] = {
    "release dates": _releases,
    "deadlines": _deadlines,
    "lot streaming": _streaming,
    "modes": _modes,
    "operations without a machine": _without_machine,
    "open jobs": _open,
    "networks": _network,
    "no-wait": _no_wait,
    "interruptible operations": _interruptible,
    "optional operations": _optional,
    "alternative routes": _routes,
    "jobs that do not count": _uncounted,
    "families of operations": _families,
    "set-ups": _setups,
    "one sequence on all machines": _one_sequence,
    "resources": _resources,
    "precedences": _precedences,
    "closures": _closures,
    "transport times": _transport,
    "finite buffers": _buffers,
    "batching machines": _batching,
    "one sequence on groups of machines": _same_sequence,
    "frozen operations": _frozen,
    "a present time": _present,
}


def _for_objectives(choices: Choices, data: _Data) -> None:
    """Give what the objectives look at and no schedule must keep to."""
    for job in data["jobs"]:
        if choices.pick((True, True, True, False)):
            job["due"] = job.get("release", 0) + choices.whole(2, 8)
        job["weight"], job["earliness_weight"] = choices.whole(1, 3), choices.whole(0, 2)
        job["priority"] = choices.whole(0, 2)
        for step in job["operations"]:
            for mode in step.get("modes", [step]):
                mode["power"] = choices.whole(0, 3)
    data["jobs"][0]["due"] = data["jobs"][0].get("due", 5)
    if choices.pick((True, False)):
        start = choices.whole(0, 2)
        prices = [choices.whole(1, 4) for _ in range(3)]
        data["tariff"] = [{"start": start + 3 * n, "price": price} for n, price in enumerate(prices)]
    job = choices.pick(data["jobs"])
    step = job["operations"][0]
    mode = step.get("modes", [step])[0]
    start = choices.whole(0, 5)
    data["planned"] = [
        {
            "job": job["name"],
            "operation": 0,
            "machine": mode.get("machine", ""),
            "start": start,
            "end": start + mode["duration"],
        }
    ]
