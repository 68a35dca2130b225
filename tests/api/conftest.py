"""Workspaces the use cases run on."""

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.wiring import open_runner
from tests.town import make_workspace


@pytest.fixture(scope="session")
def town_path(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("town") / "ws")


@pytest.fixture(scope="session")
def town(town_path):
    return open_runner(town_path)


@pytest.fixture
def quantu():
    """Run a command; returns (exit code, output, error output)."""

    def call(*args):
        done = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return call


@pytest.fixture(scope="session")
def andorra_path(tmp_path_factory, real_dir):
    """A workspace with Andorra imported on its terrain and published."""
    path = tmp_path_factory.mktemp("andorra") / "ws"
    for args in (
        ["init", path, "--name", "Andorra"],
        ["import", "osm", real_dir / "andorra" / "andorra.osm.pbf", "--dem", real_dir / "andorra", "--workspace", path],
        ["publish", "-m", "first", "--workspace", path],
    ):
        done = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return path
