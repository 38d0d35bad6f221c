"""Lines that the tests of the simulator use; makes the plain engine importable here."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from opt_twin.line import Buffer, Line, Sink, Source, Station, chain

sys.path.insert(0, str(Path(__file__).parent))


def build_line(*elements, ways=(), **fields):
    """Return a line of `elements`, chained in their order unless `ways` are given."""
    return Line(
        name=fields.pop("name", "test"),
        elements=elements,
        connections=ways or chain(*(element.name for element in elements)),
        **fields,
    )


def build_tandem(cycle_times, buffers=0, *, source=None, failures=(), **fields):
    """Return Source -> S1 -> B1 -> S2 ... -> Sink; a buffer of 0 places is left out."""
    count = len(cycle_times)
    places = buffers if isinstance(buffers, Sequence) else (buffers,) * (count - 1)
    modes = failures if isinstance(failures, list) else [failures] * count
    elements = [source or Source(name="In")]
    for i, cycle_time in enumerate(cycle_times):
        elements.append(Station(name=f"S{i + 1}", cycle_time=cycle_time, failures=modes[i], **fields))
        if i < count - 1 and places[i] != 0:
            elements.append(Buffer(name=f"B{i + 1}", capacity=places[i]))
    elements.append(Sink(name="Out"))
    return build_line(*elements)


@pytest.fixture(scope="session")
def line_of():
    return build_line


@pytest.fixture(scope="session")
def tandem():
    return build_tandem
