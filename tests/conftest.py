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


@pytest.fixture(scope="session")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the Lanzhou sample, built once."""
    from api.demo import build_demo

    path = tmp_path_factory.mktemp("demo") / "ws"
    assert build_demo(path)
    return path
