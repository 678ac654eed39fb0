"""The whole flow on one page, in the order of life: what happens, and who answers it. Read it downwards.

`FLOW` is checked against what the rooms register: a consumer that is missing here, or an event that nobody answers and
that is not named in `NOT_CONSUMED`, fails the build.
"""

from collections.abc import Iterator
from typing import Any, Final

from moderation import events as moderation
from placet.eventlog import events as eventlog
from placet.eventlog.consumers.runner import CONSUMERS, Consumer
from placet.eventlog.store.event import BY_CLASS
from placet.likeness import events as likeness
from placet.people import events as people
from placet.rights import events as rights
from placet.studio import events as studio
from provenance import events as provenance

RECORD = "studio.record_verdicts"
FLOW: Final[dict[type[Any], list[str]]] = {
    # a likeness comes to be
    likeness.EnrolmentRequested: ["likeness.enrol"],
    # somebody is to be forgotten: first what they have begun ends, then all that is kept of them goes
    people.ErasureRequested: ["studio.prepare_erasure"],
    people.ErasurePrepared: ["studio.erase_person"],
    # an opt-out is filed
    rights.OptOutActivated: ["rights.find_existing_matches"],
    rights.FilingHeld: ["moderation.open_cases"],
    # somebody asks for a clip: three checks, side by side, each on a stream of its own room
    studio.GenerationRequested: ["moderation.check_policy", "likeness.check_consent", "rights.check_prompt_rights"],
    moderation.PolicyChecked: [RECORD],
    likeness.ConsentChecked: [RECORD],
    rights.PromptRightsChecked: [RECORD],
    # the ground of a verdict moved: the same checks look again
    studio.RecheckRequested: [
        "moderation.check_policy",
        "likeness.check_consent",
        "rights.check_prompt_rights",
        "rights.check_output_rights",
    ],
    # the last clear verdict appends `approved` and plans the run; the worker appends `started` and `made`
    studio.GenerationRendered: ["moderation.check_quality", "likeness.check_faces", "rights.check_output_rights"],
    moderation.QualityChecked: [RECORD],
    likeness.FacesChecked: [RECORD],
    rights.OutputRightsChecked: [RECORD],
    # all three clear: sign, verify by two engines, and the draft is there
    studio.OutputApproved: ["provenance.sign_clip"],
    provenance.ClipSigned: ["studio.record_signatures"],
    # everyone shown is told of every use
    likeness.CameoUsed: ["notices.mail"],
    # what a machine was not sure of, what people appeal and what they report
    studio.GenerationHeldForReview: ["moderation.open_cases"],
    moderation.AppealFiled: ["moderation.open_cases"],
    moderation.ClipReported: ["moderation.open_cases"],
    moderation.CaseDecided: ["studio.apply_decisions", "studio.cascade_restrictions", "rights.apply_decisions"],
    # assent is withdrawn: all that shows the person, descendants included, goes out of sight
    likeness.ConsentRevoked: ["studio.cascade_restrictions"],
    likeness.GrantRevoked: ["studio.cascade_restrictions"],
    likeness.ClipRemoved: ["studio.cascade_restrictions"],
}

NOT_CONSUMED: Final[dict[type[Any], str]] = {
    people.PersonJoined: "folded into accounts",
    eventlog.LogRestored: "the first word of a log that was put back",
    people.PersonErased: "every process drops what it has opened",
    people.FollowStarted: "read by the likeness check",
    people.FollowEnded: "read by the likeness check",
    people.InviteIssued: "read when it is taken",
    people.InviteTaken: "the newcomer's own event follows in the same command",
    likeness.EnrolmentRefused: "shown on the likeness page",
    likeness.LikenessEnrolled: "read by the likeness check and the gallery of faces",
    likeness.ConsentLevelSet: "read by the likeness check",
    likeness.GrantIssued: "read by the likeness check",
    likeness.RequesterBlocked: "read by the likeness check",
    likeness.RequesterUnblocked: "read by the likeness check",
    rights.OptOutFiled: "in force, or held, in the same command",
    rights.FilingRejected: "shown on the filing page",
    rights.OptOutEnded: "read by every rights check from the log's head",
    rights.ExistingMatchesFound: "shown on the filing page",
    studio.VerdictRecorded: "the studio's own note",
    studio.HoldReleased: "the studio goes on in the same append",
    studio.GenerationApproved: "its run is planned in the same transaction",
    studio.GenerationRefused: "shown to the asker; the persons shown are told in the same transaction",
    studio.GenerationStarted: "shown as progress",
    studio.OutputCaptioned: "read by the rights check of the output, and shown in the feed",
    studio.PromptUnsupported: "shown to the asker",
    studio.GenerationSigned: "shown as a draft",
    studio.PublicationRequested: "the studio's own note",
    studio.GenerationPublished: "folded into the feed",
    studio.GenerationCancelled: "the worker stops at its next beat",
    studio.GenerationFailed: "shown to the asker",
    studio.RestrictionApplied: "folded into the feed",
    studio.RestrictionLifted: "folded into the feed",
    studio.QuotaReserved: "counted by the studio",
    studio.QuotaReleased: "counted by the studio",
    moderation.CaseOpened: "folded into the review queue",
}


def consumers() -> Iterator[Consumer]:
    """Every consumer that FLOW names, once, in its order."""
    names = dict.fromkeys(name for answered in FLOW.values() for name in answered)
    return (CONSUMERS[name] for name in names)


def answered_by() -> dict[str, list[str]]:
    """Event type -> consumers, as text."""
    return {BY_CLASS[fact].name: names for fact, names in FLOW.items()}
