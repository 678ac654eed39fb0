"""`docs/benchmarks.md`, written from the results, one section per benchmark."""

from collections.abc import Mapping
from typing import Any, Final

COLUMNS: Final = (
    "case",
    "ours",
    "reference",
    "reference_name",
    "ratio",
    "unit",
    "goal",
    "missed",
    "lost",
    "p95_ms",
    "cpu_ms_each",
    "note",
)
HEAD: Final = """# Benchmarks

Written by `placet bench NAME|all --page docs/benchmarks.md`; a run of one leaves the others as they were. Ours and the
reference come from the same run on the same machine, in alternating rounds, so that the ratio holds where the figures
do not. A row marked *control* must fail: it shows that the test has power. Nothing here is asserted by a test.
"""
SECTION: Final = "\n## "


def with_result(page: str, result: Mapping[str, Any]) -> str:
    """The page with this benchmark's section replaced, or added at the end."""
    sections = {text.partition("\n")[0]: SECTION + text for text in page.split(SECTION)[1:]}
    sections[result["name"]] = _section(result)
    return HEAD + "".join(sections.values())


def _section(result: Mapping[str, Any]) -> str:
    columns = [c for c in COLUMNS if any(c in row for row in result["rows"])]
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(row, c) for c in columns) + " |" for row in result["rows"]]
    environment = ", ".join(f"{k} {v}" for k, v in result["environment"].items() if k != "packages")
    packages = ", ".join(f"{k} {v}" for k, v in result["environment"]["packages"].items())
    return f"{SECTION}{result['name']}\n\n" + "\n".join(lines) + f"\n\n{environment}\n\n{packages}\n"


def _cell(row: Mapping[str, Any], column: str) -> str:
    found = row.get(column)
    if isinstance(found, Mapping):
        found = ", ".join(f"{part} {each}" for part, each in found.items())
    text = "" if found is None else str(found)
    return f"{text} (*control*)" if column == "case" and row.get("control") else text
