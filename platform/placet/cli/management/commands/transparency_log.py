"""The transparency log: print its public key, audit the whole tree, monitor it from outside."""

import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from placet.cli.actor import map_errors, running_install
from placet.cli.command import CommandFailed, PlacetCommand
from placet.eventlog.proofs.keys import LogKeyMissing, install_verifier
from placet.eventlog.proofs.monitor import MonitorFinding, Unreachable, poll_log
from placet.eventlog.proofs.signed_note import Verifier

EVERY_SECONDS: Final = 60.0
WATCH_HINT: Final = "Keep the state file and ask the operator: the log does not match an earlier signed tree head."
HINT: Final = "Restore a database that matches the signed tree heads. Until then no head is signed and receipts wait."


class Command(PlacetCommand):
    help = "Print the public key of the transparency log, audit it, or monitor it from outside"
    group = "Verify"
    stealth_options = ("tick",)

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        _verb(verbs, "key", "print the public key that verifies receipts (C2SP format)")
        _verb(verbs, "audit", "recompute the tree from every event and compare it with the tiles and signed tree heads")
        monitor = _verb(verbs, "monitor", "poll the tree head and report rewritten, truncated or forked history")
        monitor.add_argument(
            "source", metavar="URL_OR_FOLDER", help="location of `checkpoint`, for example http://localhost:8000/log"
        )
        monitor.add_argument(
            "--state", type=Path, required=True, metavar="FILE", help="file that keeps the last tree head"
        )
        monitor.add_argument("--key", default="", metavar="PUBLIC", help="verifier key to start with")
        monitor.add_argument("--once", action="store_true", help="poll once, then exit")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        match options["verb"]:
            case "key":
                return {"key": _verifier().text}
            case "audit":
                return self._audit(is_joined=bool(options.get("tick")))
        return self._monitor(options)

    def _audit(self, *, is_joined: bool) -> Mapping[str, Any]:
        from placet.eventlog.proofs.audit import audit_log
        from placet.eventlog.proofs.head_file import head_file
        from placet.eventlog.store.log import current_log

        path = None if is_joined else head_file(Path(settings.PLACET_DATA_DIR))
        with map_errors(), nullcontext() if is_joined else running_install():
            found = audit_log(current_log().connection, _verifier(), path)
        return {"ok": not found.wrong, **asdict(found), "hint": HINT if found.wrong else ""}

    def _monitor(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        while True:
            finding = _poll(options["source"], options["state"], options["key"])
            if options["once"] or not finding.is_sound:
                return _watch_answer(finding)
            self.console.print(f"{finding.kind}: {finding.message}")
            time.sleep(EVERY_SECONDS)

    def show(self, answer: Mapping[str, Any]) -> None:
        if "key" in answer:
            self.stdout.write(answer["key"])
        elif "message" in answer:
            self.stdout.write(f"{answer['code']}: {answer['message']}")
        else:
            self.stdout.write(
                f"{answer['size']} events, {answer['tiles']} full tiles, {answer['heads']} tree heads compared."
            )
            for wrong in answer["wrong"] or ["The log matches what was signed."]:
                self.stdout.write(wrong)
            if answer["hint"]:
                self.stdout.write(f"  Next: {answer['hint']}")


def _watch_answer(finding: MonitorFinding) -> Mapping[str, Any]:
    hint = "" if finding.is_sound else WATCH_HINT
    message = {"ok": finding.is_sound, "code": finding.kind, "message": finding.message, "hint": hint}
    return {**message, "lost": finding.lost}


def _verb(verbs: Any, name: str, text: str) -> ArgumentParser:
    parser: ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print exactly one JSON object")
    return parser


def _verifier() -> Verifier:
    try:
        return install_verifier(Path(settings.PLACET_DATA_DIR))
    except LogKeyMissing as missing:
        raise CommandFailed(str(missing), "make setup", code="no_log_key") from None


def _poll(text: str, state: Path, key: str) -> MonitorFinding:
    from placet.eventlog.proofs.log_sources import load_state, save_state, source

    try:
        finding = poll_log(source(text), load_state(state), key)
    except Unreachable as error:
        raise CommandFailed(str(error), "placet status, where it runs here", code="log_away") from None
    except ValueError as error:
        raise CommandFailed(str(error), f"rm {state}, to start again", code="state_invalid") from None
    if finding.is_sound:
        save_state(state, finding.state)
    return finding
