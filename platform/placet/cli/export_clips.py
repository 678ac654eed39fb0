"""Copies of clips for people at the command line: `PLACET_DATA_DIR/out/<id>.mp4`, made only of what they may see."""

from pathlib import Path

from django.conf import settings

from placet.media.errors import BlobMissing
from placet.media.storage import blobs
from placet.studio.queries import standing
from placet.studio.view_model import GenerationView
from placet.ui.region import is_barred


def shown_to_all(generation: str) -> str | None:
    """A copy of a clip as the feed serves it; None while anything stands against it."""
    now = standing(generation)
    if now is None or not now.is_visible or is_barred(now.excluded_territories, settings.PLACET_DEFAULT_REGION):
        return None
    return _copy(generation, now.sha256)


def shown_to_asker(told: GenerationView) -> str | None:
    """A copy of the asker's own signed draft, or of what was published; None when there is none to show."""
    if told.state != "draft" or told.standing:
        return shown_to_all(told.id)
    return _copy(told.id, told.sha256)


def _copy(generation: str, sha256: str) -> str | None:
    folder = Path(settings.PLACET_DATA_DIR) / "out"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return str(blobs().copy_out(sha256, folder / f"{generation}.mp4"))
    except BlobMissing:
        return None
