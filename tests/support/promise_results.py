"""Stores the results of tests marked with a promise, for `placet promises`.

A test that proves a promise carries `@pytest.mark.promise("P3")`. Tests that did not run are stored as such: a promise
is not proved by half of its tests.
"""

import ast
import json
from collections.abc import Generator, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from placet.web.promises import promises_file, results, revision

TESTS: Final = Path(__file__).parent
WORST_FIRST: Final = ("failed", "skipped", "passed")
Outcomes = dict[str, str]
RESULTS: Final[dict[str, Outcomes]] = {}
"""Promise -> test -> the worst outcome of its phases and parameters in this run."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.promises = sorted(promised(item))  # type: ignore[attr-defined]  # the attribute is sent between processes
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        for promise in getattr(report, "promises", ()):  # absent when the process itself died
            note(RESULTS.setdefault(promise, {}), report.nodeid, report.outcome)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """When tests run in several processes, the controller writes the results of all."""
    if RESULTS and not hasattr(session.config, "workerinput"):
        keep(promises_file(), RESULTS, marked(TESTS), revision())


def promised(item: pytest.Item) -> set[str]:
    return {str(name) for mark in item.iter_markers("promise") for name in mark.args}


def note(outcomes: Outcomes, nodeid: str, outcome: str) -> None:
    name = nodeid.partition("[")[0]
    outcomes[name] = min(outcome, outcomes.get(name, "passed"), key=WORST_FIRST.index)


def keep(file: Path, outcomes_of: Mapping[str, Outcomes], tests: Mapping[str, set[str]], commit: str) -> None:
    """Merge this run into the results of the same commit; results of other commits are dropped."""
    found = results(file)
    for promise, outcomes in outcomes_of.items():
        before = found.get(promise, {})
        carried = {t["name"]: t["outcome"] for t in before.get("tests", ())} if before.get("commit") == commit else {}
        known = dict.fromkeys(tests.get(promise, ()), "not run") | carried | outcomes
        rows = [{"name": name, "outcome": known[name]} for name in sorted(tests.get(promise, set()) | set(outcomes))]
        found[promise] = {"tests": rows, "commit": commit, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    _write_whole(file, found)


def marked(folder: Path) -> dict[str, set[str]]:
    """Promise -> its tests, read from the source, so that tests which were not collected count."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("test_*.py"):
        for name, promise in _marks_in(ast.parse(path.read_text())):
            found.setdefault(promise, set()).add(f"{path.relative_to(folder.parent)}::{name}")
    return found


def _marks_in(tree: ast.Module) -> Iterable[tuple[str, str]]:
    whole = _promises_in(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
    )
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from ((node.name, promise) for promise in whole | _promises_in(node.decorator_list))


def _promises_in(nodes: Iterable[ast.expr]) -> set[str]:
    return {
        str(word.value)
        for node in nodes
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "promise"
        for word in call.args
        if isinstance(word, ast.Constant)
    }


def _write_whole(file: Path, found: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.half")
    partial.write_text(json.dumps(found, indent=1, sort_keys=True))
    partial.replace(file)
