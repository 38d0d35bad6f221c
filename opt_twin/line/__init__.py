"""What a line is."""

from opt_twin.line.behaviour import Behaviour
from opt_twin.line.distributions import (
    Custom,
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
from opt_twin.line.economics import Economics, TariffPeriod
from opt_twin.line.elements import Buffer, Connection, Element, Release, Sink, Source, Station, Stock, chain
from opt_twin.line.handling import Conveyor, Fleet, Pallets, Transport
from opt_twin.line.line import Line
from opt_twin.line.people import AtShiftEnd, Break, Need, Operators, Shift, weekly_windows
from opt_twin.line.products import Order, Product
from opt_twin.line.quality import Inspection, StartUp, ToolWear
from opt_twin.line.reliability import Clock, FailureMode, Interrupted, Maintenance, MicroStop
from opt_twin.line.routing import Quality, Routing

__all__ = [
    "AtShiftEnd",
    "Behaviour",
    "Break",
    "Buffer",
    "Clock",
    "Connection",
    "Conveyor",
    "Custom",
    "Deterministic",
    "Distribution",
    "Economics",
    "Element",
    "Empirical",
    "Erlang",
    "Exponential",
    "FailureMode",
    "Fleet",
    "Gamma",
    "Inspection",
    "Interrupted",
    "Line",
    "Lognormal",
    "Maintenance",
    "MicroStop",
    "Need",
    "Normal",
    "Operators",
    "Order",
    "Pallets",
    "Product",
    "Quality",
    "Release",
    "Routing",
    "Sampled",
    "Shift",
    "Sink",
    "Source",
    "StartUp",
    "Station",
    "Stock",
    "TariffPeriod",
    "ToolWear",
    "Transport",
    "Triangular",
    "Uniform",
    "Weibull",
    "chain",
    "weekly_windows",
]
