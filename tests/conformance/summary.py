"""At the end of a run: how many cases each transport had, on which broker, and what groups committed there."""

from collections import Counter
from typing import Final

import pytest

CASE, CLUSTER, COMMITTED = "transport", "cluster id", "committed by"
CASES: Final[Counter[str]] = Counter()
SEEN: Final[list[str]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test has noted of itself comes with its last report, from whatever process it ran in."""
    if report.when != "teardown":
        return
    for name, value in report.user_properties:
        if name == CASE:
            CASES[str(value)] += 1
        elif name.startswith((CLUSTER, COMMITTED)) and (line := f"{name}: {value}") not in SEEN:
            SEEN.append(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CASES:
        terminalreporter.section("conformance of the transports")
        terminalreporter.write_line(f"cases: {dict(CASES)}")
        for line in sorted(SEEN):
            terminalreporter.write_line(line)
