"""Calling back what waits in a queue for a station, when a new plan sends it elsewhere."""

from __future__ import annotations

from opt_twin.simulation.buffers import BufferNode
from opt_twin.simulation.disciplines import Lane, RankedBufferNode
from opt_twin.simulation.parts import Giver
from opt_twin.simulation.routing import Offer
from opt_twin.simulation.servers import Server, settle
from opt_twin.simulation.stations import StationNode

__all__ = ["call_back", "can_be_sent_elsewhere", "send_on"]


def _queue(giver: Giver) -> Giver:
    return giver.giver if isinstance(giver, Offer) else giver


def can_be_sent_elsewhere(giver: Giver) -> bool:
    """Return whether the part of `giver`, which waits, can still choose another way: it lies in a buffer."""
    queue = _queue(giver)
    return isinstance(queue, Lane | BufferNode) and not isinstance(queue, RankedBufferNode)


def call_back(giver: Giver, station: StationNode) -> Giver:
    """Let `giver` wait no longer; return the queue whose head it is."""
    if isinstance(giver, Offer):
        giver.withdraw()
    else:
        station.withdraw(giver)
    return _queue(giver)


def send_on(queue: Giver, now: float) -> None:
    """Let the head of `queue` choose its way again."""
    freed: list[Server] = []
    queue.moved_on(now, freed)
    settle(freed, now)
