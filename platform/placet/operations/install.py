"""Keys and certificates of a new install. Safe to run again; it never replaces a key.

`make setup` runs this as a script; the supervisor calls `install` at each start.
"""

from pathlib import Path

from placet.runtime.install.paths import home_folder
from placet.runtime.install.provision import provision
from provenance.pki.install_pki import make_install_pki


def install(home: Path) -> None:
    """Make missing folders (0700), keys (0600) and the certificates that sign this install's manifests."""
    provision(home)
    make_install_pki(home / "keys" / "pki")


if __name__ == "__main__":
    install(home_folder())
