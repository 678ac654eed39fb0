"""Where an install keeps its keys, embedded PostgreSQL, blobs, mail and logs. No Django here."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from placet.kernel.files import write_once


def checkout(start: Path = Path(__file__)) -> Path | None:
    """The nearest folder above `start` with a `pyproject.toml`; None where Placet was installed from a wheel."""
    return next((folder for folder in start.resolve().parents if (folder / "pyproject.toml").exists()), None)


def home_folder() -> Path:
    """`PLACET_DATA_DIR`, or `var/` of the checkout, or the user's data folder when installed from a wheel."""
    if named := os.environ.get("PLACET_DATA_DIR"):
        return Path(named).resolve()
    if found := checkout():
        return found / "var"
    return Path.home() / ".local" / "share" / "placet"


CHECKOUT: Final = checkout() or Path.cwd()
"""Where documents and test results are written: the checkout, or the current folder."""


def key_file(home: Path, name: str) -> Path:
    return home / "keys" / name


def read_secret(home: Path, name: str) -> str | None:
    """The text of a secret, or None before `make setup`."""
    try:
        return key_file(home, name).read_text()
    except FileNotFoundError:
        return None


def make_secret(home: Path, name: str) -> str:
    """The text of a secret, created if it is missing; two concurrent callers get the same one."""
    return make_key(home, name, lambda: secrets.token_urlsafe(36).encode()).decode()


def make_key(home: Path, name: str, fresh: Callable[[], bytes]) -> bytes:
    """The bytes of a key (mode 0600, never overwritten), from `fresh` if it is missing."""
    path = key_file(home, name)
    if not path.exists():
        write_once(path, fresh())
    return path.read_bytes()
