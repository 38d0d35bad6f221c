"""Orders on a line that is not one plain chain: routes, alternatives, calendars, people, ways, buffers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opt_twin.errors import PlanError
from opt_twin.line import AtShiftEnd, Line, Order, Shift, Station, weekly_windows
from opt_twin.line.people import WEEK
from opt_twin.scheduling.line_routes import Stage, stages
from opt_twin.timebase import TimeBase

__all__ = ["LineShop"]

_MOST_WEEKS = 520
_TASKS = ("load", "run", "inspect")


class LineShop:
    """A line and its orders as the plain data of a scheduling instance.

    Parameters
    ----------
    line, orders
        What to schedule.
    base
        Ticks.
    work
        Returns the seconds of so many cycles of a station for a product.
    clock_start
        Seconds from Monday 00:00 to the start of the schedule.

    Raises
    ------
    PlanError
        If the way of a product is not clear, or a station does what no operation of an instance stands for.
    """

    def __init__(
        self,
        line: Line,
        orders: Sequence[Order],
        base: TimeBase,
        work: Callable[[Station, str, int], float],
        clock_start: float,
    ) -> None:
        self._line, self._orders, self._base, self._work = line, orders, base, work
        self._clock = clock_start
        self._routes = {product: stages(line, product) for product in {o.product for o in orders}}
        visited = {s.name: s for route in self._routes.values() for stage in route for s in stage.stations}
        self._stations = [station for station in line.stations if station.name in visited]
        self._most_cycles = self._count_cycles()
        self._single = all(order.quantity == 1 for order in orders)
        self._streams = not (
            self._single
            or any(s.shifts or s.needs for s in self._stations)
            or any(leg.seconds for route in self._routes.values() for st in route for leg in st.legs.values())
        )
        self._skills = self._skill_names()
        self.simplified: list[str] = []
        self._note()

    def data(self) -> dict[str, Any]:
        """Return the fields of the instance but its name, jobs' due dates and weights."""
        return {
            "machines": [machine for station in self._stations for machine in self._machines(station)],
            "setup_times": self._setups(),
            "initial_family": {
                machine: station.initial_product
                for station in self._stations
                if station.initial_product is not None
                for machine in self._machines(station)
            },
            "resources": self._resources(),
            "closures": self._closures(),
            "transport_times": self._transport(),
            "buffers": self._buffers(),
            "permutation": self._is_chain(),
        }

    def operations(self, order: Order) -> Iterator[dict[str, Any]]:
        """Yield the operations of `order`."""
        route = self._routes[order.product]
        for position, (stage, cycles, ways) in enumerate(self.ways(order)):
            modes = [
                {"machine": machine, "duration": self._ticks(seconds), "demands": self._demands(station)}
                for station, machine, seconds in ways
            ]
            own: dict[str, Any] = {"modes": modes} if len(modes) > 1 else dict(modes[0])
            if any(self._interruptible(station, cycles) for station in stage.stations):
                own["interruptible"] = True
            if self._streams and len(modes) == 1 and (position == 0 or self._lone(route, position - 1)):
                cycle = self._work(stage.stations[0], order.product, 1)
                own["tail"] = min(own["duration"], self._ticks(cycle))
            if "tail" in own and position == len(route) - 1:
                own["lead"] = own["duration"]
            elif self._streams and len(modes) == 1 and self._lone(route, position + 1):
                station, following = stage.stations[0], route[position + 1].stations[0]
                first = math.ceil(min(cycles, following.batch_size) / station.servers)
                own["lead"] = min(own["duration"], self._ticks(self._work(station, order.product, first)))
            yield own

    def ways(self, order: Order) -> Iterator[tuple[Stage, int, list[tuple[Station, str, float]]]]:
        """Yield each stage of `order`, its cycles, and (station, machine, seconds) of its alternatives."""
        cycles = order.quantity
        for stage in self._routes[order.product]:
            cycles = math.ceil(cycles / stage.stations[0].batch_size)
            found = []
            for station in stage.stations:
                machines = self._machines(station)
                share = station.servers if len(machines) == 1 else 1
                seconds = self._work(station, order.product, math.ceil(cycles / share))
                found += [(station, machine, seconds) for machine in machines]
            yield stage, cycles, found

    def _ticks(self, seconds: float) -> int:
        """Return the ticks of a duration, at least one, so that an order is never invisible."""
        return max(1, self._base.ticks(seconds, "up"))

    def _lone(self, route: Sequence[Stage], position: int) -> bool:
        """Return whether the stage at `position` is one machine; lots are streamed between such."""
        if not 0 <= position < len(route):
            return False
        found = route[position].stations
        return len(found) == 1 and len(self._machines(found[0])) == 1

    def _machines(self, station: Station) -> list[str]:
        """Return the machines of a station: its servers, where each order there is one cycle."""
        if station.servers == 1 or self._most_cycles[station.name] > 1:
            return [station.name]
        return [f"{station.name}#{number + 1}" for number in range(station.servers)]

    def _count_cycles(self) -> dict[str, int]:
        """Return station -> the most cycles that it does for one order."""
        most: Counter[str] = Counter()
        for order in self._orders:
            cycles = order.quantity
            for stage in self._routes[order.product]:
                sizes = {station.batch_size for station in stage.stations}
                if len(sizes) > 1:
                    names = ", ".join(station.name for station in stage.stations)
                    raise PlanError(f"the alternatives {names} take batches of different sizes")
                cycles = math.ceil(cycles / sizes.pop())
                for station in stage.stations:
                    most[station.name] = max(most[station.name], cycles)
        return most

    def _demands(self, station: Station) -> dict[str, int]:
        return {
            self._skills[need.skill]: need.number
            for task, need in station.needs.items()
            if task in _TASKS and self._cycle_has(station, task)
        }

    @staticmethod
    def _cycle_has(station: Station, task: str) -> bool:
        return task == "run" or (station.load_time if task == "load" else station.inspection) is not None

    def _interruptible(self, station: Station, cycles: int) -> bool:
        """Return whether a closure may interrupt an order.

        It may between two cycles, in a cycle of a station that stops at the end of a shift, and where a cycle
        is longer than every shift.
        """
        if not station.shifts and not station.needs:
            return False
        if cycles > 1 or station.at_shift_end is AtShiftEnd.STOP:
            return True
        shifts = {shift.name: shift for shift in self._line.shifts}
        windows = weekly_windows([shifts[name] for name in station.shifts])
        longest = max(self._work(station, product, 1) for product in self._routes)
        return longest > max((end - start for start, end in windows), default=math.inf)

    def _setups(self) -> dict[str, Any]:
        return {
            machine: {
                before: {after: self._base.ticks(seconds, "up") for after, seconds in row.items()}
                for before, row in station.setup_times.items()
            }
            for station in self._stations
            if station.setup_times
            for machine in self._machines(station)
        }

    def _skill_names(self) -> dict[str, str]:
        """Return skill -> the resource that alone has it, or a name for it that no group has."""
        groups = {group.name for group in self._line.operators}
        found: dict[str, str] = {}
        for skill in {skill for group in self._line.operators for skill in group.abilities}:
            able = [group.name for group in self._line.operators if skill in group.abilities]
            found[skill] = able[0] if len(able) == 1 else f"{skill} (skill)" if skill in groups else skill
        return found

    def _resources(self) -> list[dict[str, Any]]:
        asked = {need.skill for s in self._stations for task, need in s.needs.items() if task in _TASKS}
        return [
            {
                "name": group.name,
                "capacity": group.number,
                "skills": [self._skills[s] for s in group.abilities if self._skills[s] != group.name],
            }
            for group in self._line.operators
            if asked.intersection(group.abilities)
        ]

    def _closures(self) -> dict[str, Any]:
        shifts = {shift.name: shift for shift in self._line.shifts}
        works: dict[str, list[Shift]] = {
            machine: [shifts[name] for name in station.shifts]
            for station in self._stations
            if station.shifts
            for machine in self._machines(station)
        }
        asked = {resource["name"] for resource in self._resources()}
        works |= {
            group.name: [shifts[name] for name in group.shifts]
            for group in self._line.operators
            if group.shifts and group.name in asked
        }
        if not works:
            return {}
        weeks = self._weeks(works)
        return {name: [*self._closed(weekly_windows(own), weeks)] for name, own in works.items()}

    def _weeks(self, works: dict[str, list[Shift]]) -> int:
        """Return for how many weeks closures are listed: until all orders are done, one after the other."""
        open_time = min(sum(end - start for start, end in weekly_windows(own)) for own in works.values())
        work = sum(
            max(seconds for _, _, seconds in ways)
            for order in self._orders
            for _, _, ways in self.ways(order)
        )
        setups = len(self._orders) * sum(
            max((ticks for row in station.setup_times.values() for ticks in row.values()), default=0.0)
            for station in self._stations
        )
        latest = max(max(order.release, order.due or 0.0) for order in self._orders)
        weeks = math.ceil(latest / WEEK + (work + setups) / open_time) + 2
        if weeks > _MOST_WEEKS:
            raise PlanError(f"the orders may take {weeks} weeks of shifts; schedule fewer of them at a time")
        return weeks

    def _closed(self, open_ones: Sequence[tuple[float, float]], weeks: int) -> Iterator[dict[str, int]]:
        """Yield the times between the windows of each week, from the start of the schedule on."""
        opened = [
            (week * WEEK + start - self._clock, week * WEEK + end - self._clock)
            for week in range(weeks + 1)
            for start, end in open_ones
        ]
        now = 0
        for start, end in opened:
            first, last = self._base.ticks(max(0.0, start), "up"), self._base.ticks(max(0.0, end), "down")
            if first > now:
                yield {"start": now, "end": first}
            now = max(now, last)

    def _transport(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        by_name = {station.name: station for station in self._stations}
        for route in self._routes.values():
            for stage in route[1:]:
                for (before, after), leg in stage.legs.items():
                    if leg.seconds:
                        for source in self._machines(by_name[before]):
                            for target in self._machines(by_name[after]):
                                found.setdefault(source, {})[target] = self._base.ticks(leg.seconds, "up")
        return found

    def _buffers(self) -> dict[str, int]:
        """Return the places in front of each machine, where each order is one part and they are its own."""
        if not self._single:
            return {}
        places: dict[str, float] = {}
        for station in self._stations:
            legs = [
                (pair, leg)
                for route in self._routes.values()
                for stage in route[1:]
                for pair, leg in stage.legs.items()
                if pair[1] == station.name
            ]
            if legs and len(self._machines(station)) == 1:
                first = legs[0][1]
                own = all(leg.buffers == first.buffers and leg.places == first.places for _, leg in legs)
                others = any(len(self._line.successors(name)) > 1 for name in first.buffers)
                if own and not others and (first.buffers or len({pair for pair, _ in legs}) == 1):
                    places[station.name] = first.places
        return {name: int(number) for name, number in places.items() if math.isfinite(number)}

    def _is_chain(self) -> bool:
        """Return whether parts cannot overtake: all take the same machines, one after another."""
        routes = {tuple(tuple(s.name for s in stage.stations) for stage in r) for r in self._routes.values()}
        lone = all(self._lone(r, k) for r in self._routes.values() for k in range(len(r)))
        free = any(getattr(e, "discipline", "fifo") != "fifo" for e in self._line.elements)
        return len(routes) == 1 and lone and not free

    def _note(self) -> None:
        """Note what the line has and the instance does not."""
        line = self._line
        if line.fleets:
            self.simplified.append("a vehicle is there whenever one is needed")
        if not self._single and any(getattr(e, "capacity", None) for e in line.elements):
            self.simplified.append("buffers have room for all, as orders are of several parts")
        if any("setup" in station.needs for station in self._stations):
            self.simplified.append("set-ups need nobody")
        if any(way.quality not in (None, "passed", "good") for way in line.connections):
            self.simplified.append("no part is rejected")
        if line.pallets:
            self.simplified.append("there are pallets enough")
