"""A maintenance plan puts its tasks into the line."""

import pytest

from opt_twin.errors import ModelError, PlanError
from opt_twin.line import FailureMode, Line, Maintenance, Sink, Source, Station, chain
from opt_twin.plan import MaintenancePlan
from opt_twin.simulation import RunSettings, run_replication

WEAR = FailureMode(name="wear", time_to_failure=500.0, time_to_repair=100.0)
LINE = Line(
    name="shop",
    elements=(
        Source(name="In"),
        Station(name="Saw", cycle_time=10.0, failures=(WEAR,)),
        Station(name="Drill", cycle_time=10.0, maintenance=(Maintenance(start=20.0, duration=5.0),)),
        Sink(name="Out"),
    ),
    connections=chain("In", "Saw", "Drill", "Out"),
)
TASK = Maintenance(start=300.0, every=300.0, duration=20.0, renews=("wear",))


def test_tasks_take_the_place_of_those_of_the_station_and_others_keep_theirs():
    changed = MaintenancePlan(tasks={"Saw": (TASK,)}).apply_to(LINE)
    assert changed.element("Saw").maintenance == (TASK,)
    assert changed.element("Drill") == LINE.element("Drill")
    assert MaintenancePlan(tasks={"Drill": ()}).apply_to(LINE).element("Drill").maintenance == ()


def test_a_plan_that_renews_in_time_prevents_the_failure():
    changed = MaintenancePlan(tasks={"Saw": (TASK,)}).apply_to(LINE)
    run = run_replication(changed, settings=RunSettings(horizon=2000))
    assert run.values["Saw.failed"] == 0
    assert run.values["Saw.maintenance"] == pytest.approx(6 * 20 / 2000)
    assert run_replication(LINE, settings=RunSettings(horizon=2000)).values["Saw.failed"] == pytest.approx(
        0.15
    )


def test_what_does_not_fit_the_line_is_refused():
    with pytest.raises(
        PlanError, match=r"maintains 'Sew', which is no station of 'shop' \(did you mean 'Saw'\?\)"
    ):
        MaintenancePlan(tasks={"Sew": (TASK,)}).apply_to(LINE)
    with pytest.raises(ModelError, match="no failure mode of its station is called 'wear'"):
        MaintenancePlan(tasks={"Drill": (TASK,)}).apply_to(LINE)


def test_plans_are_equal_by_their_content():
    one, other = MaintenancePlan(tasks={"Saw": (TASK,)}), MaintenancePlan(tasks={"Saw": (TASK,)})
    assert one == other
    assert one.digest() == other.digest()
    assert MaintenancePlan.from_dict(one.to_dict()) == one
