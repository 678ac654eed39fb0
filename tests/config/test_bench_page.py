"""The page of benches holds each one's last result."""

from typing import Any

from placet.config.benches.page import HEAD, with_result


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
