"""File storage of this install, under PLACET_DATA_DIR: `blobs` for clips, `private` for what belongs to one person."""

from functools import cache
from pathlib import Path

from django.conf import settings

from placet.eventlog.encryption.vault import install_vault
from placet.media.blobs import BlobStore
from placet.media.private_store import PrivateStore


@cache
def blobs() -> BlobStore:
    """The blob store of this install."""
    return BlobStore(Path(settings.PLACET_DATA_DIR) / "blobs")


@cache
def private() -> PrivateStore:
    """The private store of this install."""
    return PrivateStore(Path(settings.PLACET_DATA_DIR) / "private", install_vault())
