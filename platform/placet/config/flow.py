"""The whole flow on one page: events in the order in which they happen, and the consumers of each. Read it downwards.

`FLOW` is checked against the consumers that the rooms register: a consumer that is missing here, or an event that has
no consumer and no reason in `NOT_CONSUMED`, fails the build.
"""

from collections.abc import Iterator
from typing import Any, Final

from moderation import events as moderation
from placet.eventlog import events as eventlog
from placet.eventlog.consumers.runner import CONSUMERS, Consumer
from placet.likeness import events as likeness
from placet.people import events as people
from placet.rights import events as rights
from placet.studio import events as studio
from provenance import events as provenance

RECORD = "studio.record_verdicts"
FLOW: Final[dict[type[Any], list[str]]] = {
    # a person enrols a likeness
    likeness.EnrolmentRequested: ["likeness.enrol"],
    # a person asks to be erased: first their open generations end, then everything about them is erased
    people.ErasureRequested: ["studio.prepare_erasure"],
    people.ErasurePrepared: ["studio.erase_person"],
    # a rights holder files an opt-out
    rights.OptOutActivated: ["rights.find_existing_matches"],
    rights.FilingHeld: ["moderation.open_cases"],
    # a person requests a clip: three checks in parallel, each on a stream of its own room
    studio.GenerationRequested: ["moderation.check_policy", "likeness.check_consent", "rights.check_prompt_rights"],
    moderation.PolicyChecked: [RECORD],
    likeness.ConsentChecked: [RECORD],
    rights.PromptRightsChecked: [RECORD],
    # a precondition of a verdict has changed: the same checks run again
    studio.RecheckRequested: [
        "moderation.check_policy",
        "likeness.check_consent",
        "rights.check_prompt_rights",
        "rights.check_output_rights",
    ],
    # the last clear verdict appends `approved` and plans the job; the worker appends `started` and `rendered`
    studio.GenerationRendered: ["moderation.check_quality", "likeness.check_faces", "rights.check_output_rights"],
    moderation.QualityChecked: [RECORD],
    likeness.FacesChecked: [RECORD],
    rights.OutputRightsChecked: [RECORD],
    # all three verdicts are clear: the clip is signed and verified by two engines, and becomes a draft
    studio.OutputApproved: ["provenance.sign_clip"],
    provenance.ClipSigned: ["studio.record_signatures"],
    # every use of a likeness gives its person a notice
    likeness.CameoUsed: ["notices.mail"],
    # what a check held for review, what requesters appeal and what people report
    studio.GenerationHeldForReview: ["moderation.open_cases"],
    moderation.AppealFiled: ["moderation.open_cases"],
    moderation.ClipReported: ["moderation.open_cases"],
    moderation.CaseDecided: ["studio.apply_decisions", "studio.cascade_restrictions", "rights.apply_decisions"],
    # consent is revoked: every clip that shows the person, descendants included, is hidden
    likeness.ConsentRevoked: ["studio.cascade_restrictions"],
    likeness.GrantRevoked: ["studio.cascade_restrictions"],
    likeness.ClipRemoved: ["studio.cascade_restrictions"],
}

NOT_CONSUMED: Final[dict[type[Any], str]] = {
    people.PersonJoined: "projected into accounts",
    eventlog.LogRestored: "the first event of a restored log; read by monitors",
    people.PersonErased: "every process drops its cached keys of the person",
    people.FollowStarted: "read by the likeness check",
    people.FollowEnded: "read by the likeness check",
    people.InviteIssued: "read when the invitation is used",
    people.InviteTaken: "the new person's own event follows in the same command",
    likeness.EnrolmentRefused: "shown on the likeness page",
    likeness.LikenessEnrolled: "read by the likeness check and the gallery of faces",
    likeness.ConsentLevelSet: "read by the likeness check",
    likeness.GrantIssued: "read by the likeness check",
    likeness.RequesterBlocked: "read by the likeness check",
    likeness.RequesterUnblocked: "read by the likeness check",
    rights.OptOutFiled: "activated or held in the same command",
    rights.FilingRejected: "shown on the filing page",
    rights.OptOutEnded: "read by every rights check, up to the end of the log",
    rights.ExistingMatchesFound: "shown on the filing page",
    studio.VerdictRecorded: "read only by the studio",
    studio.HoldReleased: "the next step is in the same append",
    studio.GenerationApproved: "its job is planned in the same transaction",
    studio.GenerationRefused: "shown to the requester; notices of the people shown are in the same transaction",
    studio.GenerationStarted: "shown as progress",
    studio.OutputCaptioned: "read by the rights check of the output, and shown in the feed",
    studio.PromptUnsupported: "shown to the requester",
    studio.GenerationSigned: "shown as a draft",
    studio.PublicationRequested: "read only by the studio",
    studio.GenerationPublished: "projected into the feed",
    studio.GenerationCancelled: "the worker stops at its next heartbeat",
    studio.GenerationFailed: "shown to the requester",
    studio.RestrictionApplied: "projected into the feed",
    studio.RestrictionLifted: "projected into the feed",
    studio.QuotaReserved: "counted by the studio",
    studio.QuotaReleased: "counted by the studio",
    moderation.CaseOpened: "projected into the review queue",
}


def consumers() -> Iterator[Consumer]:
    """Every consumer that `FLOW` names, once, in its order."""
    names = dict.fromkeys(name for named in FLOW.values() for name in named)
    return (CONSUMERS[name] for name in names)
