"""The event log of a run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "EventRecord"]

KINDS = (
    "release",
    "enter",
    "join",
    "split",
    "start",
    "finish",
    "scrap",
    "exit",
    "fail",
    "repair",
    "maintain",
    "maintained",
    "state",
)
"""Kinds of records, see :class:`EventRecord`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened, or a state that a server was in.

    Attributes
    ----------
    time
        Seconds; of a state, when it began.
    element
        Where.
    kind
        ``release`` (a source gives a part to the line), ``enter`` (a part gets a place in a buffer or on a
        conveyor, or leaves its place on the vehicle of a transport), ``join`` (a part becomes a member of
        batch `batch`), ``split`` (a part comes out of part `batch`), ``start`` and ``finish`` (of a station's
        cycle), ``scrap``, ``exit`` (through a sink), ``fail`` and ``repair`` (of failure mode `detail`),
        ``maintain`` and ``maintained`` (start and end of the task `detail`), ``state``.
    server
        Of a station, from 0.
    part, product, order
        Number and names; None where they have none.
    state
        Of a ``state``: one of :data:`opt_twin.results.STATES`.
    duration
        Seconds: of a state; of a ``finish``, since the start of the cycle.
    detail
        Name of the failure mode or the task; why a part was scrapped (``rejected``,
        ``interrupted`` or ``rework limit``).
    batch
        Of a ``join`` or ``split``: the number of the batch.
    """

    time: float
    element: str
    kind: str
    server: int = 0
    part: int | None = None
    product: str | None = None
    order: str | None = None
    state: str | None = None
    duration: float | None = None
    detail: str = ""
    batch: int | None = None
