"""Receipts: take one for an event that concerns you, and check one with nothing but the file and a public key."""

import json
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from placet.cli.actor import ActingCommand, parse_uuid, read_file
from placet.cli.command import CommandFailed
from placet.eventlog.proofs.signed_note import InvalidKey, read_verifier
from placet.eventlog.proofs.verify import ReceiptInvalid, VerifiedReceipt, verify_receipt
from placet.people.queries import Person

LOOK: Final = "placet story ID"
KEY_HELP: Final = "verifier key, as `placet log key` prints it, or a file that holds it"


class Command(ActingCommand):
    help = "Take a receipt of an event that concerns you, or check one offline: issue, verify"
    group = "Prove"
    acts_as = "Dara"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = self.verb(verbs, "issue", "write the receipt of an event; waits until a signed head covers it")
        issue.add_argument("event", nargs="?", metavar="EVENT_ID", help="the event, as `placet story` tells it")
        issue.add_argument("--filing", metavar="ID", help="the event by which this opt-out was filed")
        issue.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: standard output)")
        verify = verbs.add_parser("verify", help="check a receipt: needs no database, no home and no network")
        verify.add_argument("--json", action="store_true", default=SUPPRESS, help="print exactly one JSON object")
        verify.add_argument("file", metavar="FILE")
        verify.add_argument("--key", required=True, metavar="PUBLIC", help=KEY_HELP)

    def answer(self, **options: Any) -> Mapping[str, Any]:
        if options["verb"] == "verify":
            return _verified(options["file"], options["key"])
        return super().answer(**options)

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        from placet.web.receipts import filing_event, receipt_for

        if bool(options["event"]) == bool(options["filing"]):
            message = "A receipt is of one event: name it, or name a filing."
            raise CommandFailed(message, "placet receipt issue --filing ID", code="usage")
        if options["filing"]:
            event = filing_event(self.log, parse_uuid(options["filing"], "filing", "placet opt-out list"))
        else:
            event = parse_uuid(options["event"], "event", LOOK)
        receipt = receipt_for(self.log, event, self.account, tick=self.tick).to_json()
        if options["output"]:
            _write(options["output"], receipt)
        return {"event": event, "of": actor.person, "file": str(options["output"] or ""), "receipt": receipt}

    def show(self, answer: Mapping[str, Any]) -> None:
        if "receipt" not in answer:
            super().show(answer)
        elif answer["file"]:
            self.stdout.write(f"{answer['file']}: check it with `placet receipt verify {answer['file']} --key PUBLIC`")
        else:
            self.stdout.write(json.dumps(answer["receipt"], ensure_ascii=False, indent=1))


def _write(place: Path, receipt: Mapping[str, Any]) -> None:
    try:
        place.write_text(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"{place} cannot be written: {error.strerror}."
        raise CommandFailed(message, f"ls -ld {place.parent}", code="file_unwritable") from None


def _verified(file: str, key: str) -> Mapping[str, Any]:
    try:
        proved = verify_receipt(read_file(file), read_verifier(read_file(key).decode() if Path(key).is_file() else key))
    except (InvalidKey, UnicodeDecodeError) as unsound:
        raise CommandFailed(f"This is no key: {unsound}", "placet log key", code="key_unsound") from None
    except ReceiptInvalid as invalid:
        return {"ok": False, "file": file, "valid": False, "step": invalid.step, "message": invalid.why}
    return {"ok": True, "file": file, "valid": True, **to_answer(proved)}


def to_answer(proved: VerifiedReceipt) -> dict[str, Any]:
    """What was proved, as one mapping."""
    leaf = proved.leaf
    return {
        "event": leaf.event_id,
        "type": leaf.type,
        "stream": leaf.stream,
        "version": leaf.version,
        "position": leaf.position,
        "recorded_at": leaf.recorded_at,
        "data": proved.data,
        "opened": list(proved.opened),
        "log": proved.head.origin,
        "size": proved.head.size,
        "issued_at": proved.issued_at,
    }
