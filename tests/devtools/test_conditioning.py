"""The table of conditioning: what meets the goals, and what must not."""

import pytest

from placet.devtools.evaluation.conditioning import ROWS, ConditioningRow, way_rows

GOOD = [ConditioningRow(name, 1.0, 0.0) for name, _, _ in ROWS]


def test_each_row_is_followed_by_its_control() -> None:
    rows = way_rows(GOOD)
    assert [row["metric"] for row in rows] == [m for name, _, _ in ROWS for m in (name, f"control: {name}")]
    assert all(row["met"] for row in rows)


@pytest.mark.parametrize("name", [name for name, _, _ in ROWS])
@pytest.mark.parametrize("bad", [(0.2, 0.0), (1.0, 1.0)], ids=["missed", "a control that does not fail"])
def test_a_row_is_missed_by_its_value_and_by_its_control(name: str, bad: tuple[float, float]) -> None:
    rows = way_rows([one if one.row != name else ConditioningRow(name, *bad) for one in GOOD])
    assert {row["metric"] for row in rows if not row["met"]} == {name, f"control: {name}"}


def test_an_unmeasured_row_is_missed() -> None:
    assert not any(row["met"] for row in way_rows([]))
