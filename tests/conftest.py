"""Fixtures every test may ask for."""

from pathlib import Path

import pytest

REAL = Path(__file__).parents[2] / "shared" / "real"


@pytest.fixture(scope="session")
def real_dir() -> Path:
    """The folder of real data beside the checkout; the test is skipped, saying so, where it is absent."""
    if not REAL.is_dir():
        pytest.skip("../shared/real is absent")
    return REAL
