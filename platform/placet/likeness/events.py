"""Likeness: the verified record of a person, the consent that rests on it, and every use of it."""

from typing import Literal

from placet.eventlog.store.event import GenerationId, PersonId, event
from placet.kernel.verdict import Verdict

Level = Literal["only_me", "approved", "mutuals", "everyone"]
Stage = Literal["requested", "draft", "blocked", "published", "downloaded"]


@event("likeness.enrolment_requested.v1", stream="enrolment")
class EnrolmentRequested:
    """A portrait was handed in. The picture lies in the person's private store, under their own key."""

    person: PersonId
    portrait: str
    """Name in the private store."""


@event("likeness.enrolment_refused.v1", stream="enrolment")
class EnrolmentRefused:
    person: PersonId
    code: str
    hint: str


@event("likeness.likeness_enrolled.v1", stream="consent", serialized=True)
class LikenessEnrolled:
    """A face template stands for the person. The template itself is in their private store; here is its commitment."""

    person: PersonId
    template: str
    commitment: str
    """SHA-256 of salt and template; the salt lies beside the template."""
    model: str


@event("likeness.consent_level_set.v1", stream="consent", serialized=True)
class ConsentLevelSet:
    person: PersonId
    level: Level


@event("likeness.grant_issued.v1", stream="consent", serialized=True)
class GrantIssued:
    person: PersonId
    to: PersonId


@event("likeness.grant_revoked.v1", stream="consent", serialized=True)
class GrantRevoked:
    """One asker's leave ends. What that asker made with this likeness is taken out of sight as well."""

    person: PersonId
    to: PersonId


@event("likeness.consent_revoked.v1", stream="consent", serialized=True)
class ConsentRevoked:
    """The one switch: every grant ends, and everything that shows this person goes out of sight."""

    person: PersonId


@event("likeness.requester_blocked.v1", stream="consent", serialized=True)
class RequesterBlocked:
    person: PersonId
    requester: PersonId


@event("likeness.requester_unblocked.v1", stream="consent", serialized=True)
class RequesterUnblocked:
    person: PersonId
    requester: PersonId


@event("likeness.clip_removed.v1", stream="removal")
class ClipRemoved:
    """The person took one clip that shows them out of sight, with what was made from it."""

    person: PersonId
    generation: GenerationId


@event("likeness.cameo_used.v1", stream="use")
class CameoUsed:
    """One use of a likeness: one stage of one cameo. Drafts count, and so do blocked attempts.

    Its number for the person is its version in the stream: a missing one shows.
    """

    person: PersonId
    generation: GenerationId
    requested_by: PersonId
    stage: Stage
    parent: GenerationId | None = None
    """The clip that was remixed, when it is a remix."""
    code: str = ""
    """Why it was blocked."""
    is_summary: bool = False
    """Further blocked attempts of this asker within the hour are counted, not told one by one."""


@event("likeness.consent_checked.v1", stream="consent-verdict")
class ConsentChecked(Verdict):
    """Whether everyone whose likeness is asked for has assented to this asker."""


@event("likeness.faces_checked.v1", stream="face-verdict")
class FacesChecked(Verdict):
    """Which faces the finished frames show, and whether each belongs to someone who assented."""
