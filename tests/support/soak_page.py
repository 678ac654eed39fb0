"""`--soak-page FILE`: writes the last result of each soak test, with commit and date, to a page."""

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
    """The rows of the page, by test; rows of this run replace earlier ones."""

    path: Path
    commit: str
    rows: dict[str, str] = field(default_factory=dict)

    def take(self, report: pytest.TestReport) -> None:
        """Add the result of one test. A skipped test adds nothing."""
        if report.skipped or (report.when != "call" and report.passed):
            return
        name = report.nodeid.removeprefix("tests/")
        found = ", ".join(f"{key} {value}" for key, value in report.user_properties)
        result = "passed" if report.passed else "**failed**"
        today = datetime.now(UTC).date().isoformat()
        self.rows[name] = f"| `{name}` | {result} | {report.duration / 60:.1f} | {found} | {self.commit} | {today} |"

    def write(self) -> None:
        before = self.path.read_text() if self.path.exists() else ""
        rows = {found[1]: found[0] for found in ROW.finditer(before)} | self.rows
        self.path.write_text(HEAD + "".join(f"{rows[name]}\n" for name in sorted(rows)))


PAGE: Final = pytest.StashKey[SoakPage]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-page", type=Path, help="write the result of each soak test to this page")


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--soak-page"):
        page = SoakPage(path, _commit())
        config.stash[PAGE] = page
        config.pluginmanager.register(_Listener(page))


@dataclass
class _Listener:
    page: SoakPage

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write after each test: a run of hours may be ended early."""
        self.page.take(report)
        if report.when == "teardown":
            self.page.write()


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return described.stdout.strip() or "unknown"
