"""Which of several changes gains most, with replications added until that is sure."""

from __future__ import annotations

import math
from collections.abc import Callable

from opt_twin.analysis.sensitivity import Runs, Variant, doubt
from opt_twin.results import Evaluator

__all__ = ["Blocks", "Race", "looks_at"]

Blocks = Callable[[int, int], Evaluator]
"""Gives, from the number of the first replication and how many, an evaluator of just these."""


def looks_at(first: int, limit: int) -> int:
    """Return how often a race is looked at that begins with `first` replications and doubles them."""
    return 1 + max(0, math.ceil(math.log2(limit / first)))


class Race:
    """Which of several variants gains most.

    Attributes
    ----------
    leader, runner_up
        The best two so far; the second is empty where there is one variant only.
    """

    def __init__(self, runs: Runs, variants: dict[str, Variant], *, looks: int) -> None:
        self._runs = runs
        self._variants = variants
        self._looks = looks
        for variant in variants.values():
            runs.extend(variant)
        self._rank()

    def _rank(self) -> None:
        """Order the variants; of those that have been run longest one leads."""
        ordered = sorted(
            self._variants,
            key=lambda name: (-len(self._variants[name].blocks), -self._variants[name].gains.mean()),
        )
        self.leader = ordered[0]
        others = sorted(ordered[1:], key=lambda name: -self._variants[name].gains.mean())
        self.runner_up = others[0] if others else ""

    def run(self, until: float | None, limit: int, blocks: Blocks) -> bool:
        """Add replications until the leader is certain, or there are `limit`; with None up to the limit.

        Returns
        -------
        bool
            Whether it came to its end; if not, Ctrl-C ended it, and the block that was not complete is left
            out.
        """
        runs = self._runs
        while runs.replications < limit:
            close = self._close(until)
            if not close and until is not None:
                break
            whole = runs.blocks
            more = min(runs.replications, limit - runs.replications)
            runs.foresee(more * (2 + len(close)))
            try:
                runs.add(blocks(runs.next_replication, more))
                for name in (self.leader, *close):
                    runs.extend(self._variants[name])
                self._rank()
            except KeyboardInterrupt:
                runs.cut(whole, self._variants.values())
                self._rank()
                return False
        return True

    def _close(self, until: float | None) -> list[str]:
        """Return the rivals that may still be ahead; each comparison has its share of the doubt."""
        rivals = len(self._variants) - 1
        if not rivals:
            return []
        if until is None:
            return [name for name in self._variants if name != self.leader]
        allowed = (1 - until) / (rivals * self._looks)
        return [name for name, one in self._doubts().items() if one > allowed]

    def _doubts(self) -> dict[str, float]:
        """Return the probability that the leader is not ahead, for each rival; 1 for single replications."""
        leader = self._variants[self.leader].gains
        if len(leader) < 2:
            return dict.fromkeys((name for name in self._variants if name != self.leader), 1.0)
        return {
            name: doubt(leader, variant.gains, self._runs.unit)
            for name, variant in self._variants.items()
            if name != self.leader
        }

    @property
    def certainty(self) -> float | None:
        """The confidence that nobody else gains more than the leader."""
        if len(self._variants) > 1 and self._runs.replications < 2:
            return None
        return max(0.0, 1 - self._looks * math.fsum(self._doubts().values()))
