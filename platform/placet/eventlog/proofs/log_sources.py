"""Sources of a monitor: a log over HTTP, or a copied folder."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.monitor import Fetch, MonitorState, Unreachable

TIMEOUT_SECONDS: Final = 20.0
MAX_BYTES: Final = 4_000_000


def source(text: str) -> Fetch:
    """`http…`: the URL above `checkpoint`; anything else is a folder."""
    return _url(text) if text.startswith(("http://", "https://")) else _folder(Path(text))


def _url(prefix: str) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{prefix.rstrip('/')}/{path}", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  http, https
                return bytes(answer.read(MAX_BYTES))
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise Unreachable(f"{prefix}/{path}: {error}") from None

    return fetch


def _folder(folder: Path) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError as error:
            raise Unreachable(f"{folder / path}: {error.strerror}") from None

    return fetch


def load_state(path: Path) -> MonitorState | None:
    """The monitor's state; None before its first poll. Raises `ValueError` if the file is not a state."""
    try:
        return MonitorState(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, json.JSONDecodeError):
        raise ValueError(f"{path} is not the state of a monitor") from None


def save_state(path: Path, state: MonitorState) -> None:
    """Write atomically."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(asdict(state), indent=1) + "\n")
    draft.replace(path)
