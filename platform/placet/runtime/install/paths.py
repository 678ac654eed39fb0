"""Where an install keeps what is its own: keys, the embedded PostgreSQL, blobs, mail, logs. No Django here."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from placet.kernel.files import write_once


def checkout(start: Path = Path(__file__)) -> Path | None:
    """The nearest folder above `start` that holds a `pyproject.toml`; None where Placet was installed from a wheel."""
    return next((folder for folder in start.resolve().parents if (folder / "pyproject.toml").exists()), None)


def home_folder() -> Path:
    """`PLACET_DATA_DIR`, or `var/` of the checkout, or the user's own data folder when installed from a wheel."""
    if named := os.environ.get("PLACET_DATA_DIR"):
        return Path(named).resolve()
    if found := checkout():
        return found / "var"
    return Path.home() / ".local" / "share" / "placet"


CHECKOUT: Final = checkout() or Path.cwd()
"""Where documents are written and test results lie: the checkout, or the folder that a command was started in."""


def key_file(home: Path, name: str) -> Path:
    return home / "keys" / name


def read_secret(home: Path, name: str) -> str | None:
    """The text of a secret, or None before `make setup` made it."""
    try:
        return key_file(home, name).read_text()
    except FileNotFoundError:
        return None


def make_secret(home: Path, name: str) -> str:
    """The text of a secret, made now if it is missing; two makers at once agree on the first one's."""
    return make_key(home, name, lambda: secrets.token_urlsafe(36).encode()).decode()


def make_key(home: Path, name: str, fresh: Callable[[], bytes]) -> bytes:
    """The bytes of a key (mode 0600, never written twice), from `fresh` if it is missing."""
    path = key_file(home, name)
    if not path.exists():
        write_once(path, fresh())
    return path.read_bytes()
