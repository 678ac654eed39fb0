"""Receipts from a real log: a thousand are valid with the key alone; one changed bit in any is detected."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from placet.eventlog.proofs.issue_receipt import issue_receipt
from placet.eventlog.proofs.receipt import Receipt
from placet.eventlog.proofs.receipt_types import FIND, RECEIPTED
from placet.eventlog.proofs.refusals import NotYetSigned, ReceiptNotFound
from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.proofs.verify import STEPS, ReceiptInvalid, verify_receipt
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from tests.eventlog.ledger import NameNoted
from tests.eventlog.proofs.tree_building import SIGNER, catch_up, grow, tree_service
from tests.support.cast import ANA, BEN

KEY = SIGNER.verifier
THOUSAND = 1_000
ReceiptJson = dict[str, Any]


@pytest.fixture
def log(fresh_database: str) -> Iterator[EventLog]:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        yield EventLog(connection)


def noted(log: EventLog, stream: str = "account-00000000-0000-4000-8000-000000000001") -> tuple[str, int]:
    """Append Ana's encrypted name under a signed head."""
    version = log.heads([stream])[stream]
    log.append(stream, [NameNoted(ANA, "Ana of the receipts")], expected=version)
    while Sequencer(log.connection).run_once():
        pass
    catch_up(tree_service(log.connection))
    return stream, version + 1


def as_file(receipt: Receipt | ReceiptJson) -> bytes:
    return json.dumps(receipt if isinstance(receipt, dict) else receipt.to_json()).encode()


def step_of(content: bytes) -> str:
    with pytest.raises(ReceiptInvalid) as invalid:
        verify_receipt(content, KEY)
    return invalid.value.step


@pytest.mark.promise("P5")
def test_receipts_verify_offline_and_one_changed_bit_is_detected(log: EventLog) -> None:
    chance, size = random.Random(5), grow(log.connection, 3_000)
    grow(log.connection, 20, seed=8)
    catch_up(tree_service(log.connection))
    events = log.read_from(0, size)
    for event in chance.sample(events, THOUSAND):
        owner = json.loads(bytes(event.encrypted))[0]["subject"] if event.encrypted else ""
        receipt = issue_receipt(log, (event.stream, event.version), owner)
        proved = verify_receipt(as_file(receipt), KEY)
        assert (proved.leaf.event_id, proved.leaf.position) == (str(event.event_id), event.position)
        assert step_of(as_file(changed_by_one_bit(receipt.to_json(), chance))) in STEPS


def changed_by_one_bit(content: ReceiptJson, chance: random.Random) -> ReceiptJson:
    """The receipt with one bit changed, in the bytes or in their text."""
    members = [
        "leaf",
        "data",
        "index",
        "checkpoint",
        *(["proof"] * bool(content["proof"])),
        *(["opened"] * ("opened" in content)),
    ]
    match chance.choice(members):
        case "index":
            return {**content, "index": content["index"] ^ (1 << chance.randrange(12))}
        case "checkpoint":
            return {**content, "checkpoint": flipped_text(content["checkpoint"], chance)}
        case "proof":
            at = chance.randrange(len(content["proof"]))
            steps = [flipped(step, chance) if n == at else step for n, step in enumerate(content["proof"])]
            return {**content, "proof": steps}
        case "opened":
            first, *rest = content["opened"]
            return {**content, "opened": [{**first, "segment": flipped(first["segment"], chance)}, *rest]}
        case name:
            return {**content, name: flipped(content[name], chance)}


def flipped(text: str, chance: random.Random) -> str:
    if chance.random() < 0.3:
        return flipped_text(text, chance)
    content = bytearray(base64.b64decode(text))
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return base64.b64encode(content).decode()


def flipped_text(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << chance.randrange(7))) + text[at + 1 :]


@pytest.mark.promise("P5")
def test_an_erasure_leaves_every_receipt_valid(log: EventLog) -> None:
    before = issue_receipt(log, noted(log), ANA)
    assert before.opened[0].fields == {"name": "Ana of the receipts"}
    log.vault.destroy(ANA)
    try:
        after = issue_receipt(log, (json.loads(before.leaf)["stream"], 1), ANA)
        assert verify_receipt(as_file(before), KEY).leaf == verify_receipt(as_file(after), KEY).leaf
        assert (after.leaf, after.data) == (before.leaf, before.data)
        assert after.opened[0].segment == before.opened[0].segment
        assert after.opened[0].fields is None
    finally:
        (log.vault.folder / ANA).unlink()  # type: ignore[attr-defined]  # the install's vault of files


def test_an_encrypted_field_is_decrypted_for_its_subject_alone(log: EventLog) -> None:
    event = noted(log)
    assert issue_receipt(log, event, BEN).opened == ()
    content = issue_receipt(log, event, BEN).to_json()
    assert "opened" not in content
    assert b"Ana" not in base64.b64decode(content["leaf"]) + base64.b64decode(content["data"])


def test_a_receipt_waits_for_a_head_or_is_refused(log: EventLog) -> None:
    stream = "account-00000000-0000-4000-8000-000000000002"
    log.append(stream, [NameNoted(ANA, "Ana")], expected=0)
    with pytest.raises(NotYetSigned):
        issue_receipt(log, (stream, 1), ANA, tick=lambda: None, seconds=0)
    moves: Iterator[Sequencer | TreeService] = iter((Sequencer(log.connection), tree_service(log.connection)))
    receipt = issue_receipt(log, (stream, 1), ANA, tick=lambda: next(moves).run_once())
    assert verify_receipt(as_file(receipt), KEY).leaf.stream == stream
    with pytest.raises(ReceiptNotFound):
        issue_receipt(log, (stream, 2), ANA)


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("receipt", lambda content: {**content, "more": 1}),
        ("receipt", lambda content: {name: value for name, value in content.items() if name != "proof"}),
        ("receipt", lambda content: {**content, "index": str(content["index"])}),
        ("receipt", lambda content: {**content, "index": True}),
        ("receipt", lambda content: {**content, "proof": ["AA=="]}),
        ("receipt", lambda content: {**content, "leaf": 1}),
        (
            "signature",
            lambda content: {**content, "checkpoint": Signer(SIGNER.name, b"x" * 32).signed("a\n1\nb\n")},
        ),
        ("signature", lambda content: {**content, "checkpoint": SIGNER.signed("somebody.else\n1\nAAAA\n")}),
        ("leaf", lambda content: {**content, "leaf": base64.b64encode(b"[" * 50_000).decode()}),
        ("leaf", lambda content: {**content, "index": content["index"] + 1}),
        ("data", lambda content: {**content, "data": base64.b64encode(b"{}").decode()}),
        ("opened", lambda content: {**content, "opened": [{"segment": "e30=", "fields": {}}]}),
        (
            "opened",
            lambda content: {
                **content,
                "opened": [{**content["opened"][0], "fields": {"text": "not this one"}}],
            },
        ),
        ("inclusion", lambda content: {**content, "proof": content["proof"][:-1]}),
    ],
)
def test_the_failing_step_is_named(log: EventLog, step: str, change: Callable[[ReceiptJson], ReceiptJson]) -> None:
    grow(log.connection, 30)
    assert step_of(as_file(change(issue_receipt(log, noted(log), ANA).to_json()))) == step


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"leaf": NaN}', b"[" * 200_000, b'{"a": 1, "a": 2}'])
def test_malformed_receipts_are_refused(content: bytes) -> None:
    assert step_of(content) == "receipt"


def test_an_event_is_found_by_id_with_an_index(log: EventLog) -> None:
    log.connection.execute("SET enable_seqscan = off")
    plan = log.connection.execute(f"EXPLAIN {FIND.replace('%s', repr(ANA) + '::uuid')}").fetchall()
    assert "eventlog_event_receipt_types" in str(plan), (plan, RECEIPTED)
