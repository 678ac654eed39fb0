"""Receipts: issue one for an event that concerns you, or verify one offline with a public key."""

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

LOOK: Final = "placet timeline ID"
KEY_HELP: Final = "verifier key as printed by `placet transparency-log key`, or a file with it"


class Command(ActingCommand):
    help = "Issue a receipt for an event that concerns you, or verify one offline"
    group = "Verify"
    acts_as = "Dara"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = self.verb(verbs, "issue", "issue the receipt of an event; waits until a signed tree head covers it")
        issue.add_argument(
            "event", nargs="?", metavar="EVENT_ID", help="id of the event, as listed by `placet timeline`"
        )
        issue.add_argument("--filing", metavar="ID", help="id of an opt-out: issue the receipt of its filing")
        issue.add_argument("-o", "--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
        verify = verbs.add_parser("verify", help="verify a receipt; needs no database, no install and no network")
        verify.add_argument("--json", action="store_true", default=SUPPRESS, help="print exactly one JSON object")
        verify.add_argument("file", metavar="FILE", help="receipt to verify")
        verify.add_argument("--key", required=True, metavar="PUBLIC", help=KEY_HELP)

    def answer(self, **options: Any) -> Mapping[str, Any]:
        if options["verb"] == "verify":
            return _verified(options["file"], options["key"])
        return super().answer(**options)

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        from placet.web.receipts import filing_event, receipt_for

        if bool(options["event"]) == bool(options["filing"]):
            message = "Give exactly one: the id of an event, or --filing."
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
            self.stdout.write(f"{answer['file']}: verify it with `placet receipt verify {answer['file']} --key PUBLIC`")
        else:
            self.stdout.write(json.dumps(answer["receipt"], ensure_ascii=False, indent=1))


def _write(path: Path, receipt: Mapping[str, Any]) -> None:
    try:
        path.write_text(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise CommandFailed(message, f"ls -ld {path.parent}", code="file_unwritable") from None


def _verified(file: str, key: str) -> Mapping[str, Any]:
    try:
        proved = verify_receipt(read_file(file), read_verifier(read_file(key).decode() if Path(key).is_file() else key))
    except (InvalidKey, UnicodeDecodeError) as error:
        raise CommandFailed(f"Not a verifier key: {error}", "placet transparency-log key", code="key_unsound") from None
    except ReceiptInvalid as invalid:
        return {"ok": False, "file": file, "valid": False, "step": invalid.step, "message": invalid.why}
    return {"ok": True, "file": file, "valid": True, **to_answer(proved)}


def to_answer(proved: VerifiedReceipt) -> dict[str, Any]:
    """What the receipt proves, as one mapping."""
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
