"""Moderation: what machines judged, what people reported and contested, and what reviewers decided."""

from typing import Annotated, Literal

from placet.eventlog.store.event import CaseId, For, GenerationId, PersonId, Sealed, event
from placet.kernel.verdict import Verdict

CaseKind = Literal["hold", "contest", "report", "filing"]
Decision = Literal["allow", "refuse", "uphold", "overturn", "take_down", "keep"]


@event("moderation.prompt_judged.v1", stream="policy-verdict")
class PromptJudged(Verdict):
    """The prompt against the policy set in force."""


@event("moderation.clip_measured.v1", stream="technical-verdict")
class ClipMeasured(Verdict):
    """The technical gate: black or frozen frames, lengths, clipping, silence."""


@event("moderation.case_opened.v1", stream="case")
class CaseOpened:
    """Something a person must decide. At most one open case per kind and subject."""

    case: CaseId
    kind: CaseKind
    subject: str
    """Stream that the case is about: `generation-…` or `filing-…`."""
    code: str
    rule: str
    is_floor: bool
    not_for: tuple[PersonId, ...]
    """Who may not decide: whoever decided what is contested, and whoever is concerned."""
    because_of: str
    """Id of the event that opened it."""


@event("moderation.case_decided.v1", stream="case")
class CaseDecided:
    case: CaseId
    subject: str
    kind: CaseKind
    decision: Decision
    decided_by: PersonId
    reason: Annotated[Sealed, For("decided_by")]


@event("moderation.refusal_contested.v1", stream="contest")
class RefusalContested:
    """The asker says that a refusal is wrong, in their own words. Once a refusal."""

    generation: GenerationId
    contested_by: PersonId
    words: Annotated[Sealed, For("contested_by")]
    refusal: str
    decided_before_by: tuple[PersonId, ...]


@event("moderation.clip_reported.v1", stream="report")
class ClipReported:
    generation: GenerationId
    reported_by: PersonId
    reason: str
    words: Annotated[Sealed, For("reported_by")]
