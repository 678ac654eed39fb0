"""Errors of files and media, each with a code that people can look up."""


class MediaError(Exception):
    """A file was not stored, or not read. Nothing of it was used."""

    code: str = "media_failed"
    summary: str = "This file was not kept, or not read."
    hint: str = "Try again; if it happens twice, ask the operator."

    @property
    def message(self) -> str:
        """What happened, without the hint."""
        return super().__str__() or self.summary

    def __str__(self) -> str:
        detail = super().__str__()
        return f"{detail} {self.hint}" if detail else self.hint


class BlobMissing(MediaError):
    code = "blob_missing"
    hint = "Nothing is stored under this hash: the file was garbage-collected or erased. Make it again."


class BlobDamaged(MediaError):
    code = "blob_damaged"
    hint = "The bytes no longer match their name: restore the blob store from its backup."


class BlobStoreFull(MediaError):
    code = "blob_store_full"
    hint = "The disk of the blob store is full: free space on it, or point PLACET_DATA_DIR at a larger one, and retry."


class SandboxUnavailable(MediaError):
    """The sandbox could not be isolated from files and network, so the file was not parsed."""

    code = "sandbox_unavailable"
    hint = "This machine refuses resource limits (RLIMIT_AS, RLIMIT_CPU, RLIMIT_NOFILE): allow them for Placet."


UNREADABLE = {
    "media_empty": "The file is empty: send it again.",
    "media_not_an_image": "Send a JPEG, PNG or WebP picture.",
    "media_not_a_clip": "Send an MP4 file with H.264 pictures.",
    "media_too_large": "Send a smaller file, or one with fewer pixels.",
    "media_too_long": "Send a shorter clip.",
    "media_broken": "The file ends early or is damaged: export it again.",
    "media_timeout": "Reading took too long and was stopped: export the file again in a plain format.",
    "media_out_of_memory": "Reading needed too much memory and was stopped: send fewer pixels.",
    "media_reader_crashed": "The file crashed its reader, which ran in a sandbox: export it again.",
}


class UnreadableMedia(MediaError):
    """An untrusted file was refused. Its `code` is a key of `UNREADABLE`; nothing of it was kept."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.hint = UNREADABLE[code]
