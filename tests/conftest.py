"""What holds for all tests.

Hypothesis runs without a stopwatch, and interop tests cannot go missing in CI.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no bug: nothing here is judged by its time.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("unhurried")

INTEROP_PASSED = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count interop tests that passed; in CI, one that is skipped has failed."""
    report = yield
    if item.get_closest_marker("interop") is None:
        return report
    if report.when == "call" and report.passed:
        item.config.stash[INTEROP_PASSED] = item.config.stash.get(INTEROP_PASSED, 0) + 1
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"an interop test must run in CI, and this one did not: {reason}"
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when fewer interop tests passed than `INTEROP_MINIMUM`, which CI sets, asks for."""
    passed = session.config.stash.get(INTEROP_PASSED, 0)
    if passed < int(os.environ.get("INTEROP_MINIMUM", "0")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many interop tests passed where that matters."""
    minimum = os.environ.get("INTEROP_MINIMUM")
    if minimum is not None:
        passed = terminalreporter.config.stash.get(INTEROP_PASSED, 0)
        verdict = "enough" if passed >= int(minimum) else "TOO FEW"
        terminalreporter.write_line(
            f"interop tests passed: {passed} of at least {minimum}: {verdict}"
        )
