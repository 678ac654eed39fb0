"""Events of moderation: policy and quality checks, reports, appeals, cases and decisions."""

from typing import Annotated, Literal

from placet.eventlog.store.event import CaseId, Encrypted, EncryptedFor, GenerationId, PersonId, event
from placet.kernel.verdict import Verdict

CaseKind = Literal["hold", "appeal", "report", "filing"]
Decision = Literal["approve", "reject", "uphold", "overturn", "remove", "dismiss"]


@event("moderation.policy_checked.v1", stream="policy-verdict")
class PolicyChecked(Verdict):
    """Verdict: the prompt against the policy set in force."""


@event("moderation.quality_checked.v1", stream="quality-verdict")
class QualityChecked(Verdict):
    """Verdict of the quality gate: black frames, flicker, broken motion, lengths, clipping, silence, sync."""


@event("moderation.case_opened.v1", stream="case")
class CaseOpened:
    """A case was opened: a reviewer must decide."""

    case: CaseId
    kind: CaseKind
    subject: str
    """Stream that the case is about: `generation-…` or `filing-…`."""
    code: str
    rule: str
    is_zero_tolerance: bool
    excluded_reviewers: tuple[PersonId, ...]
    """Those who may not decide: earlier reviewers of the refusal, and the people concerned."""
    opened_by_event: str
    """Id of the event that opened it."""


@event("moderation.case_decided.v1", stream="case")
class CaseDecided:
    """A reviewer decided a case."""

    case: CaseId
    subject: str
    kind: CaseKind
    decision: Decision
    decided_by: PersonId
    reason: Annotated[Encrypted, EncryptedFor("decided_by")]


@event("moderation.appeal_filed.v1", stream="appeal")
class AppealFiled:
    """The requester appeals a refusal in their own words. Once per refusal."""

    generation: GenerationId
    appellant: PersonId
    words: Annotated[Encrypted, EncryptedFor("appellant")]
    refusal: str
    excluded_reviewers: tuple[PersonId, ...]


@event("moderation.clip_reported.v1", stream="report")
class ClipReported:
    """A person reported a published clip."""

    generation: GenerationId
    reported_by: PersonId
    reason: str
    words: Annotated[Encrypted, EncryptedFor("reported_by")]
