"""The answer about a file, in three parts that are never mixed: integrity, trust and standing."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Integrity = Literal["good", "bad", "none"]
Trust = Literal["trusted", "untrusted", "not evaluated"]

NOT_EVALUATED: Final = "not evaluated"


@dataclass(frozen=True)
class EngineAnswer:
    """What one engine says. Codes are its failures: C2PA's own, or `unreadable`."""

    name: str
    version: str
    integrity: Integrity
    trust: Trust
    codes: tuple[str, ...]


@dataclass(frozen=True)
class IngredientAnswer:
    """What the manifest itself recorded of a file that it was made from, at any depth."""

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
    """The invisible mark, 16 hex digits: as read from the pictures, and as named by the manifest.

    `read` is None when there is none to be read, and "not evaluated" when nobody tried.
    """

    read: str | None
    named: str | None


@dataclass(frozen=True)
class Verification:
    """Three answers about a file, and what they rest on.

    Integrity: these are the bytes that were signed. Trust: by someone we trust, and so were the parents; nobody vouches
    for bytes that changed, so it is evaluated only where integrity is good. Standing: it may still be shown; only the
    platform knows that, never the file. Reasons say why an answer is not the best one:
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
