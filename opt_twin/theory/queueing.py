"""Single-station queues in the steady state.

Rates are in events per unit of time, times in the same unit; the results do not depend on which unit it is.
"""

from __future__ import annotations

import math
from itertools import accumulate

from opt_twin.errors import OptionError
from opt_twin.records import Record, record

__all__ = ["QueueMeasures", "mg1", "mg1_with_failures", "mm1", "mm1k", "mmc"]


@record
class QueueMeasures(Record):
    """What a queue does in the steady state.

    Attributes
    ----------
    utilisation
        Share of the time that a server works or is under repair with a customer.
    in_system, in_queue
        Mean number of customers, L and Lq.
    time_in_system, time_in_queue
        Mean times of those who enter, W and Wq.
    throughput
        Customers who leave per unit of time.
    waiting_probability
        Probability that an entering customer has to wait.
    loss_probability
        Probability that an arriving customer finds the system full and is lost.
    """

    utilisation: float
    in_system: float
    in_queue: float
    time_in_system: float
    time_in_queue: float
    throughput: float
    waiting_probability: float
    loss_probability: float = 0.0


def mm1(arrival_rate: float, service_rate: float) -> QueueMeasures:
    """Return the measures of the M/M/1 queue: Poisson arrivals, exponential service, one server.

    Raises
    ------
    OptionError
        If a rate is not above 0 or the utilisation is not below 1.

    References
    ----------
    Kleinrock (1975), Queueing systems, volume 1, section 3.2.

    Examples
    --------
    >>> round(mm1(0.8, 1.0).in_system, 9), round(mm1(0.8, 1.0).time_in_system, 9)
    (4.0, 5.0)
    """
    return mmc(arrival_rate, service_rate, 1)


def mmc(arrival_rate: float, service_rate: float, servers: int) -> QueueMeasures:
    """Return the measures of the M/M/c queue; the waiting probability is Erlang's C.

    Parameters
    ----------
    arrival_rate
        Of the system.
    service_rate
        Of one server.
    servers
        How many there are, at least 1.

    Raises
    ------
    OptionError
        If a rate is not above 0, there is no server, or the utilisation is not below 1.

    References
    ----------
    Erlang (1917); Kleinrock (1975), Queueing systems, volume 1, section 3.5.

    Examples
    --------
    >>> round(mmc(1.6, 1.0, 2).waiting_probability, 6), round(mmc(1.6, 1.0, 2).time_in_queue, 6)
    (0.711111, 1.777778)
    """
    _positive(arrival_rate=arrival_rate, service_rate=service_rate)
    if servers < 1:
        raise OptionError(f"a queue needs at least one server, got {servers}")
    load = arrival_rate / service_rate
    utilisation = _stable(load / servers)
    # Erlang's B by its recursion, which neither overflows nor cancels, then C from B
    blocking = 1.0
    for number in range(1, servers + 1):
        blocking = load * blocking / (number + load * blocking)
    waiting = blocking / (1 - utilisation * (1 - blocking))
    time_in_queue = waiting / (servers * service_rate - arrival_rate)
    return _measures(arrival_rate, 1 / service_rate, time_in_queue, utilisation, waiting)


def mg1(arrival_rate: float, service_mean: float, service_variance: float) -> QueueMeasures:
    """Return the measures of the M/G/1 queue by the formula of Pollaczek and Khinchine.

    Parameters
    ----------
    arrival_rate
        Of the Poisson arrivals.
    service_mean, service_variance
        Of the service time.

    Raises
    ------
    OptionError
        If the rate or the mean is not above 0, the variance is negative, or the utilisation is not below 1.

    References
    ----------
    Pollaczek (1930); Khinchine (1932); Kleinrock (1975), Queueing systems, volume 1, section 5.6.

    Examples
    --------
    >>> round(mg1(0.8, 1.0, 0.0).time_in_queue, 9)
    2.0
    """
    _positive(arrival_rate=arrival_rate, service_mean=service_mean)
    _not_negative(service_variance=service_variance)
    utilisation = _stable(arrival_rate * service_mean)
    second_moment = service_variance + service_mean**2
    time_in_queue = arrival_rate * second_moment / (2 * (1 - utilisation))
    return _measures(arrival_rate, service_mean, time_in_queue, utilisation, utilisation)


def mg1_with_failures(
    arrival_rate: float,
    service_mean: float,
    service_variance: float,
    *,
    time_to_failure: float,
    repair_mean: float,
    repair_variance: float,
) -> QueueMeasures:
    """Return the measures of an M/G/1 queue whose server fails while it works, with pre-emptive resume.

    The time to failure is exponential on the clock of operation. From the start of its service to its end a
    customer takes a completion time C: E[C] = E[S] (1 + E[R] / F) and
    E[C^2] = E[S^2] (1 + E[R] / F)^2 + E[S] E[R^2] / F, with F the mean time to failure; the queue is M/G/1
    with C for its service.

    Parameters
    ----------
    arrival_rate
        Of the Poisson arrivals.
    service_mean, service_variance
        Of the service time without failures.
    time_to_failure
        Mean working time from the end of a repair to the next failure.
    repair_mean, repair_variance
        Of the time to repair.

    Raises
    ------
    OptionError
        If an argument is out of its range or the utilisation is not below 1.

    References
    ----------
    White and Christie (1958); Avi-Itzhak and Naor (1963).

    Examples
    --------
    >>> queue = mg1_with_failures(
    ...     0.7, 1.0, 1.0, time_to_failure=10.0, repair_mean=1.0, repair_variance=1.0
    ... )
    >>> round(queue.time_in_queue, 6)
    3.986957
    """
    _positive(service_mean=service_mean, time_to_failure=time_to_failure, repair_mean=repair_mean)
    _not_negative(service_variance=service_variance, repair_variance=repair_variance)
    stretch = 1 + repair_mean / time_to_failure
    mean = service_mean * stretch
    repair_second_moment = repair_variance + repair_mean**2
    service_second_moment = service_variance + service_mean**2
    second_moment = service_second_moment * stretch**2 + service_mean * repair_second_moment / time_to_failure
    return mg1(arrival_rate, mean, max(0.0, second_moment - mean**2))


def mm1k(arrival_rate: float, service_rate: float, places: int) -> QueueMeasures:
    """Return the measures of the M/M/1/K queue: an arrival that finds `places` customers is lost.

    Parameters
    ----------
    arrival_rate, service_rate
        Of arrivals, lost ones included, and of the server.
    places
        Customers in the system at most, the one in service included; at least 1.

    Raises
    ------
    OptionError
        If a rate is not above 0 or there is no place.

    References
    ----------
    Kleinrock (1975), Queueing systems, volume 1, section 3.6.

    Examples
    --------
    >>> queue = mm1k(0.8, 1.0, 3)
    >>> round(queue.loss_probability, 6), round(queue.throughput, 6), round(queue.in_system, 6)
    (0.173442, 0.661247, 1.224932)
    """
    _positive(arrival_rate=arrival_rate, service_rate=service_rate)
    if places < 1:
        raise OptionError(f"a queue needs at least one place, got {places}")
    load = arrival_rate / service_rate
    ratio = min(load, 1 / load)  # weights of at most 1, whichever of the two rates is larger
    weights = list(accumulate([1.0] * places, lambda weight, _: weight * ratio, initial=1.0))
    if load > 1:
        weights.reverse()
    total = math.fsum(weights)
    share = [weight / total for weight in weights]
    throughput = arrival_rate * math.fsum(share[:-1])
    in_system = math.fsum(number * p for number, p in enumerate(share))
    in_queue = math.fsum((number - 1) * p for number, p in enumerate(share[1:], start=1))
    return QueueMeasures(
        utilisation=math.fsum(share[1:]),
        in_system=in_system,
        in_queue=in_queue,
        time_in_system=in_system / throughput,
        time_in_queue=in_queue / throughput,
        throughput=throughput,
        waiting_probability=math.fsum(share[1:-1]) / math.fsum(share[:-1]),
        loss_probability=share[-1],
    )


def _measures(
    arrival_rate: float, service_mean: float, time_in_queue: float, utilisation: float, waiting: float
) -> QueueMeasures:
    """Return all measures from the mean wait, by Little's law."""
    time_in_system = time_in_queue + service_mean
    return QueueMeasures(
        utilisation=utilisation,
        in_system=arrival_rate * time_in_system,
        in_queue=arrival_rate * time_in_queue,
        time_in_system=time_in_system,
        time_in_queue=time_in_queue,
        throughput=arrival_rate,
        waiting_probability=waiting,
    )


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise OptionError(f"{name} must be a finite number above 0, got {value}")


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not (value >= 0 and math.isfinite(value)):
            raise OptionError(f"{name} must be a finite number of 0 or more, got {value}")


def _stable(utilisation: float) -> float:
    if utilisation >= 1:
        raise OptionError(f"utilisation {utilisation:.4g} is not below 1: the queue grows without bound")
    return utilisation
