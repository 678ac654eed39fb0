"""`docs/flow.md`, generated from the table in `config/flow.py`: events and their consumers."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final

from placet.config import flow
from placet.eventlog.consumers.runner import Consumer
from placet.eventlog.store.event import BY_CLASS

HEAD: Final = """# The flow

Generated from `platform/placet/config/flow.py` by `placet generate-docs`; a test compares the two. Change the table,
not this page.

An event is a fact that was appended to the log. A consumer processes it: it reads, computes, and appends or plans what
follows, in one transaction. Projections are not shown here: they only fold events into tables.
"""
FAILING: Final = {
    True: "These consumers never skip an event: one that fails stops there and retries, and what depends on it waits.",
    False: "These consumers set an event that failed five times aside as a dead letter, with its stream; others go on.",
}
WIDTH: Final = 120


def page() -> str:
    """The whole page. Loads every room's consumers."""
    return "\n".join([HEAD, "```mermaid", *_graph(), "```", "", *_consumed(), "", *_consumers(), *_not_consumed(), ""])


def _graph() -> Iterator[str]:
    yield "flowchart LR"
    for fact, names in flow.FLOW.items():
        event = _name(fact)
        yield f'  {_node(event)}(["{event}"])'
        yield from (f'  {_node(event)} --> {_node(name)}["{name}"]' for name in names)


def _consumed() -> Iterator[str]:
    yield "## Consumers by event\n"
    yield "| event | consumers |\n|---|---|"
    for fact, names in flow.FLOW.items():
        yield f"| `{_name(fact)}` | {', '.join(f'`{name}`' for name in names)} |"


def _consumers() -> Iterator[str]:
    yield "## Consumers\n"
    for never_skips, sentence in FAILING.items():
        yield f"{sentence}\n"
        yield from (_consumer(consumer) for consumer in flow.consumers() if consumer.never_skips is never_skips)
        yield ""


def _not_consumed() -> Iterator[str]:
    yield "## Events without a consumer\n"
    yield "| event | reason |\n|---|---|"
    for fact, reason in flow.NOT_CONSUMED.items():
        yield f"| `{_name(fact)}` | {reason} |"


def _consumer(consumer: Consumer) -> str:
    text = f"- `{consumer.name}`: {' '.join((consumer.handle.__doc__ or '').split())}"
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _name(fact: type[Any]) -> str:
    return BY_CLASS[fact].name


def _node(name: str) -> str:
    return name.replace(".", "_")
