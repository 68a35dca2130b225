"""In CI a skipped test is a failed one: whatever a test needs has to be there.

A pytest plugin, loaded by ``make test`` with ``-p tests.ci_skips``; without ``CI`` in the environment it does
nothing.
"""

import os
import re
from collections.abc import Generator
from typing import Final

import pytest

ALLOWED: Final[tuple[re.Pattern[str], ...]] = ()
"""Reasons that may skip a test in CI too; each one is written here on purpose, with its why."""


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # A skip's longrepr is (path, line, "Skipped: reason").
    text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def _forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI", "").lower() in {"", "0", "false"} or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = _reason(report)
    if not any(pattern.search(reason) for pattern in ALLOWED):
        report.outcome = "failed"
        report.longrepr = f"skipped, which nothing may be in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test into a failure."""
    report = yield
    _forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into a failure."""
    report = yield
    _forbid(report)
    return report
