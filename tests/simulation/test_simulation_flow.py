"""Merges, splits, loops, batches, quality, sources and money."""

import math

import pytest

from opt_twin.errors import SimulationError
from opt_twin.line import (
    Buffer,
    Connection,
    Deterministic,
    Economics,
    Exponential,
    FailureMode,
    Inspection,
    MicroStop,
    Product,
    Sink,
    Source,
    Station,
    chain,
)
from opt_twin.simulation import RunSettings, run_replication, simulate


def once(line, horizon, **arguments):
    return run_replication(line, settings=RunSettings(horizon=horizon), log=True, **arguments)


def part_times(run, kind, element):
    return [(e.time, e.part) for e in run.events if e.kind == kind and e.element == element]


def ways(*arrows, **shares):
    found = []
    for arrow in arrows:
        source, target = arrow.split("->")
        found.append(
            Connection(source=source, target=target, probability=shares.get(arrow.replace("->", "_")))
        )
    return tuple(found)


def test_at_a_merge_the_longest_waiting_gives_first_and_ties_go_by_rank(line_of):
    """A and B finish at 1 s, 2 s ...; C takes 10 s, so that both always wait."""
    line = line_of(
        Source(name="InA"),
        Source(name="InB"),
        Station(name="A", cycle_time=3.0),
        Station(name="B", cycle_time=3.0),
        Station(name="C", cycle_time=10.0),
        Sink(name="Out"),
        ways=ways("InA->A", "InB->B", "A->C", "B->C", "C->Out"),
    )
    run = once(line, 70)
    finished = {e.part: e.element for e in run.events if e.kind == "finish" and e.element in "AB"}
    order = [finished[part] for _, part in part_times(run, "start", "C")]
    assert order == ["A", "B", "A", "B", "A", "B", "A"]


def test_at_a_merge_one_that_came_first_is_not_overtaken_by_a_lower_rank(line_of):
    """B finishes at 2 s, before A (5 s): C takes B's part at 2 s and again only after A's."""
    line = line_of(
        Source(name="InA"),
        Source(name="InB"),
        Station(name="A", cycle_time=5.0),
        Station(name="B", cycle_time=2.0),
        Station(name="C", cycle_time=4.0),
        Sink(name="Out"),
        ways=ways("InA->A", "InB->B", "A->C", "B->C", "C->Out"),
    )
    run = once(line, 30)
    finished = {e.part: e.element for e in run.events if e.kind == "finish" and e.element in "AB"}
    order = [finished[part] for _, part in part_times(run, "start", "C")]
    assert order[:5] == ["B", "B", "A", "B", "A"]


def test_parts_divide_by_the_probabilities_and_wait_for_the_target_that_was_drawn(line_of):
    """The slow branch holds the buffer up although the quick one is free."""
    line = line_of(
        Source(name="In"),
        Buffer(name="B", capacity=3),
        Station(name="Slow", cycle_time=20.0),
        Station(name="Quick", cycle_time=1.0),
        Sink(name="Out"),
        ways=ways("In->B", "B->Slow", "B->Quick", "Slow->Out", "Quick->Out", B_Slow=0.25, B_Quick=0.75),
    )
    found = simulate(line, settings=RunSettings(horizon=8000, replications=10), seed=1)
    share = found["Slow.parts"] / (found["Slow.parts"] + found["Quick.parts"])
    assert share.mean() == pytest.approx(0.25, abs=0.02)
    assert found.mean("Quick.starved") > 0.5
    assert found.mean("B.level") > 1.5


def test_a_station_and_a_source_may_divide_their_parts_too(line_of):
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=1.0),
        Station(name="B", cycle_time=1.0),
        Station(name="C", cycle_time=1.0),
        Sink(name="Good"),
        Sink(name="Other"),
        ways=ways(
            "In->A", "In->B", "A->C", "A->Other", "B->C", "C->Good", In_A=0.5, In_B=0.5, A_C=0.2, A_Other=0.8
        ),
    )
    run = once(line, 4000)
    other, good = len(part_times(run, "exit", "Other")), len(part_times(run, "exit", "Good"))
    assert other / run.values["A.parts"] == pytest.approx(0.8, abs=0.04)
    assert other + good == run.values["parts_out"]


def test_a_rework_loop_is_visited_as_often_as_its_geometric_law_says(line_of):
    """A part passes the station 1 / (1 - 0.2) times on average."""
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=4)),
        Buffer(name="B"),
        Station(name="S", cycle_time=Exponential(mean=1)),
        Sink(name="Out"),
        ways=ways("In->B", "B->S", "S->B", "S->Out", S_B=0.2, S_Out=0.8),
    )
    found = simulate(line, settings=RunSettings(horizon=8000, warm_up=200, replications=12), seed=2)
    visits = found["S.parts"] / found["parts_out"]
    assert visits.mean() == pytest.approx(1.25, rel=0.02)
    assert found.estimate("S.busy", 0.99).covers(0.3125)


def test_batches_pack_twelve_and_sixty_and_weigh_what_is_in_them(line_of):
    """720 tubes a pallet; units are conserved."""
    line = line_of(
        Source(name="In", limit=1500),
        Station(name="Fill", cycle_time=1.0),
        Buffer(name="B1", capacity=20),
        Station(name="Pack", cycle_time=2.0, batch_size=12),
        Buffer(name="B2", capacity=70),
        Station(name="Stack", cycle_time=5.0, batch_size=60),
        Sink(name="Out"),
    )
    run = once(line, 3000)
    assert run.values["parts_out"] == 2
    assert run.values["released"] == 1500
    assert run.values["Pack.parts"] == 125
    exits = [event.time for event in run.events if event.kind == "exit"]
    assert exits == [720 + 2 + 5, 1440 + 2 + 5]
    members = {}
    for event in run.events:
        if event.kind == "join":
            members.setdefault(event.batch, []).append(event.part)
    pallets = [event.part for event in run.events if event.kind == "exit"]
    assert [sum(len(members[case]) for case in members[pallet]) for pallet in pallets] == [720, 720]
    assert run.values["lead_time"] == pytest.approx(sum(727 - i for i in range(720)) / 720)


def test_littles_law_holds_in_units(line_of):
    line = line_of(
        Source(name="In", interarrival=Exponential(mean=2)),
        Buffer(name="B1"),
        Station(name="Pack", cycle_time=Exponential(mean=10), batch_size=6),
        Sink(name="Out"),
    )
    values = once(line, 40000).values
    assert values["wip"] == pytest.approx(values["released"] / 40000 * values["lead_time"], rel=0.01)


def test_a_batch_is_defective_if_any_member_is(line_of):
    line = line_of(
        Source(name="In"),
        Station(name="S", cycle_time=1.0, defect_rate=0.1),
        Station(name="Pack", cycle_time=0.5, batch_size=5),
        Sink(name="Out"),
    )
    found = simulate(line, settings=RunSettings(horizon=5000, replications=10), seed=1)
    share = found["good_parts"] / found["parts_out"]
    assert share.mean() == pytest.approx(0.9**5, abs=0.02)
    assert (found["good_parts"] + found["defective_parts"] == found["parts_out"]).all()


def test_an_inspection_rejects_what_its_errors_say(line_of):
    """Defects .2, detection .9, false alarm .05: .18 + .04 of the parts are scrapped, .02 escape."""
    line = line_of(
        Source(name="In"),
        Station(name="S", cycle_time=1.0, defect_rate=0.2),
        Station(name="Test", cycle_time=1.0, inspection=Inspection(detection=0.9, false_alarm=0.05)),
        Sink(name="Out"),
    )
    found = simulate(line, settings=RunSettings(horizon=5000, replications=12), seed=1)
    parts = found["Test.parts"]
    assert (found["scrapped"] / parts).mean() == pytest.approx(0.22, abs=0.006)
    assert (found["defective_parts"] / parts).mean() == pytest.approx(0.02, abs=0.003)
    assert (parts == found["scrapped"] + found["parts_out"]).all()
    events = once(line, 50, seed=3).events
    rejected = [event for event in events if event.kind == "scrap"]
    assert rejected
    assert {(event.element, event.detail) for event in rejected} == {("Test", "rejected")}


def test_money_follows_the_parts(line_of):
    line = line_of(
        Source(name="In", limit=10),
        Station(name="S", cycle_time=60.0, servers=2, cost_per_hour=25.0),
        Sink(name="Out"),
        products=(Product(name="tube", material_cost=1.5, price=4.0),),
        economics=Economics(cost_per_hour=10.0, currency="USD"),
    )
    found = simulate(line, settings=RunSettings(horizon="2 h", replications=1))
    assert found.mean("revenue") == 40.0
    assert found.mean("material_cost") == 15.0
    assert found.mean("conversion_cost") == 120.0
    assert found.mean("margin") == -95.0
    assert found.units["margin"] == "USD"
    assert found.units["S.parts"] == "cycles"
    assert "S.busy" not in found.units


def test_a_part_that_finds_no_place_waits_in_the_source_and_stops_its_clock(tandem):
    """A part every 3 s after the one before has left; the station takes 10 s."""
    run = once(tandem((10.0,), source=Source(name="In", interarrival=3.0)), 35)
    assert [time for time, _ in part_times(run, "release", "In")] == [3.0, 13.0, 23.0, 33.0]
    assert run.values["S1.starved"] == pytest.approx(3 / 35)


def test_a_source_without_a_mix_releases_the_first_product(line_of):
    line = line_of(
        Source(name="In"),
        Station(name="S", cycle_time=1.0),
        Sink(name="Out"),
        products=(Product(name="b"), Product(name="a")),
    )
    assert {event.product for event in once(line, 10).events if event.kind == "exit"} == {"b"}
    only = line.with_value("In.mix", {"a": 1.0})
    assert {event.product for event in once(only, 10).events if event.kind == "exit"} == {"a"}


def test_no_part_out_means_no_lead_time(tandem):
    assert math.isnan(run_replication(tandem((10.0,)), settings=RunSettings(horizon=5)).values["lead_time"])


@pytest.mark.parametrize("capacity", [None, 5])
def test_a_saturated_source_needs_something_that_holds_it_back(line_of, capacity):
    line = line_of(
        Source(name="In"),
        Buffer(name="B", capacity=capacity),
        Station(name="S", cycle_time=1.0),
        Sink(name="Out"),
    )
    if capacity is None:
        with pytest.raises(SimulationError, match="saturated source 'In' would fill buffer 'B' without end"):
            once(line, 10)
        assert once(line.with_value("In.limit", 7), 10).values["parts_out"] == 7
    else:
        assert once(line, 10).values["parts_out"] == 10


def test_a_line_in_which_nothing_takes_time_is_given_up(tandem):
    with pytest.raises(SimulationError, match="without time going on"):
        once(tandem((Deterministic(value=0.0),)), 10)


def test_the_bottling_line_stays_within_its_published_limits(line_of):
    """At most 70.7 pallets expected in 8 h; the filler cannot make more than 80,000 tubes."""

    def mode(to_failure, to_repair):
        return FailureMode(
            time_to_failure=Exponential(mean=to_failure * 60),
            time_to_repair=Exponential(mean=to_repair * 60),
            clock="operation",
        )

    line = line_of(
        Source(name="In"),
        Station(
            name="Filler",
            cycle_time=0.36,
            failures=(mode(120, 15),),
            micro_stops=(MicroStop(probability=0.01, duration=15.0),),
            defect_rate=0.02,
        ),
        Buffer(name="B1", capacity=50),
        Station(name="Inspector", cycle_time=3600 / 11000, inspection=Inspection(detection=0.95)),
        Buffer(name="B2", capacity=20),
        Station(
            name="Packer",
            cycle_time=0.3,
            batch_size=12,
            failures=(mode(240, 60),),
            micro_stops=(MicroStop(probability=0.05, duration=30.0),),
        ),
        Buffer(name="B3", capacity=100),
        Station(name="Palletizer", cycle_time=3600 / 13000, batch_size=60, failures=(mode(480, 60),)),
        Buffer(name="B4", capacity=40),
        Sink(name="Out"),
    )
    found = simulate(line, settings=RunSettings(replications=3), seed=1)
    assert 40 < found.mean("parts_out") <= 70.7
    assert (found["Filler.parts"] < 80000).all()
    assert (found["Inspector.parts"] * 0.02 * 0.95 / found["scrapped"]).mean() == pytest.approx(1, abs=0.1)


def test_chain_of_direct_hand_offs_blocks_after_service(line_of):
    """A finishes at 1 s and holds its part until B is free at 6 s."""
    line = line_of(
        Source(name="In"),
        Station(name="A", cycle_time=1.0),
        Station(name="B", cycle_time=5.0),
        Sink(name="Out"),
        ways=chain("In", "A", "B", "Out"),
    )
    run = once(line, 11)
    assert [time for time, _ in part_times(run, "start", "A")] == [0.0, 1.0, 6.0, 11.0]
    assert [time for time, _ in part_times(run, "start", "B")] == [1.0, 6.0, 11.0]
    assert run.values["A.blocked"] == pytest.approx(8 / 11)
