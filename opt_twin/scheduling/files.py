"""Where the built-in instances lie."""

from __future__ import annotations

from pathlib import Path

from opt_twin.errors import OptTwinError

__all__ = ["instances_folder"]


def instances_folder() -> Path:
    """Return the folder of the built-in instances.

    In an installed package it lies inside the package, in a checkout beside it.

    Raises
    ------
    OptTwinError
        If neither is there: the installation is broken.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_instances", package.parent / "instances"):
        if (folder / "best_known.csv").is_file():
            return folder
    raise OptTwinError(f"the built-in instances are missing beside {package}; install opt-twin again")
