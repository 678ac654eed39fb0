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
    likeness.EnrolmentAsked: ["likeness.enrol"],
    # somebody is to be forgotten: first what they have begun ends, then all that is kept of them goes
    people.ErasureAsked: ["studio.withdraw_person"],
    people.PersonWithdrawn: ["studio.erase_person"],
    # an opt-out is filed
    rights.OptOutEnforced: ["rights.list_matches"],
    rights.FilingHeld: ["moderation.open_cases"],
    # somebody asks for a clip: three checks, side by side, each on a stream of its own room
    studio.GenerationRequested: ["moderation.judge_prompt", "likeness.check_cameos", "rights.match_prompt"],
    moderation.PromptJudged: [RECORD],
    likeness.CameosChecked: [RECORD],
    rights.PromptMatched: [RECORD],
    # the ground of a verdict moved: the same checks look again
    studio.ChecksAskedAgain: [
        "moderation.judge_prompt",
        "likeness.check_cameos",
        "rights.match_prompt",
        "rights.match_output",
    ],
    # the last clear verdict appends `approved` and plans the run; the worker appends `started` and `made`
    studio.GenerationMade: ["moderation.measure_clip", "likeness.check_faces", "rights.match_output"],
    moderation.ClipMeasured: [RECORD],
    likeness.FacesChecked: [RECORD],
    rights.OutputMatched: [RECORD],
    # all three clear: sign, verify by two engines, and the draft is there
    studio.OutputCleared: ["provenance.sign_clip"],
    provenance.ClipSigned: ["studio.record_signatures"],
    # everyone shown is told of every use
    likeness.CameoUsed: ["notices.mail"],
    # what a machine was not sure of, what people contest and what they report
    studio.GenerationHeld: ["moderation.open_cases"],
    moderation.RefusalContested: ["moderation.open_cases"],
    moderation.ClipReported: ["moderation.open_cases"],
    moderation.CaseDecided: ["studio.follow_decisions", "studio.cascade", "rights.follow_decisions"],
    # assent is withdrawn: all that shows the person, descendants included, goes out of sight
    likeness.ConsentRevoked: ["studio.cascade"],
    likeness.GrantWithdrawn: ["studio.cascade"],
    likeness.ClipRemoved: ["studio.cascade"],
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
    likeness.LevelSet: "read by the likeness check",
    likeness.GrantGiven: "read by the likeness check",
    likeness.AskerBlocked: "read by the likeness check",
    likeness.AskerUnblocked: "read by the likeness check",
    rights.OptOutFiled: "in force, or held, in the same command",
    rights.FilingRejected: "shown on the filing page",
    rights.OptOutEnded: "read by every rights check from the log's head",
    rights.MatchesListed: "shown on the filing page",
    studio.VerdictRecorded: "the studio's own note",
    studio.HoldLifted: "the studio goes on in the same append",
    studio.GenerationApproved: "its run is planned in the same transaction",
    studio.GenerationRefused: "shown to the asker; the persons shown are told in the same transaction",
    studio.GenerationStarted: "shown as progress",
    studio.ClipDescribed: "read by the rights check of the output, and shown in the feed",
    studio.VocabularyExceeded: "shown to the asker",
    studio.GenerationSigned: "shown as a draft",
    studio.PublicationAsked: "the studio's own note",
    studio.GenerationPublished: "folded into the feed",
    studio.GenerationCancelled: "the worker stops at its next beat",
    studio.GenerationFailed: "shown to the asker",
    studio.StandingOpened: "folded into the feed",
    studio.StandingClosed: "folded into the feed",
    studio.QuotaTaken: "counted by the studio",
    studio.QuotaReturned: "counted by the studio",
    moderation.CaseOpened: "folded into the desk's queue",
}


def consumers() -> Iterator[Consumer]:
    """Every consumer that FLOW names, once, in its order."""
    names = dict.fromkeys(name for answered in FLOW.values() for name in answered)
    return (CONSUMERS[name] for name in names)


def answered_by() -> dict[str, list[str]]:
    """Event type -> consumers, as text."""
    return {BY_CLASS[fact].name: names for fact, names in FLOW.items()}
