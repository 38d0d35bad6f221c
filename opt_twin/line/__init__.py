"""What a line is."""

from opt_twin.line.distributions import (
    Deterministic,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Lognormal,
    Normal,
    Sampled,
    Triangular,
    Uniform,
    Weibull,
)
from opt_twin.line.economics import Economics
from opt_twin.line.elements import Buffer, Connection, Element, Sink, Source, Station, chain
from opt_twin.line.line import Line
from opt_twin.line.products import Order, Product
from opt_twin.line.quality import Inspection
from opt_twin.line.reliability import Clock, FailureMode, Interrupted, MicroStop

__all__ = [
    "Buffer",
    "Clock",
    "Connection",
    "Deterministic",
    "Distribution",
    "Economics",
    "Element",
    "Empirical",
    "Erlang",
    "Exponential",
    "FailureMode",
    "Gamma",
    "Inspection",
    "Interrupted",
    "Line",
    "Lognormal",
    "MicroStop",
    "Normal",
    "Order",
    "Product",
    "Sampled",
    "Sink",
    "Source",
    "Station",
    "Triangular",
    "Uniform",
    "Weibull",
    "chain",
]
