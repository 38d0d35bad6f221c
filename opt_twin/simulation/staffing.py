"""Who follows which shift, and which stations stop together, made ready for one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.simulation.calendar import Kind
from opt_twin.simulation.shifts import ShiftClock, StationShift

if TYPE_CHECKING:
    from opt_twin.simulation.build import Floor

__all__ = ["follow_shifts", "stop_neighbours"]


def follow_shifts(floor: Floor) -> tuple[ShiftClock, ...]:
    """Let stations and people follow their shifts; those of the same shifts have one clock."""
    clocks: dict[tuple[str, ...], ShiftClock] = {}

    def clock(names: tuple[str, ...]) -> ShiftClock:
        if names not in clocks:
            made = ShiftClock(
                [shift for shift in floor.line.shifts if shift.name in names],
                clock_start=floor.settings.clock_start,
                calendar=floor.calendar,
                priority=floor.priorities.of(Kind.SHIFT, len(floor.line.elements) + len(clocks)),
            )
            clocks[names] = floor.actor(f"shift {'+'.join(names)}", made)
        return clocks[names]

    for name, node in floor.stations.items():
        if node.station.shifts:
            clock(node.station.shifts).followers.append(floor.actor(f"{name}|shift", StationShift(node)))
    for group in floor.people.groups:
        if group.operators.shifts:
            clock(group.operators.shifts).followers.append(group)
    return tuple(clocks.values())


def stop_neighbours(floor: Floor) -> None:
    """Tell failure modes which stations stop with theirs."""
    modes = [mode for node in floor.stations.values() for server in node.servers for mode in server.modes]
    modes += [mode for belt in floor.conveyors.values() for mode in belt.modes]
    for mode in modes:
        mode.neighbours = tuple(floor.stations[name] for name in mode.mode.also_stops)
