"""The page of benchmarks has the last result of each."""

from typing import Any

from placet.devtools.benchmarks.eventlog.row import Row
from placet.devtools.benchmarks.page import HEAD, with_result


def result(name: str, ours: float) -> dict[str, Any]:
    return {
        "name": name,
        "rows": [{"case": "one", "ours": ours}, {"case": "two", "ours": 0.0, "control": True}],
        "environment": {"cores": 2, "packages": {"django": "5"}},
    }


def test_a_benchmark_replaces_only_its_own_section() -> None:
    page = with_result(with_result(with_result("", result("append", 1.5)), result("read", 2.5)), result("append", 3.5))
    assert page.startswith(HEAD)
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## append", "## read"]
    assert "1.5" not in page
    assert page.index("3.5") < page.index("2.5")
    assert "two (*control*)" in page


def test_zero_is_written_and_unknown_values_are_left_out() -> None:
    row = Row("nothing was stopped", 0.0, "share", missed=0).to_json()
    assert row == {"case": "nothing was stopped", "ours": 0.0, "unit": "share", "missed": 0}
