"""What the reader knows of the records that a model is made of."""

from opt_twin.io.shape import default_name
from opt_twin.line import Buffer, FailureMode, Inspection, MicroStop, Station


def test_only_what_may_go_without_a_name_has_one_by_default():
    assert default_name(FailureMode) == "breakdown"
    assert default_name(MicroStop) == "jam"
    assert default_name(Station | Buffer) is None
    assert default_name(Inspection | None) is None
    assert default_name(float) is None
