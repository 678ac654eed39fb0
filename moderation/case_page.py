"""View model of the case page: subject, evidence and the policy that applied, read from the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import Http404

from moderation.commands import ALLOWED_DECISIONS, CONSENT_CODES
from moderation.events import AppealFiled, CaseDecided, CaseOpened, ClipReported, PolicyChecked, QualityChecked
from moderation.policies import CURRENT, Policy, load
from placet.eventlog.store.event import Erased, stream_name
from placet.eventlog.store.log import RecordedEvent, Stream, current_log
from placet.kernel.verdict import Verdict
from placet.likeness.events import ConsentChecked, FacesChecked
from placet.people.permissions import ResourceContext
from placet.people.queries import name_of
from placet.rights.events import OptOutFiled, OutputRightsChecked, PromptRightsChecked
from placet.studio.events import GenerationRendered, GenerationSigned, request_in
from placet.ui.highlight import segments

VERDICTS: Final = (
    PolicyChecked, ConsentChecked, PromptRightsChecked, QualityChecked, FacesChecked, OutputRightsChecked,
)  # fmt: skip
ORDER: Final = ("approve", "uphold", "dismiss", "reject", "overturn", "remove")


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a reviewer needs on one screen."""

    opened: CaseOpened
    opened_at: datetime
    version: int
    decided: CaseDecided | None
    decided_by: str
    words: str
    """The words of the reporter or the appellant."""
    requester: str
    prompt: str
    segments: tuple[tuple[str, bool], ...]
    """The prompt in pieces; True where a check found something."""
    verdicts: tuple[Verdict, ...]
    filing: OptOutFiled | None
    clip_sha256: str
    """The file that every check read; empty when nothing was rendered."""
    policy: Policy | None
    decisions: tuple[str, ...]

    @property
    def findings(self) -> tuple[Verdict, ...]:
        """The verdicts that were not clear."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome != "clear")

    @property
    def seconds_found(self) -> tuple[tuple[float, str], ...]:
        """Seconds in the clip at which a check found evidence, each with the check."""
        found = ((v, one) for v in self.findings for one in v.evidence if "second" in one)
        return tuple(sorted((float(one["second"]), v.check) for v, one in found))


def case_context(case: str) -> ResourceContext:
    """The reviewers who must not decide a case. Raises `Http404`."""
    return ResourceContext(
        excluded_persons=frozenset(
            map(str, _opened(current_log().read(stream_name(CaseOpened, case))).excluded_reviewers)
        )
    )


def case_page(case: str) -> Case:
    """Build the page of one case. Raises `Http404`."""
    log = current_log()
    stream = log.read(stream_name(CaseOpened, case))
    opened = _opened(stream)
    subject = log.read(opened.subject)
    decided = next((f for f in reversed(stream.facts) if isinstance(f, CaseDecided)), None)
    request = request_in(subject.facts)
    verdicts = _verdicts(str(request.generation)) if request else ()
    prompt = str(request.prompt) if request else ""
    return Case(
        opened=opened, opened_at=stream.events[0].at, version=stream.version, decided=decided,
        decided_by=name_of(str(decided.decided_by)) if decided else "", words=_words(opened, stream),
        requester=name_of(str(request.requested_by)) if request else "", prompt=prompt,
        segments=segments(prompt, _spans(verdicts)), verdicts=verdicts,
        filing=next((f for f in subject.facts if isinstance(f, OptOutFiled)), None), clip_sha256=_clip(subject),
        policy=policy_of(opened.code), decisions=_decisions(opened),
    )  # fmt: skip


def policy_of(code: str) -> Policy | None:
    """The policy with this refusal code, from the set in force."""
    return next((policy for policy in load(CURRENT).policies if policy.code == code), None)


def _opened(stream: Stream) -> CaseOpened:
    if not stream.facts:
        raise Http404
    fact: CaseOpened = stream.facts[0]
    return fact


def _decisions(opened: CaseOpened) -> tuple[str, ...]:
    """The decisions that are possible. No reviewer can give a person's consent or lift zero tolerance."""
    allowed = ALLOWED_DECISIONS[opened.kind]
    if opened.is_zero_tolerance or opened.code in CONSENT_CODES:
        allowed -= {"approve", "overturn"}
    return tuple(decision for decision in ORDER if decision in allowed)


def _verdicts(generation: str) -> tuple[Verdict, ...]:
    """The last verdict of every check."""
    names = [stream_name(kind, generation) for kind in VERDICTS]
    streams = current_log().read_many(names)
    last = [streams[name].facts[-1:] for name in names]
    return tuple(fact for facts in last for fact in facts if isinstance(fact, Verdict))


def _spans(verdicts: tuple[Verdict, ...]) -> tuple[tuple[int, int], ...]:
    found: list[dict[str, Any]] = [one for v in verdicts if v.outcome != "clear" for one in v.evidence if "span" in one]
    return tuple(sorted((int(one["span"][0]), int(one["span"][1])) for one in found))


def _words(opened: CaseOpened, case: Stream) -> str:
    """What a person wrote, decrypted for the reviewer."""
    correlated = current_log().read_correlated(case.events[0].correlation_id)
    cause: RecordedEvent | None = next((ev for ev in correlated if ev.event_id == opened.opened_by_event), None)
    if cause is None or not isinstance(cause.fact, ClipReported | AppealFiled):
        return ""
    return "" if isinstance(cause.fact.words, Erased) else cause.fact.words


def _clip(subject: Stream) -> str:
    signed = [f.sha256 for f in subject.facts if isinstance(f, GenerationSigned)]
    rendered = [f.sha256 for f in subject.facts if isinstance(f, GenerationRendered)]
    return next(iter([*reversed(signed), *reversed(rendered)]), "")
