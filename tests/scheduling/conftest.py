"""Makes the samples importable, and finds published data that are not part of the project."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def published():
    """Return the folder of published instances beside the checkout."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published instances are not at hand")
    return folder
