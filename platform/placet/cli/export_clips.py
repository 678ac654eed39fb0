"""Copies of clips at the command line: `PLACET_DATA_DIR/out/<id>.mp4`, only of what the caller may see."""

from pathlib import Path

from django.conf import settings

from placet.media.errors import BlobMissing
from placet.media.storage import blobs
from placet.studio.queries import standing
from placet.studio.view_model import GenerationView
from placet.ui.region import is_barred


def shown_to_all(generation: str) -> str | None:
    """A copy of a clip as the feed serves it; None while a restriction is open."""
    now = standing(generation)
    if now is None or not now.is_visible or is_barred(now.excluded_territories, settings.PLACET_DEFAULT_REGION):
        return None
    return _copy(generation, now.sha256)


def shown_to_requester(view: GenerationView) -> str | None:
    """A copy of the requester's own signed draft, or of the published clip; None when there is neither."""
    if view.state != "draft" or view.standing:
        return shown_to_all(view.id)
    return _copy(view.id, view.sha256)


def _copy(generation: str, sha256: str) -> str | None:
    folder = Path(settings.PLACET_DATA_DIR) / "out"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return str(blobs().copy_out(sha256, folder / f"{generation}.mp4"))
    except BlobMissing:
        return None
