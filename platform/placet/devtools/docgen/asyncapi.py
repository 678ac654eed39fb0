"""`docs/asyncapi.yaml`: the topics, their records and their events, generated from the registry of events."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

import yaml

from placet.devtools.docgen.events import NOT_OURS, described
from placet.eventlog.store.event import TYPES, EventType, clear_fields
from placet.eventlog.transports.cloudevents import topic_of

ABOUT: Final = (
    "Every event of the log, in order of its position; key = stream. Delivery is at least once: consumers must"
    " recognise a position or an id that they have processed. Encrypted fields are not on the topics. A record"
    " only wakes consumers; the log in PostgreSQL is the source of truth."
)
HEADERS: Final[dict[str, tuple[str, str]]] = {
    "ce_specversion": ("string", "CloudEvents version: 1.0"),
    "ce_id": ("string", "id of the event"),
    "ce_source": ("string", "the log it comes from"),
    "ce_type": ("string", "type of the event"),
    "ce_subject": ("string", "its stream, which is the key as well"),
    "ce_time": ("string", "when PostgreSQL recorded it; implies no order"),
    "content-type": ("string", "application/json"),
    "ce_position": ("string", "position in the log, dense, in decimal digits"),
    "ce_streamversion": ("string", "version in its stream, in decimal digits"),
    "ce_prevposition": ("string", "position of the event before it in this partition: a mismatch shows a gap"),
    "ce_correlationid": ("string", "the generation or request that it belongs to"),
}
JSON_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def page() -> str:
    """AsyncAPI 3.0, YAML."""
    kinds = sorted((k for k in TYPES.values() if k.room not in NOT_OURS), key=lambda k: k.name)
    rooms = sorted({k.room for k in kinds})
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Placet's events over Apache Kafka", "version": "1", "description": ABOUT},
        "defaultContentType": "application/json",
        "channels": {room: _channel(room, [k for k in kinds if k.room == room]) for room in rooms},
        "operations": {
            f"relay_{room}": {"action": "send", "channel": {"$ref": f"#/channels/{room}"}} for room in rooms
        },
        "components": {
            "messages": {k.name: _message(k) for k in kinds},
            "schemas": {"headers": _headers()},
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _channel(room: str, kinds: Iterable[EventType]) -> dict[str, Any]:
    messages = {k.name: {"$ref": f"#/components/messages/{k.name}"} for k in kinds}
    return {"address": topic_of(room, "placet", 1), "messages": messages}


def _message(kind: EventType) -> dict[str, Any]:
    hints = {f.name: f.type for f in dataclasses.fields(kind.fact)}
    clear = clear_fields(kind)
    return {
        "name": kind.name,
        "summary": described(kind.fact),
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {
            "type": "object",
            "properties": {name: _schema(hints[name]) for name in clear},
            "required": clear,
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": f"{kind.stream_kind}-…"}}},
    }


def _schema(hint: Any) -> dict[str, str]:
    """The JSON type of a simple field; docs/events.md has the full types."""
    return {"type": JSON_TYPES[hint]} if hint in JSON_TYPES else {}


def _headers() -> dict[str, Any]:
    properties = {name: {"type": kind, "description": text} for name, (kind, text) in HEADERS.items()}
    return {"type": "object", "properties": properties, "required": list(HEADERS)}
