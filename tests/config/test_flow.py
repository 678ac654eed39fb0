"""The flow table is the flow that runs: every consumer and every event is in it."""

from importlib import import_module
from pathlib import Path

import pytest

from placet.config import flow
from placet.devtools.docgen import flow as flow_page
from placet.eventlog.consumers.runner import CONSUMERS, Consumer
from placet.eventlog.store.event import BY_CLASS, TYPES

ROOT = Path(__file__).resolve().parents[2]
OF_TESTS = {"ledger", "bench"}


@pytest.fixture(autouse=True)
def loaded() -> None:
    for source in (ROOT, ROOT / "platform"):
        for path in [*source.glob("*/events.py"), *source.glob("placet/*/events.py")]:
            import_module(".".join(path.relative_to(source).with_suffix("").parts))


def ours() -> list[Consumer]:
    return [c for c in CONSUMERS.values() if not {name.split(".")[0] for name in c.types} <= OF_TESTS]


def test_every_event_type_is_consumed_or_named_in_not_consumed() -> None:
    named = [BY_CLASS[fact].name for fact in [*flow.FLOW, *flow.NOT_CONSUMED]]
    assert sorted(named) == sorted(name for name, kind in TYPES.items() if kind.room not in OF_TESTS)


def test_every_entry_of_the_table_has_a_text() -> None:
    assert all(flow.NOT_CONSUMED.values())
    assert all(flow.FLOW.values())


def test_every_consumer_has_exactly_the_types_of_the_table() -> None:
    named: dict[str, set[str]] = {}
    for fact, consumers in flow.FLOW.items():
        for consumer in consumers:
            named.setdefault(consumer, set()).add(BY_CLASS[fact].name)
    assert named == {consumer.name: set(consumer.types) for consumer in ours()}


def test_every_consumer_states_what_happens_on_failure() -> None:
    assert [c.name for c in ours() if not c.handle.__doc__] == []


def test_the_page_is_generated_from_the_table() -> None:
    assert (ROOT / "docs" / "flow.md").read_text() == flow_page.page(), "to fix it: placet generate-docs"
