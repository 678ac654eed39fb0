"""The ten promises, and what the last run of their tests proved about each.

A promise is proved when every test marked with it has passed on exactly this commit and none of its parts is known to
be missing. A result of older code, or of files that were not committed, proves nothing.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from placet.runtime.install.paths import CHECKOUT

PROMISES: Final = {
    "P1": "Nothing leaves without an accepted output verdict, valid consent of each person shown, no matching opt-out"
    " in force, a watermark and a signed manifest, on every path.",
    "P2": "Every use of a likeness gives its person exactly one notice, numbered without gaps, recorded in the same"
    " transaction as the use. Drafts count, and so do blocked attempts.",
    "P3": "Once a revocation is acknowledged, no new generation with that likeness starts, running ones stop within 5"
    " s, and everything that shows it, descendants included, is out of feed, links and downloads within 5 s.",
    "P4": "Once an opt-out is acknowledged, it applies to every later prompt and output check within 1 s, and to every"
    " later training export.",
    "P5": "The log is append-only and provable: every receipt verifies offline with only the public key.",
    "P6": "Nothing acknowledged is lost, and nothing happens twice, whichever process dies at whichever step.",
    "P7": "Every decision can be replayed from the events alone, byte for byte, without clock, model or look-up.",
    "P8": "If a check cannot run, the generation waits; it never passes.",
    "P9": "Erasure is real: after an erasure no plaintext, template or key remains anywhere, and the log still"
    " verifies.",
    "P10": "Every refusal states the rule, the evidence, the claimant's class, what would pass, and how to appeal it by"
    " when.",
}
GAPS: Final = {
    "P4": "no training export is written yet",
    "P7": "the command that replays a decision is not written yet",
}
"""Missing parts of a promise: until they exist, no test can prove all of it. Delete the line with the gap."""
CODE: Final = ("platform", "moderation", "provenance", "generator", "tests", "pyproject.toml", "uv.lock")
CHANGED: Final = "+changes"
Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PromiseStatus:
    """One promise and its status. `is_proved`: None while no result speaks for or against it."""

    name: str
    text: str
    tests: int
    is_proved: bool | None
    reason: str
    """Why it is not proved; empty when it is."""
    commit: str
    at: str
    outcomes: Mapping[str, str]
    """Test -> passed, failed, skipped or not run."""


def promises_file() -> Path:
    """Where a test run writes its results: `PLACET_PROMISES_FILE`, or `var/promises.json` of the checkout."""
    return Path(os.environ.get("PLACET_PROMISES_FILE") or CHECKOUT / "var" / "promises.json")


def results(file: Path) -> dict[str, Any]:
    """{promise: {"tests": [{"name", "outcome"}], "commit", "at"}} of the last runs; empty when there was none."""
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def revision(checkout: Path = CHECKOUT) -> str:
    """The commit of the code, with `+changes` when some of its files are not committed; empty without a history."""
    commit = _git(checkout, "rev-parse", "HEAD")
    changed = _git(checkout, "status", "--porcelain", "--", *CODE)
    return f"{commit}{CHANGED}" if commit and changed else commit


def proofs(found: Results, code: str) -> list[PromiseStatus]:
    """The status of each promise, given the results of the tests and the revision of the code."""
    return [_proof(name, found.get(name, {}), code) for name in PROMISES]


def _proof(name: str, result: Mapping[str, Any], code: str) -> PromiseStatus:
    outcomes = {str(test["name"]): str(test["outcome"]) for test in result.get("tests", ())}
    commit = str(result.get("commit", ""))
    reason = _why_not(outcomes, commit, code) or GAPS.get(name, "")
    is_proved = True if not reason else False if "failed" in outcomes.values() else None
    return PromiseStatus(
        name, PROMISES[name], len(outcomes), is_proved, reason, commit, str(result.get("at", "")), outcomes
    )


def _why_not(outcomes: Mapping[str, str], commit: str, code: str) -> str:
    open_tests = [name for name, outcome in outcomes.items() if outcome != "passed"]
    if not outcomes:
        return "no test has run for it"
    if any(outcome == "failed" for outcome in outcomes.values()):
        return f"{sum(outcome == 'failed' for outcome in outcomes.values())} of {len(outcomes)} tests failed"
    if open_tests:
        return f"{len(open_tests)} of {len(outcomes)} tests did not run"
    if not code or commit.endswith(CHANGED) or commit != code:
        return _too_old(commit, code)
    return ""


def _too_old(commit: str, code: str) -> str:
    if not code:
        return "this code has no git history to compare with"
    if commit.endswith(CHANGED) or code.endswith(CHANGED):
        return "there are uncommitted changes"
    return f"the tests ran on {commit[:9]}, the code is at {code[:9]}"


def _git(checkout: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=checkout, capture_output=True, text=True, check=False, timeout=20)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
