"""Everything that people can meet is documented, and nothing else is."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from placet.cli.main import command_files
from placet.devtools.docgen import asyncapi, commands, events, metrics
from placet.eventlog.store.event import TYPES
from placet.eventlog.store.records import OutboundRecord
from placet.eventlog.transports.cloudevents import headers_of
from placet.kernel.refusal import Refusal
from placet.media.errors import UNREADABLE
from placet.web.promises import PROMISES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ROOMS_OUTSIDE = {"moderation", "provenance", "generator"}
SETTING = re.compile(r"\bPLACET_[A-Z][A-Z_]*[A-Z]\b")
WORD = re.compile(r"[a-z]+(_[a-z]+)*")
POSITION = {"Objection": 0, "GenerationHeldForReview": 2, "CaseOpened": 3}
"""Index of the code argument where it is not named."""
NOT_SHOWN = {"engine_hung", "unknown_engine", "no_template", "refused"}
"""Codes of log lines and roots of codes: no person meets them."""
WIDEST = 150


def sources(*endings: str) -> list[Path]:
    """Files that git tracks or would add, without ignored ones."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *(f"*{ending}" for ending in endings)]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def headings(page: str, level: int = 3) -> set[str]:
    """The words in backticks of a page's headings."""
    lines = [line for line in (DOCS / page).read_text().splitlines() if line.startswith("#" * level + " ")]
    return {word for line in lines for word in re.findall(r"`([^`]+)`", line)}


def refusals(of: type[Refusal] = Refusal) -> set[str]:
    return {of.code} | {code for sub in of.__subclasses__() for code in refusals(sub)}


def codes_in_code() -> set[str]:
    product = [path for path in sources(".py") if path.relative_to(ROOT).parts[0] in {"platform", *ROOMS_OUTSIDE}]
    return {code for path in product for code in _codes(ast.parse(path.read_text()))}


def _codes(tree: ast.Module) -> set[str]:
    """Every string used as a code. The command line's own codes are printed with their hint and need no page."""
    return {
        text.value
        for node in ast.walk(tree)
        for value in _called_code(node)
        for text in ast.walk(value)
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and WORD.fullmatch(text.value)
    }


def _called_code(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=[ast.Name(id="code" | "default_code")], value=ast.Constant() as value):
            return [value]
        case ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant() as value):
            return [value]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name != "CommandFailed":
            named = [word.value for word in node.keywords if word.arg == "code"]
            return named + node.args[POSITION.get(name, 99) : POSITION.get(name, 99) + 1]
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return [value for key, value in pairs if _is_code(key) and isinstance(value, ast.Constant)]
    return []


def _is_code(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "code"


def policy_codes() -> set[str]:
    from moderation.policies import CURRENT, load

    return {policy.code for policy in load(CURRENT).policies}


def test_every_refusal_code_is_documented() -> None:
    met = (refusals() | codes_in_code() | policy_codes() | set(UNREADABLE)) - NOT_SHOWN
    assert sorted(met - headings("refusals.md")) == []
    assert sorted(headings("refusals.md") - met) == [], "documented, but no code has them any more"


def test_every_refusal_has_the_same_parts() -> None:
    text = (DOCS / "refusals.md").read_text()
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert [part.splitlines()[0] for part in sections if "**Would pass**" not in part] == []
    assert [part.splitlines()[0] for part in sections if "**Appeal**" not in part] == []


def test_every_setting_is_in_the_table() -> None:
    used = {name for path in sources(".py", "Makefile", "compose.yaml") for name in SETTING.findall(path.read_text())}
    documented = set(re.findall(r"^\| `(PLACET_[A-Z_]+)`", (DOCS / "settings.md").read_text(), flags=re.MULTILINE))
    assert sorted(used - documented) == []
    assert sorted(documented - used) == [], "documented, but nothing reads it any more"


def test_every_command_is_on_the_page() -> None:
    documented = set(re.findall(r"^### placet ([a-z-]+)$", (DOCS / "commands.md").read_text(), flags=re.MULTILINE))
    assert documented == {name.replace("_", "-") for name in command_files()}, "to fix it: placet generate-docs"


def test_the_page_of_commands_can_be_generated() -> None:
    assert "### placet up" in commands.page()


def test_the_page_of_events_matches_the_docstrings() -> None:
    assert (DOCS / "events.md").read_text() == events.page(), "to fix it: placet generate-docs"


def test_every_metric_is_on_the_page() -> None:
    assert (DOCS / "metrics.md").read_text() == metrics.page(), "to fix it: placet generate-docs"


def test_the_topics_match_the_registry() -> None:
    assert (DOCS / "asyncapi.yaml").read_text() == asyncapi.page(), "to fix it: placet generate-docs"
    described = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    event = OutboundRecord(1, "s", 1, "t", b"", "i", "k", "2026-01-01T00:00:00.000000+00:00")
    assert set(described["components"]["schemas"]["headers"]["properties"]) == {n for n, _ in headers_of(event, 0, b"")}
    ours = {kind.name for kind in TYPES.values() if kind.room not in events.NOT_OURS}
    assert set(described["components"]["messages"]) == ours


def test_every_promise_is_in_the_concepts_word_for_word() -> None:
    text = " ".join((DOCS / "concepts.md").read_text().split())
    assert [name for name, promise in PROMISES.items() if promise not in text] == []


@pytest.mark.parametrize("path", sorted(DOCS.glob("adr/*.md")), ids=lambda path: path.stem[:4])
def test_every_decision_record_has_the_same_parts_and_fits_two_screens(path: Path) -> None:
    text = path.read_text()
    parts = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts == ["Status", "Context", "Decision", "Consequences", "Rejected"]
    assert text.startswith(f"# {path.stem[:4]} ")
    assert len(text.splitlines()) <= 80


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in sources(".md")
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert [line for line in broken if "screenshots/" not in line] == []


@pytest.mark.parametrize("path", sources(".md"), ids=lambda path: path.name)
def test_no_line_is_too_wide_to_read(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), 1)
    assert [n for n, line in lines if len(line) > WIDEST and not line.startswith("|")] == []
