"""Receipts of the demo's events, each verified from its bytes and the public key alone."""

import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from moderation.events import CaseDecided
from placet.devtools.demo.world import PATIENCE_SECONDS, World
from placet.eventlog.proofs.keys import install_verifier
from placet.eventlog.proofs.verify import ReceiptInvalid, verify_receipt
from placet.eventlog.store.event import stream_name
from placet.likeness.consent import consent_of
from placet.likeness.events import ConsentRevoked, GrantIssued
from placet.people.authorization import transient_account
from placet.people.queries import person
from placet.studio.events import GenerationRequested
from placet.web.receipts import filing_event, receipt_for


def wait_until_loaded(world: World) -> None:
    """Wait until the sequencer process has its three connections: right after a start it is still loading."""
    world.wait(lambda: _connections("placet-sequencer") >= 3, "the sequencer did not start. See `placet status`.")


def _connections(process: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", (process,))
        return int(cursor.fetchone()[0])


def take_filing_receipt(world: World, filing: str) -> str:
    """Take Dara's receipt once a tree head is signed. Returns in words how soon."""
    taken = _take(world, "filing", "Dara", filing_event(world.log, filing))
    return f"her receipt came after {taken['seconds']:.1f} s"


def take_receipts(world: World) -> str:
    """Everyone takes a receipt of what concerns them; each verifies offline, with only the key."""
    consent = world.log.read(consent_of(world.person("Ana")))
    case = world.log.read_correlated(
        str(world.log.read(stream_name(GenerationRequested, world.clips["uncertain"])).events[0].correlation_id)
    )
    for name, whose, kind, events in (
        ("grant", "Ana", GrantIssued, consent),
        ("revocation", "Ana", ConsentRevoked, consent),
        ("decision", "Cleo", CaseDecided, case),
    ):
        found = [event.event_id for event in events if isinstance(event.fact, kind)]
        world.expect(found, f"there is no event for the receipt of the {name}")
        _take(world, name, whose, found[-1])
    receipts = world.notes["receipts"]
    return f"{', '.join(receipts)}: all {len(receipts)} verify with the key alone"


def _take(world: World, name: str, whose: str, event: str) -> dict[str, Any]:
    begun = time.monotonic()
    receipt = receipt_for(
        world.log, event, transient_account(person(world.person(whose))), seconds=PATIENCE_SECONDS
    ).to_json()
    seconds = time.monotonic() - begun
    path = world.folder / "receipts" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(receipt, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    taken = {**_verified(world, path), "of": whose, "path": str(path), "seconds": round(seconds, 2)}
    world.notes.setdefault("receipts", {})[name] = taken
    return taken


def _verified(world: World, path: Path) -> dict[str, Any]:
    key = install_verifier(Path(settings.PLACET_DATA_DIR))
    try:
        proved = verify_receipt(path.read_bytes(), key)
    except ReceiptInvalid as invalid:
        world.expect(None, f"{path} does not verify: {invalid}")
        raise
    leaf = proved.leaf
    return {"event": leaf.event_id, "type": leaf.type, "position": leaf.position, "size": proved.head.size,
            "valid": True, "key": key.text}  # fmt: skip
