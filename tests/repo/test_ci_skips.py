"""A skip is a failure in CI, and only there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]

SKIPS = """
import pytest
def test_present(): pass
def test_absent(): pytest.skip("no such data")
@pytest.mark.skip(reason="not today")
def test_marked(): pass
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
WHOLE = 'import pytest\npytest.skip("no such tool", allow_module_level=True)\n'


def run(folder: Path, source: str, *, ci: str | None) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    env = {key: value for key, value in os.environ.items() if key not in {"CI", "PYTEST_ADDOPTS"}}
    env |= {"PYTHONPATH": str(REPO)} | ({} if ci is None else {"CI": ci})
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.ci_skips",
        "-q",
        "-c",
        os.devnull,
        "--rootdir",
        folder,
        folder,
    ]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env)


@pytest.mark.parametrize("ci", [None, "", "false"])
def test_skips_pass_elsewhere(tmp_path: Path, ci: str | None) -> None:
    done = run(tmp_path, SKIPS, ci=ci)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped, 1 xfailed" in done.stdout


def test_skips_fail_in_ci(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPS, ci="true")
    assert done.returncode == 1, done.stdout
    assert "skipped, which nothing may be in CI: no such data" in done.stdout
    assert "skipped, which nothing may be in CI: not today" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 xfailed" in done.stdout


def test_a_skipped_module_fails_in_ci(tmp_path: Path) -> None:
    done = run(tmp_path, WHOLE, ci="true")
    assert done.returncode != 0
    assert "skipped, which nothing may be in CI: no such tool" in done.stdout
