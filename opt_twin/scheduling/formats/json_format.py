"""JSON: the format of our own, which carries everything, and that of ScheduleOpt for job shops."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

import pydantic
from pydantic.json_schema import GenerateJsonSchema

from opt_twin.errors import OptionError
from opt_twin.scheduling.features import FEATURES
from opt_twin.scheduling.formats.format import BESIDES, Draft, Format, job_shop, numbered_rows
from opt_twin.scheduling.formats.text import Source
from opt_twin.scheduling.formats.ticks import Clock, exact
from opt_twin.scheduling.instance import SchedulingInstance

__all__ = ["JSON", "JSP_JSON", "instance_schema"]

Data = dict[str, Any]

_DURATIONS = {"duration", "lead", "tail"}
_UP = _DURATIONS | {"release", "lag", "end", "time", "now"}
_DOWN = {"due", "deadline", "start"}
_TABLES = {"setup_times", "transport_times"}
_DECIDED = ("frozen", "planned")


def _loaded(source: Source) -> Data:
    try:
        data = json.loads(source.text, parse_float=Decimal, parse_constant=str)
    except json.JSONDecodeError as error:
        source.fail(f"not JSON: {error.msg}", min(error.lineno, max(source.last, 1)))
    except (RecursionError, ValueError) as error:
        source.fail(f"not a readable JSON document: {error}")
    if not isinstance(data, dict):
        source.fail("expected a JSON object with name, machines and jobs, not a list")
    return data


def _each_time(value: Any, visit: Callable[[str, Any], Any], key: str = "", path: str = "") -> Any:
    """Return plain data in which `visit` has replaced every number that is a time."""
    if isinstance(value, dict):
        if key in _TABLES:
            return {name: _each_time(inner, visit, key, f"{path}.{name}") for name, inner in value.items()}
        return {name: _each_time(inner, visit, name, f"{path}.{name}") for name, inner in value.items()}
    if isinstance(value, list):
        return [_each_time(inner, visit, key, f"{path}.{index}") for index, inner in enumerate(value)]
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    if key in _UP or key in _DOWN or key in _TABLES:
        return visit(path.removeprefix("."), value)
    return value


def _plain(value: Any) -> Any:
    """Return plain data with floats in the place of decimals."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    return number if math.isfinite(number) else str(value)


def _scan(source: Source) -> Draft:
    data = _loaded(source)
    try:
        return _in_ticks(source, data)
    except RecursionError as error:
        source.fail(f"not a readable JSON document: {error}")


def _in_ticks(source: Source, data: Data) -> Draft:
    """Return the document with whole ticks; its times are counted in its own tick."""
    times: list[Fraction] = []
    broken = False

    def collect(path: str, value: int | Decimal) -> Any:
        nonlocal broken
        time = exact(value)
        if time is None:
            source.fail(f"{path}: {str(value)[:40]} has more digits than a time can have")
        broken = broken or isinstance(value, Decimal)
        times.append(time)
        return value

    _each_time(data, collect)
    own = exact(data.get("tick", 1)) if isinstance(data.get("tick", 1), (int, Decimal)) else None
    if (not broken and source.tick is None) or not own or own < 0:  # a wrong tick is refused by the record
        return Draft(_plain(data))
    if data.get("tariff"):
        source.fail("a time has decimals, and prices of the tariff are for one tick; give whole times")
    clock = Clock(times, source.tick, own)
    if source.tick is not None and any(data.get(field) for field in _DECIDED):
        raise OptionError(f"a tick is given, but {' and '.join(_DECIDED)} cannot be rounded; leave it out")

    def count(path: str, value: int | Decimal) -> int:
        time, field = Fraction(value), path.rpartition(".")[2]
        if field in _DURATIONS:
            return clock.duration(time, path)
        return clock.ticks(time, "down" if field in _DOWN and "setup" not in path else "up")

    whole: Data = _plain(_each_time(data, count))
    whole["tick"] = float(clock.tick)
    return Draft(whole, (clock.note(),), clock.loss())


def _write(instance: SchedulingInstance) -> str:
    return json.dumps(instance.to_dict(), indent=1, ensure_ascii=False) + "\n"


JSON = Format(
    name="json",
    holds="everything",
    extensions=(".json",),
    marked=lambda source: source.text.lstrip().startswith(("{", "[")) and not _is_jsp(source),
    scan=_scan,
    write=_write,
    carries=frozenset([*FEATURES, *BESIDES]),
    timed=True,
    named=True,
)
"""What :meth:`~opt_twin.scheduling.SchedulingInstance.to_dict` gives."""


class _Generator(GenerateJsonSchema):
    """Leaves out the defaults that are empty mappings; JSON Schema needs none."""

    ignored_warning_kinds: ClassVar[set[Any]] = {"non-serializable-default"}  # type: ignore[misc]  # no ClassVar there


def instance_schema() -> Data:
    """Return the JSON Schema (draft 2020-12) of the format `json`.

    What the reader accepts validates against it, but for times with decimals, which the reader scales. Names
    that must exist, and what must hold together, are checked by the record alone.
    """
    schema = pydantic.TypeAdapter(SchedulingInstance).json_schema(schema_generator=_Generator)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_JSP_KEYS = ("job", "operation", "machine", "duration")


def _is_jsp(source: Source) -> bool:
    text = source.text
    if not text.lstrip().startswith("{") or '"data"' not in text:
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return "data" in data and isinstance(data.get("jobs"), int)


def _scan_jsp(source: Source) -> Draft:
    data = _loaded(source)
    machines, jobs, rows = (data.get(key) for key in ("machines", "jobs", "data"))
    if not isinstance(machines, int) or not isinstance(jobs, int) or not isinstance(rows, list):
        source.fail("expected an object with the numbers 'machines' and 'jobs' and the list 'data'")
    source.size(jobs, machines, 1)
    found: list[dict[int, tuple[int, int]]] = [{} for _ in range(jobs)]
    for index, row in enumerate(rows):
        values = [row.get(key) for key in _JSP_KEYS] if isinstance(row, dict) else []
        whole = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        if len(whole) < len(_JSP_KEYS):
            source.fail(f"data.{index}: expected an object with the whole numbers {', '.join(_JSP_KEYS)}")
        job, operation, machine, duration = whole
        if not 0 <= job < jobs:
            source.fail(f"data.{index}: job {job} is not between 0 and {jobs - 1}")
        if not 0 <= machine < machines:
            source.fail(f"data.{index}: machine {machine} is not between 0 and {machines - 1}")
        if operation in found[job]:
            source.fail(f"data.{index}: operation {operation} of job {job} is listed twice")
        found[job][operation] = machine, duration
    for job, own in enumerate(found):
        if not own or sorted(own) != list(range(len(own))):
            source.fail(f"job {job} has the operations {sorted(own)[:8]}, expected 0, 1, 2, ...")
    shop = job_shop(machines, [[own[k] for k in sorted(own)] for own in found])
    name = data.get("instance")
    return Draft({**shop, "name": name} if isinstance(name, str) and name else shop)


def _write_jsp(instance: SchedulingInstance) -> str:
    rows = numbered_rows(instance)
    listed = [
        dict(zip(_JSP_KEYS, (job, operation, machine, duration), strict=True))
        for job, row in enumerate(rows)
        for operation, (machine, duration) in enumerate(row)
    ]
    head = {"instance": instance.name, "machines": len(instance.machines), "jobs": len(rows)}
    return json.dumps({**head, "data": listed}, indent=1, ensure_ascii=False) + "\n"


JSP_JSON = Format(
    name="jsp-json",
    holds="job shops with any number of operations a job",
    marked=_is_jsp,
    scan=_scan_jsp,
    write=_write_jsp,
)
"""As ScheduleOpt writes it, all counted from 0: an object with the name, the numbers of machines and jobs,
and ``"data": [{"job": 0, "operation": 0, "machine": 1, "duration": 21}, ...]``."""
