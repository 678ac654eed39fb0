"""`docs/flow.md`, drawn from the table in `flow.py`: what happens, and who answers it."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from placet.config import flow
from placet.eventlog.consumers.runner import Consumer
from placet.eventlog.store.event import BY_CLASS

HEAD: Final = """# The flow

Generated from `platform/placet/config/flow.py` by `placet generate-docs`; a test compares the two. Change the table,
not this page.

An event is a fact that was appended to the log. A consumer answers it: it reads, computes, and appends or plans what
follows, in one transaction. Projections are not shown here: they only fold events into tables.
"""
FAILING: Final = {
    True: "These never skip: one that fails stops there and tries again, and what depends on it waits.",
    False: "These park an event, with its stream, after it has failed five times; other streams go on.",
}
WIDTH: Final = 120


def page() -> str:
    """The whole page. Loads every room's consumers."""
    return "\n".join([HEAD, "```mermaid", *_graph(), "```", "", *_answered(), "", *_consumers(), *_unanswered(), ""])


def _graph() -> Iterator[str]:
    yield "flowchart LR"
    for fact, names in flow.FLOW.items():
        event = _name(fact)
        yield f'  {_node(event)}(["{event}"])'
        yield from (f'  {_node(event)} --> {_node(name)}["{name}"]' for name in names)


def _answered() -> Iterator[str]:
    yield "## Who answers what\n"
    yield "| event | answered by |\n|---|---|"
    for fact, names in flow.FLOW.items():
        yield f"| `{_name(fact)}` | {', '.join(f'`{name}`' for name in names)} |"


def _consumers() -> Iterator[str]:
    yield "## What each consumer says of itself\n"
    for never_skips, told in FAILING.items():
        yield f"{told}\n"
        yield from (_consumer(consumer) for consumer in flow.consumers() if consumer.never_skips is never_skips)
        yield ""


def _unanswered() -> Iterator[str]:
    yield "## Facts that nobody needs to answer\n"
    yield "| event | why |\n|---|---|"
    for fact, why in flow.NOT_CONSUMED.items():
        yield f"| `{_name(fact)}` | {why} |"


def _consumer(consumer: Consumer) -> str:
    told = f"- `{consumer.name}`: {' '.join((consumer.handle.__doc__ or '').split())}"
    return textwrap.fill(told, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _name(fact: type[Any]) -> str:
    return BY_CLASS[fact].name


def _node(name: str) -> str:
    return name.replace(".", "_")
