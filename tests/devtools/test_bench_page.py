"""The page of benches holds each one's last result."""

from typing import Any

from placet.devtools.benchmarks.eventlog.row import Row
from placet.devtools.benchmarks.page import HEAD, with_result


def result(name: str, ours: float) -> dict[str, Any]:
    return {
        "name": name,
        "rows": [{"case": "one", "ours": ours}, {"case": "two", "ours": 0.0, "control": True}],
        "environment": {"cores": 2, "packages": {"django": "5"}},
    }


def test_a_bench_that_is_run_again_changes_its_own_section_alone() -> None:
    page = with_result(with_result(with_result("", result("append", 1.5)), result("read", 2.5)), result("append", 3.5))
    assert page.startswith(HEAD)
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## append", "## read"]
    assert "1.5" not in page
    assert page.index("3.5") < page.index("2.5")
    assert "two (*control*)" in page


def test_a_nought_is_a_figure_and_what_is_not_known_is_left_out() -> None:
    told = Row("nothing was stopped", 0.0, "share", missed=0).to_json()
    assert told == {"case": "nothing was stopped", "ours": 0.0, "unit": "share", "missed": 0}
