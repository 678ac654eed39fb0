"""Provenance events: signed files and their verification."""

from placet.eventlog.store.event import GenerationId, event


@event("provenance.clip_signed.v1", stream="signature")
class ClipSigned:
    """The signed file, by hash; both engines verified it as good before this was written."""

    generation: GenerationId
    source_sha256: str
    sha256: str
    manifest: str
    engines: dict[str, str]
