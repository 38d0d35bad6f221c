"""Lines of two stations with a buffer between them, in closed form.

The first station never lacks parts, the last is never blocked. `buffer` counts the places between the
stations, without the stations' own.
"""

from __future__ import annotations

import math

import numpy as np

from opt_twin.errors import OptionError

__all__ = ["bernoulli_two_station", "exponential_two_station", "geometric_two_station"]


def exponential_two_station(rate_1: float, rate_2: float, buffer: int) -> float:
    """Return the throughput of two stations with exponential processing times, blocking after service.

    With equal rates it is rate (B + 2) / (B + 3).

    Parameters
    ----------
    rate_1, rate_2
        Parts per unit of time that each station could make alone.
    buffer
        Places between them, 0 or more.

    Returns
    -------
    float
        Parts per unit of time.

    Raises
    ------
    OptionError
        If a rate is not above 0 or the buffer is negative.

    References
    ----------
    Hunt (1956), Sequential arrays of waiting lines, Operations Research 4.

    Examples
    --------
    >>> round(exponential_two_station(1.0, 1.0, 1), 9)
    0.75
    """
    if not (rate_1 > 0 and rate_2 > 0 and math.isfinite(rate_1 + rate_2)):
        raise OptionError(f"rates must be finite and above 0, got {rate_1} and {rate_2}")
    _places(buffer)
    slow, fast = sorted((rate_1, rate_2))
    # the number of parts between the two is a birth-death chain on 0 .. B + 2; it is symmetric in the rates
    ratio = slow / fast
    total = sum(ratio**number for number in range(buffer + 3))
    return float(slow * (1 - ratio ** (buffer + 2) / total))


def bernoulli_two_station(p_1: float, p_2: float, capacity: int) -> float:
    """Return the throughput per cycle of two Bernoulli machines.

    In each time slot a machine that has a part and a place makes a part with its probability.

    Parameters
    ----------
    p_1, p_2
        Probability of a part in a slot, above 0 and below 1.
    capacity
        Places in the buffer, at least 1; the second machine works on a part that lies there.

    Returns
    -------
    float
        Parts per slot.

    Raises
    ------
    OptionError
        If a probability or the capacity is out of its range.

    References
    ----------
    Li and Meerkov (2009), Production systems engineering, section 4.2.

    Examples
    --------
    >>> round(bernoulli_two_station(0.9, 0.9, 2), 6)
    0.857143
    """
    _probabilities(p_1=p_1, p_2=p_2)
    if capacity < 1:
        raise OptionError(f"capacity must be 1 or more, got {capacity}")
    if math.isclose(p_1, p_2, rel_tol=1e-12):
        starved = (1 - p_1) / (capacity + 1 - p_1)
    else:
        odds = p_1 * (1 - p_2) / (p_2 * (1 - p_1))
        starved = (1 - p_1) * (1 - odds) / (1 - p_1 / p_2 * odds**capacity)
    return p_2 * (1 - starved)


def geometric_two_station(
    failure_1: float, repair_1: float, failure_2: float, repair_2: float, storage: int
) -> float:
    """Return the throughput per cycle of two synchronous machines with geometric failures and repairs.

    Both machines take one cycle for a part. A machine that works fails in a cycle with its failure
    probability, one that is down is repaired with its repair probability (operation clock).

    Parameters
    ----------
    failure_1, repair_1, failure_2, repair_2
        Probabilities per cycle, above 0 and below 1.
    storage
        N of the literature: parts between the machines at most, the one on the second machine included; at
        least 4.

    Returns
    -------
    float
        Parts per cycle, also called the efficiency. With `storage` growing it approaches the lesser of
        the two availabilities r / (r + p); with no storage at all it would be 1 / (1 + p1/r1 + p2/r2).

    Raises
    ------
    OptionError
        If a probability or the storage is out of its range.

    References
    ----------
    Buzacott (1967), Automatic transfer lines with buffer stocks; Gershwin (1994), Manufacturing systems
    engineering, section 3.4.

    Examples
    --------
    >>> round(geometric_two_station(0.01, 0.1, 0.01, 0.1, 4), 6)
    0.840936
    """
    _probabilities(failure_1=failure_1, repair_1=repair_1, failure_2=failure_2, repair_2=repair_2)
    if storage < 4:
        raise OptionError(f"the formula holds for a storage of 4 or more, got {storage}")
    p1, r1, p2, r2 = failure_1, repair_1, failure_2, repair_2
    a = r1 + r2 - r1 * r2
    b = p1 + p2 - p1 * p2
    y1 = (a - r1 * p2) / (b - p1 * r2)
    y2 = (a - p1 * r2) / (b - r1 * p2)
    x = y2 / y1
    near = (a - r1 * p2) / (b - r1 * p2)
    far = (a - p1 * r2) / (b - p1 * r2)
    # states as (parts in storage, machine 2 is up, weight without the power of x)
    states: list[tuple[int, int, float]] = [
        (0, 1, x * (a - r1 * p2) / (r1 * p2)),
        (1, 0, x),
        (1, 1, x * y2),
        (1, 1, x / p2 * near),
    ]
    powers = [0, 0, 0, 0]
    for n in range(2, storage - 1):
        states += [(n, up_2, y1**up_1 * y2**up_2) for up_1 in (0, 1) for up_2 in (0, 1)]
        powers += [n] * 4
    states += [
        (storage - 1, 0, 1.0),
        (storage - 1, 0, y1),
        (storage - 1, 1, far / p1),
        (storage, 0, (a - p1 * r2) / (p1 * r2)),
    ]
    powers += [storage - 1] * 4
    logs = np.array(powers) * math.log(x)
    weights = np.array([weight for _, _, weight in states]) * np.exp(logs - logs.max())
    makes = np.array([up_2 == 1 and n > 0 for n, up_2, _ in states])
    return float(weights[makes].sum() / weights.sum())


def _places(buffer: int) -> None:
    if buffer < 0:
        raise OptionError(f"a buffer has 0 places or more, got {buffer}")


def _probabilities(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < 1:
            raise OptionError(f"{name} is a probability above 0 and below 1, got {value}")
