"""Named random streams.

Every stochastic element has its own stream for each purpose. A stream is a counter-based generator whose
key comes from (seed, replication, element, purpose) alone, so adding a station or changing a buffer shifts
no other draw (common random numbers), and results do not depend on workers or on the order of execution.

References
----------
Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox).
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import numpy as np

from opt_twin.errors import OptionError

__all__ = ["Purpose", "stream", "stream_key"]


class Purpose(StrEnum):
    """What a stream's draws are used for."""

    ARRIVAL = "arrival"
    PRODUCT = "product"
    PROCESSING = "processing"
    TIME_TO_FAILURE = "time to failure"
    TIME_TO_REPAIR = "time to repair"
    LOADING = "loading"
    MAINTENANCE = "maintenance"
    MICRO_STOP = "micro-stop"
    MICRO_STOP_DURATION = "micro-stop duration"
    DEFECT = "defect"
    INSPECTION = "inspection"
    ROUTING = "routing"
    BEHAVIOUR = "behaviour"
    SEARCH = "search"


def stream_key(seed: int, replication: int, element: str, purpose: str) -> int:
    """Return the 128-bit key of a stream: the first 16 bytes of a sha256, little-endian.

    The hashed text is ``opt_twin/1|seed|replication|element|purpose`` in UTF-8.

    Raises
    ------
    OptionError
        If `seed` or `replication` is negative.
    """
    if seed < 0 or replication < 0:
        raise OptionError(f"seed and replication must be 0 or more, got {seed} and {replication}")
    text = f"opt_twin/1|{seed}|{replication}|{element}|{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def stream(seed: int, replication: int, element: str, purpose: str) -> np.random.Generator:
    """Return a fresh generator at the start of the named stream.

    Examples
    --------
    >>> a = stream(1, 0, "Filler", Purpose.PROCESSING).random()
    >>> b = stream(1, 0, "Filler", Purpose.PROCESSING).random()
    >>> a == b
    True
    """
    return np.random.Generator(np.random.Philox(key=stream_key(seed, replication, element, purpose)))
