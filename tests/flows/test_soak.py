"""Hours under load: memory does not grow, no process dies, and the promises hold."""

from pathlib import Path

import pytest

from placet.devtools.chaos.memory import Look, growth
from tests.flows.test_crashes import Record, assert_proved, placet


def looks(*megabytes: float) -> list[Look]:
    return [{"web": round(size * 1e6), "worker": 50_000_000} for size in megabytes]


def test_memory_taken_while_warming_up_is_no_growth() -> None:
    assert growth(looks(*[10] * 20, *[100] * 100)) == {"web": 0.0, "worker": 0.0, "all": 0.0}


def test_a_leak_is_growth() -> None:
    """The control: a soak without growth proves nothing without it."""
    grown = growth(looks(*[100 + n / 10 for n in range(120)]))
    assert grown["web"] > 0.08
    assert grown["all"] > 0.05
    assert grown["worker"] == 0


def test_samples_during_work_are_no_growth() -> None:
    assert growth(looks(*[100] * 109, *[100, 900] * 5, 900))["all"] == 0
    assert growth(looks(*[100] * 108, *[900] * 12))["web"] == 8


@pytest.mark.processes
@pytest.mark.models
@pytest.mark.soak
@pytest.mark.promise("P1")
@pytest.mark.promise("P2")
@pytest.mark.promise("P3")
@pytest.mark.promise("P6")
def test_an_hour_under_load(tmp_path: Path, record_property: Record) -> None:
    code, answer, stderr = placet(tmp_path / "home", "soak")
    for role, (early, late) in answer.get("at_rest", {}).items():
        record_property(role, f"{early} to {late} MB")
    record_property("memory", f"{answer.get('grown', {}).get('all', 1):+.2%}")
    assert code == 0, answer or stderr
    assert answer["died"] == []
    assert answer["grown"]["all"] < 0.02
    assert_proved(answer, record_property)
