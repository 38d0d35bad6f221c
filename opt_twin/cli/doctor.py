"""``opt-twin doctor``: what this installation can do."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import opt_twin
from opt_twin.cli.common import ExitCode, Json, Screen, default_workers

__all__ = ["HELP", "doctor"]

HELP = "Print versions, solvers and cores."

_PACKAGES = (
    "ortools",
    "highspy",
    "pyomo",
    "pymoo",
    "moocore",
    "simpy",
    "networkx",
    "duckdb",
    "numpy",
    "scipy",
    "pandas",
)


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def doctor(*, as_json: Json = False) -> ExitCode:
    """Print what is installed."""
    screen = Screen(as_json=as_json)
    found = {package: _version_of(package) for package in _PACKAGES}
    from opt_twin.scheduling import solver_names

    report = {
        "opt_twin": opt_twin.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "cores": default_workers(None),
        "solvers": sorted(solver_names()),
        "packages": found,
    }
    screen.json(report)
    screen.result(f"opt_twin {report['opt_twin']}, Python {report['python']}, {report['platform']}")
    screen.result(f"cores: {report['cores']}")
    screen.result(f"scheduling solvers: {', '.join(sorted(solver_names()))}")
    screen.table("packages", ["package", "version"], [[name, found[name] or "missing"] for name in _PACKAGES])
    return ExitCode.OK
