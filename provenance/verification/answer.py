"""Verification result in three separate parts: integrity, trust and standing."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Integrity = Literal["good", "bad", "none"]
Trust = Literal["trusted", "untrusted", "not evaluated"]

NOT_EVALUATED: Final = "not evaluated"


@dataclass(frozen=True)
class EngineAnswer:
    """One engine's result. `codes` are its failures: C2PA's own, or `unreadable`."""

    name: str
    version: str
    integrity: Integrity
    trust: Trust
    codes: tuple[str, ...]


@dataclass(frozen=True)
class IngredientAnswer:
    """One ingredient, at any depth, as the manifest recorded it."""

    title: str
    relationship: str
    manifest_label: str | None
    integrity: Integrity
    trust: Trust
    codes: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return self.integrity == "good" and self.trust == "trusted"


@dataclass(frozen=True)
class Mark:
    """The watermark, 16 hex digits: as read from the pictures, and as named by the manifest.

    `read` is None if there is no readable mark, and "not evaluated" without a key.
    """

    read: str | None
    named: str | None


@dataclass(frozen=True)
class Verification:
    """Integrity, trust and standing of a file, with their evidence.

    Integrity: the bytes are those that were signed. Trust: a trusted signer signed it and its parents; evaluated only
    if integrity is good, because a signature says nothing about changed bytes. Standing: it may still be shown; only
    the platform knows that, never the file. Reasons for a worse answer:
    C2PA's codes, `unreadable`, `engines_disagree`, `parent_not_trusted`, `mark_differs`.
    """

    file_sha256: str
    integrity: Integrity
    trust: Trust
    standing: str
    agree: bool
    reasons: tuple[str, ...]
    engines: tuple[EngineAnswer, ...]
    ingredients: tuple[IngredientAnswer, ...]
    manifest_label: str | None
    signer: str | None
    actions: tuple[str, ...]
    digital_source_type: str | None
    watermark: Mark

    @property
    def is_good(self) -> bool:
        return self.integrity == "good" and self.trust == "trusted"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
