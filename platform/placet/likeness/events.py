"""Events of likenesses: enrolment, consent, every use, and the consent and face checks."""

from typing import Literal

from placet.eventlog.store.event import GenerationId, PersonId, event
from placet.kernel.verdict import Verdict

Level = Literal["only_me", "approved", "mutuals", "everyone"]
Stage = Literal["requested", "draft", "blocked", "published", "downloaded"]


@event("likeness.enrolment_requested.v1", stream="enrolment")
class EnrolmentRequested:
    """A portrait was uploaded. The picture is in the person's private store, encrypted under their own key."""

    person: PersonId
    portrait: str
    """Its name in the private store."""


@event("likeness.enrolment_refused.v1", stream="enrolment")
class EnrolmentRefused:
    """The portrait gave no face template; `code` says why. Nothing of it was kept."""

    person: PersonId
    code: str
    hint: str


@event("likeness.likeness_enrolled.v1", stream="consent", serialized=True)
class LikenessEnrolled:
    """A face template was enrolled. The template is in the person's private store; this is its commitment."""

    person: PersonId
    template: str
    commitment: str
    """SHA-256 of salt and template; the salt is stored with the template."""
    model: str


@event("likeness.consent_level_set.v1", stream="consent", serialized=True)
class ConsentLevelSet:
    """The person set who may use their likeness."""

    person: PersonId
    level: Level


@event("likeness.grant_issued.v1", stream="consent", serialized=True)
class GrantIssued:
    """The person allowed one requester to use their likeness."""

    person: PersonId
    to: PersonId


@event("likeness.grant_revoked.v1", stream="consent", serialized=True)
class GrantRevoked:
    """The grant of one requester ended. Clips that they made with this likeness are taken down."""

    person: PersonId
    to: PersonId


@event("likeness.consent_revoked.v1", stream="consent", serialized=True)
class ConsentRevoked:
    """All consent was revoked: every grant ends, and every clip that shows this person is taken down."""

    person: PersonId


@event("likeness.requester_blocked.v1", stream="consent", serialized=True)
class RequesterBlocked:
    """The person blocked one requester, whatever the consent level. A grant of theirs ends."""

    person: PersonId
    requester: PersonId


@event("likeness.requester_unblocked.v1", stream="consent", serialized=True)
class RequesterUnblocked:
    """The block of one requester ended."""

    person: PersonId
    requester: PersonId


@event("likeness.clip_removed.v1", stream="removal")
class ClipRemoved:
    """The person took down one clip that shows them, and its descendants."""

    person: PersonId
    generation: GenerationId


@event("likeness.cameo_used.v1", stream="use")
class CameoUsed:
    """One use of a likeness: one stage of one cameo. Drafts count, and so do blocked attempts.

    Its version in the stream is its number for the person, so a missing one is noticed.
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
    """Stands for all further blocked attempts of this requester within the hour."""


@event("likeness.consent_checked.v1", stream="consent-verdict")
class ConsentChecked(Verdict):
    """Verdict: whether every person whose likeness is requested consents to this requester."""


@event("likeness.faces_checked.v1", stream="face-verdict")
class FacesChecked(Verdict):
    """Verdict: which faces the rendered frames show, and whether each belongs to a person who consents."""
