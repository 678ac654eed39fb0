"""What an install creates once: keys and folders. Safe to run again; it never replaces a key."""

import secrets
from pathlib import Path
from typing import Final

from placet.runtime.install.paths import make_key, make_secret

SECRETS: Final = ("django.secret", "postgres-admin.secret", "postgres-owner.secret", "postgres-app.secret")
KEYS: Final = ("log.key", "vault.key", "watermark.key")
KEY_BYTES: Final = 32
FOLDERS: Final = ("blobs", "keys", "log", "log-head", "mail", "postgres", "run", "static", "vault")


def provision(home: Path) -> None:
    """Create missing folders (0700) and keys (0600)."""
    make_folders(home)
    make_keys(home)


def make_folders(home: Path) -> None:
    for folder in (home, *(home / name for name in FOLDERS)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


def make_keys(home: Path) -> None:
    """32 random bytes per `.key`, text per `.secret`, and the origin under which tree heads are signed."""
    for name in SECRETS:
        make_secret(home, name)
    for name in KEYS:
        make_key(home, name, lambda: secrets.token_bytes(KEY_BYTES))
    make_key(home, "log.origin", f"placet.invalid/{secrets.token_hex(4)}".encode)
