"""What an install makes once, for itself alone: keys and folders. Safe to run again; it never replaces a key."""

import secrets
from pathlib import Path
from typing import Final

from placet.config.home import home_folder, make_key, make_secret

SECRETS: Final = ("django.secret", "postgres-admin.secret", "postgres-owner.secret", "postgres-app.secret")
KEYS: Final = ("log.key", "vault.key", "watermark.key")
KEY_BYTES: Final = 32
FOLDERS: Final = ("blobs", "keys", "log", "log-head", "mail", "postgres", "run", "static", "vault")


def install(home: Path) -> None:
    """Folders (0700), keys (0600) and the install's own certificates."""
    make_folders(home)
    make_keys(home)
    make_certificates(home)


def make_folders(home: Path) -> None:
    for folder in (home, *(home / name for name in FOLDERS)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


def make_keys(home: Path) -> None:
    """32 random bytes per `.key`, text per `.secret`, and the name under which the log signs its heads."""
    for name in SECRETS:
        make_secret(home, name)
    for name in KEYS:
        make_key(home, name, lambda: secrets.token_bytes(KEY_BYTES))
    make_key(home, "log.origin", f"placet.invalid/{secrets.token_hex(4)}".encode)


def make_certificates(home: Path) -> None:
    """The chain that signs this install's manifests."""
    from provenance.pki import make_install_pki

    make_install_pki(home / "keys" / "pki")


if __name__ == "__main__":
    install(home_folder())
