"""Issue receipts: wait until a tree head covers the event, then combine leaf, data, proof and head."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from placet.eventlog.polling import Tick, WaitTimedOut, pause, wait_until
from placet.eventlog.proofs.leaf import leaf_bytes, leaf_of, moment
from placet.eventlog.proofs.prove import prove_inclusion
from placet.eventlog.proofs.receipt import Opening, Receipt
from placet.eventlog.proofs.refusals import NotYetSigned, ReceiptNotFound
from placet.eventlog.proofs.tree_store import SignedHead, newest_head
from placet.eventlog.store import codec
from placet.eventlog.store.event import ERASED
from placet.eventlog.store.log import EventLog

WAIT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.05
EVENT: Final = """
SELECT p.position, e.event_id, e.stream, e.version, e.type, e.recorded_at, sha256(e.data), e.encrypted, e.data
FROM eventlog_event e LEFT JOIN eventlog_event_position p USING (id) WHERE e.stream = %s AND e.version = %s
"""


def issue_receipt(
    log: EventLog, event: tuple[str, int], holder: str, tick: Tick | None = None, seconds: float = WAIT_SECONDS
) -> Receipt:
    """The receipt of one event (stream, version), with the holder's own encrypted fields decrypted.

    Raises `ReceiptNotFound`; `NotYetSigned` if no head covers it in time.
    """
    row = _signed_row(log, event, tick or (lambda: pause(POLL_SECONDS)), seconds)
    newest: SignedHead = _covering(log, row[0])
    proof = prove_inclusion(log.connection, row[0] - 1, newest.head.size)
    return Receipt(
        leaf=leaf_bytes(leaf_of(row[:8])),
        data=bytes(row[8]),
        index=row[0] - 1,
        proof=tuple(proof),
        checkpoint=newest.note,
        issued_at=moment(datetime.now(UTC)),
        opened=_openings(log, row, holder),
    )


def _signed_row(log: EventLog, event: tuple[str, int], tick: Tick, seconds: float) -> tuple[Any, ...]:
    """The event's row, once its position is under a signed head."""
    if not _row(log, event):
        raise ReceiptNotFound
    try:
        wait_until(lambda: _is_signed(log, _row(log, event)), tick, seconds)
    except WaitTimedOut:
        raise NotYetSigned from None
    return _row(log, event)


def _is_signed(log: EventLog, row: tuple[Any, ...]) -> bool:
    newest = newest_head(log.connection)
    return row[0] is not None and newest is not None and newest.head.size >= row[0]


def _covering(log: EventLog, position: int) -> SignedHead:
    newest = newest_head(log.connection)
    if newest is None or newest.head.size < position:
        raise NotYetSigned
    return newest


def _row(log: EventLog, event: tuple[str, int]) -> tuple[Any, ...]:
    with psycopg.Cursor(log.connection) as cursor:
        cursor.execute(EVENT, event, binary=True, prepare=True)
        return cursor.fetchone() or ()


def _openings(log: EventLog, row: tuple[Any, ...], holder: str) -> tuple[Opening, ...]:
    _, event_id, _, _, kind, _, _, encrypted, data = row
    if encrypted is None:
        return ()
    fact = codec.decode(kind, bytes(data), bytes(encrypted), str(event_id), log.vault)
    own = [segment for segment in json.loads(bytes(encrypted)) if segment["subject"] == holder]
    return tuple(Opening(codec.canonical(segment), _clear(fact, segment["fields"])) for segment in own)


def _clear(fact: object, names: list[str]) -> dict[str, str] | None:
    values: dict[str, Any] = {name: getattr(fact, name) for name in names}
    return None if any(value is ERASED for value in values.values()) else values
