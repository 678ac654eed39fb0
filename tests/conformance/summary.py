"""Summary of a run: cases per transport, brokers, and the offsets that groups committed."""

from collections import Counter
from typing import Final

import pytest

CASE, CLUSTER, COMMITTED = "transport", "cluster id", "committed by"
CASES: Final[Counter[str]] = Counter()
LINES: Final[list[str]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test's properties come with its last report, from any process."""
    if report.when != "teardown":
        return
    for name, value in report.user_properties:
        if name == CASE:
            CASES[str(value)] += 1
        elif name.startswith((CLUSTER, COMMITTED)) and (line := f"{name}: {value}") not in LINES:
            LINES.append(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CASES:
        terminalreporter.section("conformance of the transports")
        terminalreporter.write_line(f"cases: {dict(CASES)}")
        for line in sorted(LINES):
            terminalreporter.write_line(line)
