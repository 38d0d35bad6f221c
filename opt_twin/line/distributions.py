"""Probability distributions of times and counts.

In a model file a distribution is a quantity (``5 s``, deterministic), a call
(``lognormal(mean=5 s, cv=0.3)``, arguments by name or in the order of the fields), or a mapping with a
``type``.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from opt_twin.errors import BehaviourError, UnitError, did_you_mean
from opt_twin.line.units import Seconds
from opt_twin.records import FrozenMapping, Record, record

__all__ = [
    "Custom",
    "Deterministic",
    "Distribution",
    "Empirical",
    "Erlang",
    "Exponential",
    "Gamma",
    "Lognormal",
    "Normal",
    "Sampled",
    "Triangular",
    "Uniform",
    "Weibull",
]

Floats = npt.NDArray[np.float64]
_Positive = Annotated[float, Field(gt=0)]


class Sampled(Protocol):
    """What every distribution offers. Parameters and draws have the same unit: seconds, or counts."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """The variance."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws of 0 or more, shape (size,).

        Draws do not depend on how they are split into calls: two calls of n give the same as one of 2 n.
        """


class _Distribution(Record):
    __slots__ = ()

    @property
    def cv(self: Sampled) -> float:
        """The coefficient of variation: standard deviation over mean (0 when the mean is 0)."""
        return math.sqrt(self.variance) / self.mean if self.mean else 0.0


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


@record
class Deterministic(_Distribution):
    """Always `value`."""

    type: Literal["deterministic"] = "deterministic"
    value: Seconds

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def variance(self) -> float:
        """Zero."""
        return 0.0

    def sample(self, rng: np.random.Generator, size: int) -> Floats:  # noqa: ARG002 - as all distributions
        """Return `size` times the value; draws nothing."""
        return np.full(size, self.value)


@record
class Exponential(_Distribution):
    """Exponential with expected value `mean`."""

    type: Literal["exponential"] = "exponential"
    mean: Annotated[Seconds, Field(gt=0)]

    @property
    def variance(self) -> float:
        """The square of the mean."""
        return self.mean**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return rng.exponential(self.mean, size)


@record
class Uniform(_Distribution):
    """Uniform between `low` and `high`."""

    type: Literal["uniform"] = "uniform"
    low: Seconds
    high: Seconds

    def __post_init__(self) -> None:
        _check(self.low <= self.high, f"low {self.low} is above high {self.high}")

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        """The squared width over 12."""
        return (self.high - self.low) ** 2 / 12

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return rng.uniform(self.low, self.high, size)


@record
class Triangular(_Distribution):
    """Triangular between `low` and `high` with its peak at `mode`."""

    type: Literal["triangular"] = "triangular"
    low: Seconds
    mode: Seconds
    high: Seconds

    def __post_init__(self) -> None:
        _check(self.low <= self.mode <= self.high, "low <= mode <= high must hold")
        _check(self.low < self.high, "low must be below high; use deterministic for one value")

    @property
    def mean(self) -> float:
        """The mean of the three corners."""
        return (self.low + self.mode + self.high) / 3

    @property
    def variance(self) -> float:
        """The variance."""
        a, b, c = self.low, self.high, self.mode
        return (a * a + b * b + c * c - a * b - a * c - b * c) / 18

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return rng.triangular(self.low, self.mode, self.high, size)


@record
class Normal(_Distribution):
    """Normal truncated to `low` and above.

    Attributes
    ----------
    location, sd
        Mean and standard deviation before truncation.
    low
        Where it is cut off, 0 unless given.
    """

    type: Literal["normal"] = "normal"
    location: Seconds
    sd: Annotated[Seconds, Field(gt=0)]
    low: Seconds = 0.0

    def __post_init__(self) -> None:
        _check(
            (self.low - self.location) / self.sd < 6, "nearly all of the distribution is cut off below low"
        )

    def _cut(self) -> tuple[float, float, float]:
        """Return the standardised cut, the mass above it, and the inverse Mills ratio there."""
        cut = (self.low - self.location) / self.sd
        mass = 0.5 * math.erfc(cut / math.sqrt(2))
        density = math.exp(-cut * cut / 2) / math.sqrt(2 * math.pi)
        return cut, mass, density / mass

    @property
    def mean(self) -> float:
        """The mean after truncation."""
        return self.location + self.sd * self._cut()[2]

    @property
    def variance(self) -> float:
        """The variance after truncation."""
        cut, _, mills = self._cut()
        return self.sd**2 * (1 + cut * mills - mills * mills)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws by inversion, so that each takes one uniform number."""
        from scipy.special import ndtri

        uniform = 1 - rng.random(size)  # in (0, 1]: the mass above the draw, as a share of what is left
        draws = self.location - self.sd * ndtri(uniform * self._cut()[1])
        floored: Floats = np.maximum(draws, self.low)
        return floored


@record
class Lognormal(_Distribution):
    """Lognormal with mean `mean` and coefficient of variation `cv` of the variable itself."""

    type: Literal["lognormal"] = "lognormal"
    mean: Annotated[Seconds, Field(gt=0)]
    cv: _Positive = dataclasses.field()  # no default; without it the property of the base would count as one

    @property
    def variance(self) -> float:
        """The variance."""
        return (self.mean * self.cv) ** 2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        sigma2 = math.log1p(self.cv**2)
        return rng.lognormal(math.log(self.mean) - sigma2 / 2, math.sqrt(sigma2), size)


@record
class Gamma(_Distribution):
    """Gamma with `shape` and `scale`."""

    type: Literal["gamma"] = "gamma"
    shape: _Positive
    scale: Annotated[Seconds, Field(gt=0)]

    @property
    def mean(self) -> float:
        """Shape times scale."""
        return self.shape * self.scale

    @property
    def variance(self) -> float:
        """Shape times the squared scale."""
        return self.shape * self.scale**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return rng.gamma(self.shape, self.scale, size)


@record
class Weibull(_Distribution):
    """Weibull with `shape` and characteristic life `scale`."""

    type: Literal["weibull"] = "weibull"
    shape: _Positive
    scale: Annotated[Seconds, Field(gt=0)]

    def __post_init__(self) -> None:
        _check(self.shape >= 0.05, "a shape below 0.05 has no usable moments")

    @property
    def mean(self) -> float:
        """The mean."""
        return self.scale * math.gamma(1 + 1 / self.shape)

    @property
    def variance(self) -> float:
        """The variance."""
        return self.scale**2 * (math.gamma(1 + 2 / self.shape) - math.gamma(1 + 1 / self.shape) ** 2)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return self.scale * rng.weibull(self.shape, size)


@record
class Erlang(_Distribution):
    """Sum of `phases` independent exponential times; its mean is `mean`."""

    type: Literal["erlang"] = "erlang"
    phases: Annotated[int, Field(ge=1)]
    mean: Annotated[Seconds, Field(gt=0)]

    @property
    def variance(self) -> float:
        """The squared mean over the number of phases."""
        return self.mean**2 / self.phases

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        return rng.gamma(self.phases, self.mean / self.phases, size)


@record
class Empirical(_Distribution):
    """One of the observed `values`, each with its weight (equal weights unless given)."""

    type: Literal["empirical"] = "empirical"
    values: Annotated[tuple[Seconds, ...], Field(min_length=1)]
    weights: tuple[Annotated[float, Field(ge=0)], ...] = ()

    def __post_init__(self) -> None:
        if self.weights:
            _check(
                len(self.weights) == len(self.values),
                f"{len(self.weights)} weights for {len(self.values)} values",
            )
            _check(0 < sum(self.weights) < math.inf, "the weights must add up to a finite number above 0")

    def _shares(self) -> Floats:
        weights = np.asarray(self.weights or [1.0] * len(self.values))
        shares: Floats = weights / weights.sum()
        return shares

    @property
    def mean(self) -> float:
        """The weighted mean of the values."""
        return float(self._shares() @ np.asarray(self.values))

    @property
    def variance(self) -> float:
        """The weighted variance of the values."""
        return float(self._shares() @ (np.asarray(self.values) - self.mean) ** 2)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws, each from one uniform number."""
        steps = np.cumsum(self._shares())
        steps[-1] = 1.0
        chosen: Floats = np.asarray(self.values)[np.searchsorted(steps, rng.random(size), side="right")]
        return chosen


@record
class Custom(_Distribution):
    """A distribution that a user has written.

    Attributes
    ----------
    path
        ``module:Class`` of an object with ``mean`` and ``variance`` (seconds, and seconds squared) and
        ``sample(rng, size)``, which returns `size` draws of 0 or more from a ``numpy.random.Generator``.
    options
        Keyword arguments of its constructor: plain data.

    Raises
    ------
    BehaviourError
        When it is used: if the class cannot be made, raises, or draws what is no time.
    """

    type: Literal["custom"] = "custom"
    path: Annotated[str, Field(pattern=r"^[\w.]+:[\w.]+$")]
    options: FrozenMapping[str, Any] = FrozenMapping()

    @property
    def mean(self) -> float:
        """The mean that the class states."""
        return self._stated("mean")

    @property
    def variance(self) -> float:
        """The variance that the class states."""
        return self._stated("variance")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws."""
        try:
            draws = np.asarray(self._made().sample(rng, size), dtype=np.float64)
        except Exception as error:
            raise BehaviourError(
                f"the distribution {self.path!r} raised {type(error).__name__}: {error}"
            ) from error
        if draws.shape != (size,) or not np.isfinite(draws).all() or (draws < 0).any():
            raise BehaviourError(
                f"the distribution {self.path!r} must return {size} finite numbers of 0 or more, "
                f"got an array of shape {draws.shape}{_range_of(draws)}"
            )
        return draws

    def _stated(self, name: str) -> float:
        try:
            value = float(getattr(self._made(), name))
        except Exception as error:
            raise BehaviourError(
                f"the distribution {self.path!r} has no {name} that is a number: {error}"
            ) from error
        if not (math.isfinite(value) and value >= 0):
            raise BehaviourError(f"the {name} of the distribution {self.path!r} is {value}, not 0 or more")
        return value

    def _made(self) -> Any:
        module, _, name = self.path.partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found(**self.options)


def _range_of(draws: Floats) -> str:
    return f" from {draws.min()} to {draws.max()}" if draws.size else ""


_KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Deterministic,
        Exponential,
        Uniform,
        Triangular,
        Normal,
        Lognormal,
        Gamma,
        Weibull,
        Erlang,
        Empirical,
        Custom,
    )
}
_CALL = re.compile(r"^\s*([A-Za-z_]\w*)\s*\((.*)\)\s*$", re.DOTALL)
_KNOWN = ", ".join(_KINDS)


def _read(value: object) -> object:
    """Turn what a model file may write into a mapping with a type."""
    if isinstance(value, bool):
        raise UnitError(f"{value!r} is not a distribution; write a time or one of {_KNOWN}")
    if isinstance(value, (int, float)):
        return {"type": "deterministic", "value": value}
    if isinstance(value, str):
        match = _CALL.match(value)
        return _read_call(match[1].lower(), match[2]) if match else {"type": "deterministic", "value": value}
    if isinstance(value, Mapping):
        kind = value.get("type")
        if kind is None:
            raise ValueError(f"a distribution needs a 'type': one of {_KNOWN}")
        _kind(str(kind))
    return value


def _kind(name: str) -> type[Any]:
    if name not in _KINDS:
        raise ValueError(f"{name!r} is not a distribution{did_you_mean(name, _KINDS)}; known: {_KNOWN}")
    return _KINDS[name]


def _read_call(name: str, arguments: str) -> dict[str, object]:
    fields = [field for field in _kind(name).__dataclass_fields__ if field != "type"]
    parts = [part.strip() for part in arguments.split(",")] if arguments.strip() else []
    if name == "empirical":
        return {"type": name, "values": parts}
    read: dict[str, object] = {"type": name}
    for position, part in enumerate(parts):
        key, equals, text = part.rpartition("=")
        if not equals and position >= len(fields):
            raise ValueError(f"{name} takes {len(fields)} arguments ({', '.join(fields)}), got {len(parts)}")
        field = key.strip() if equals else fields[position]
        if field in read:
            raise ValueError(f"{name} got {field!r} twice")
        read[field] = text.strip()
    return read


Distribution = Annotated[
    Deterministic
    | Exponential
    | Uniform
    | Triangular
    | Normal
    | Lognormal
    | Gamma
    | Weibull
    | Erlang
    | Empirical
    | Custom,
    Field(discriminator="type"),
    BeforeValidator(
        _read,
        json_schema_input_type=float | str | dict[str, Any],
    ),
]
"""Any distribution, as a field type that reads quantities, calls and mappings."""
