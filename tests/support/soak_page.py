"""`--soak-page FILE`: what the hours-long tests said last, each with commit and date, on a page that is kept."""

import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

HEAD: Final = """# What the soak said last

Written by `make soak`; a run of some of these tests leaves the other rows as they were. Hours are of a machine with two
cores. A test that is not here has not run.

| test | said | minutes | found | commit | date |
| --- | --- | --- | --- | --- | --- |
"""
ROW: Final = re.compile(r"^\| `([^`]+)` \| .*$", re.MULTILINE)


@dataclass
class SoakPage:
    """The rows of a page, by test; those of this run replace what stood there."""

    place: Path
    commit: str
    rows: dict[str, str] = field(default_factory=dict)

    def take(self, report: pytest.TestReport) -> None:
        """One test's word. What was skipped says nothing."""
        if report.skipped or (report.when != "call" and report.passed):
            return
        name = report.nodeid.removeprefix("tests/")
        found = ", ".join(f"{key} {value}" for key, value in report.user_properties)
        said = "passed" if report.passed else "**failed**"
        today = datetime.now(UTC).date().isoformat()
        self.rows[name] = f"| `{name}` | {said} | {report.duration / 60:.1f} | {found} | {self.commit} | {today} |"

    def write(self) -> None:
        before = self.place.read_text() if self.place.exists() else ""
        rows = {found[1]: found[0] for found in ROW.finditer(before)} | self.rows
        self.place.write_text(HEAD + "".join(f"{rows[name]}\n" for name in sorted(rows)))


PAGE: Final = pytest.StashKey[SoakPage]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-page", type=Path, help="keep what each test said on this page")


def pytest_configure(config: pytest.Config) -> None:
    if place := config.getoption("--soak-page"):
        page = SoakPage(place, _commit())
        config.stash[PAGE] = page
        config.pluginmanager.register(_Listener(page))


@dataclass
class _Listener:
    page: SoakPage

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Written after each one: a run of hours may be ended early."""
        self.page.take(report)
        if report.when == "teardown":
            self.page.write()


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"
