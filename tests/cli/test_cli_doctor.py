"""What the doctor says of an installation that lacks something."""

import json

from typer.testing import CliRunner

from opt_twin.cli import doctor
from opt_twin.cli.main import app


def test_a_package_that_is_not_installed_is_named_as_missing(monkeypatch):
    monkeypatch.setattr(doctor, "_PACKAGES", ("numpy", "no-such-package"))
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 0
    assert any(line.split() == ["no-such-package", "missing"] for line in shown.stdout.splitlines())
    packages = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["packages"]
    assert packages["no-such-package"] is None
    assert packages["numpy"]
