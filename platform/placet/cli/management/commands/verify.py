"""Verify a media file's manifest. Needs the file and the trust anchors; no database, no network."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from rich.console import Console
from rich.table import Table

from placet.cli.command import CommandFailed, PlacetCommand

COLOURS: Final = {"good": "green", "trusted": "green", "bad": "red", "untrusted": "red"}
PLAIN: Final = {
    "good": "good: the file is as it was signed",
    "bad": "bad: the file was changed after it was signed",
    "none": "none: the file has no manifest, so nothing is known about it",
    "trusted": "trusted: signed with a certificate that the anchors cover",
    "untrusted": "not trusted: see the reasons below",
    "not evaluated": "not evaluated",
}


class Command(PlacetCommand):
    help = "Verify a media file's C2PA manifest and watermark with two independent engines"
    group = "Verify"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="file to verify")
        parser.add_argument("--anchors", type=Path, help="PEM file with trusted certificates (default: this install's)")
        parser.add_argument("--mark-key", type=Path, help="key of the watermark (default: this install's)")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        from provenance.verification.verify import verify

        keys = Path(settings.PLACET_DATA_DIR) / "keys"
        anchors = _first(options["anchors"], keys / "anchors.pem", keys / "pki" / "anchors.pem")
        mark_key = _first(options["mark_key"], keys / "watermark.key")
        if anchors is None:
            raise CommandFailed("No trust anchors found.", f"placet verify {options['file']} --anchors PEM")
        try:
            key = mark_key.read_bytes() if mark_key else None
            found = verify(options["file"], anchors.read_text(encoding="ascii"), watermark_key=key)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailed(str(error), "placet verify FILE --anchors PEM, with files that can be read") from error
        return {"ok": found.is_good, "file": str(options["file"]), **found.to_json()}

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table(box=None, show_header=False)
        table.add_column()
        table.add_column(overflow="fold")
        for name, value in _lines(answer):
            colour = COLOURS.get(value, "default")
            table.add_row(name, f"[{colour}]{PLAIN.get(value, value)}[/]")
        Console().print(table)


def _first(given: Path | None, *defaults: Path) -> Path | None:
    """The path from the command line, whether it exists or not; else the first default that exists."""
    return given or next((path for path in defaults if path.is_file()), None)


def _lines(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    engines = [(f"{one['name']} {one['version']}", f"{one['integrity']}, {one['trust']}") for one in answer["engines"]]
    sources = [
        (one["relationship"], f"{one['title']}: {one['integrity']}, {one['trust']}") for one in answer["ingredients"]
    ]
    return [
        ("integrity", answer["integrity"]),
        ("trust", answer["trust"]),
        ("standing", "not evaluated: only the site that published it knows"),
        *([("reasons", ", ".join(answer["reasons"]))] if answer["reasons"] else []),
        *engines,
        *sources,
        ("signer", answer["signer"] or "none"),
        ("made by", (answer["digital_source_type"] or "not stated").rpartition("/")[2]),
        ("watermark", f"{answer['watermark']['read'] or 'none read'}; named: {answer['watermark']['named'] or 'none'}"),
        ("sha256", answer["file_sha256"]),
    ]
