"""Where a monitor reads a log: over HTTP, or in a folder that somebody copied."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.monitor import Fetch, MonitorState, Unreachable

SECONDS: Final = 20.0
LARGEST_BYTES: Final = 4_000_000


def source(text: str) -> Fetch:
    """`http…`: the address above `checkpoint`; anything else is a folder."""
    return _address(text) if text.startswith(("http://", "https://")) else _folder(Path(text))


def _address(prefix: str) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{prefix.rstrip('/')}/{path}", timeout=SECONDS) as answer:  # noqa: S310  http, https
                return bytes(answer.read(LARGEST_BYTES))
        except (urllib.error.URLError, OSError, ValueError) as away:
            raise Unreachable(f"{prefix}/{path}: {away}") from None

    return fetch


def _folder(folder: Path) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError as away:
            raise Unreachable(f"{folder / path}: {away.strerror}") from None

    return fetch


def load_state(state: Path) -> MonitorState | None:
    """What the monitor saw last; None before its first look. Raises `ValueError` for a file that is no memory."""
    try:
        return MonitorState(**json.loads(state.read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, json.JSONDecodeError):
        raise ValueError(f"{state} is not what a monitor remembered") from None


def save_state(state: Path, seen: MonitorState) -> None:
    """Whole or not at all."""
    draft = state.with_name(f".{state.name}.new")
    draft.write_text(json.dumps(asdict(seen), indent=1) + "\n")
    draft.replace(state)
