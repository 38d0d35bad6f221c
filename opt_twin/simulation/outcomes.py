"""What a cycle gives out in the place of the part that it has worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opt_twin.line import Station
from opt_twin.simulation.parts import Part

if TYPE_CHECKING:
    from opt_twin.simulation.ledger import Ledger

__all__ = ["Outcome"]


class Outcome:
    """Takes a finished part apart, or makes another product of it.

    Parameters
    ----------
    station
        With a `batch_output` of parts, with `makes`, `yields` or `unpacks`.
    """

    __slots__ = ("_ledger", "_makes", "_name", "_parts", "_products", "_rank", "_unpacks")

    def __init__(self, station: Station, *, rank: int, ledger: Ledger) -> None:
        self._rank = rank
        self._ledger = ledger
        self._name = station.name
        self._makes = station.makes
        self._parts = station.batch_output == "parts"
        self._unpacks = station.unpacks
        self._products = [name for name, count in station.yields.items() for _ in range(count)]

    @classmethod
    def of(cls, station: Station, *, rank: int, ledger: Ledger) -> Outcome | None:
        """Return what the cycles of `station` give out; None for the parts themselves."""
        oven = station.batch_output == "parts" and station.batch_size > 1
        if oven or station.makes is not None or station.yields or station.unpacks:
            return cls(station, rank=rank, ledger=ledger)
        return None

    def give(self, part: Part, server: int, now: float) -> list[Part]:
        """Return what leaves in the place of `part`, the first first."""
        leaving = [part]
        if self._parts and part.members is not None:
            leaving = part.members
        if self._unpacks:
            leaving = [member for each in leaving for member in self._unpack(each, server, now)]
        if self._makes is not None:
            for each in leaving:
                each.product = self._makes
        if self._products:
            leaving = [piece for each in leaving for piece in self._divide(each, server, now)]
        return leaving

    def _unpack(self, batch: Part, server: int, now: float) -> list[Part]:
        """Return the members of a batch; a part that is none leaves as it is."""
        if batch.members is None:
            return [batch]
        for member in batch.members:
            member.operation = batch.operation
            self._ledger.note(now, self._name, "split", member, server=server, batch=batch.number)
        return batch.members

    def _divide(self, part: Part, server: int, now: float) -> list[Part]:
        """Return the pieces of a part: they share its units, one at least; the first has its pallets."""
        count = len(self._products)
        units = max(part.units, count)
        self._ledger.create(part, units - part.units, now, rank=self._rank)
        pieces = []
        for index, product in enumerate(self._products):
            piece = Part(self._ledger.number(), product, part.order)
            piece.units = units // count + (index < units % count)
            piece.born = piece.units * part.born / part.units
            if piece.units > 1:
                piece.births = [part.born / part.units] * piece.units
            piece.stocks = part.stocks
            piece.defective = part.defective
            piece.rejected = part.rejected
            piece.operation = part.operation
            self._ledger.note(now, self._name, "split", piece, server=server, batch=part.number)
            pieces.append(piece)
        pieces[0].pallets = part.pallets
        return pieces
