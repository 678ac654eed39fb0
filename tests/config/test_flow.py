"""The flow on one page is the flow that runs: nothing answers an event behind its back, and nothing is forgotten."""

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


def test_every_event_type_is_answered_or_named_as_not_answered() -> None:
    named = [BY_CLASS[fact].name for fact in [*flow.FLOW, *flow.NOT_CONSUMED]]
    assert sorted(named) == sorted(name for name, kind in TYPES.items() if kind.room not in OF_TESTS)


def test_whatever_is_not_answered_says_why() -> None:
    assert all(flow.NOT_CONSUMED.values())
    assert all(flow.FLOW.values())


def test_every_consumer_answers_exactly_what_the_page_says() -> None:
    said: dict[str, set[str]] = {}
    for name, consumers in flow.answered_by().items():
        for consumer in consumers:
            said.setdefault(consumer, set()).add(name)
    assert said == {consumer.name: set(consumer.types) for consumer in ours()}


def test_every_consumer_says_what_it_promises_when_it_fails() -> None:
    assert [c.name for c in ours() if not c.handle.__doc__] == []


def test_the_page_is_drawn_from_the_table() -> None:
    assert (ROOT / "docs" / "flow.md").read_text() == flow_page.page(), "to mend it: placet generate-docs"
