"""Aggregate of one generation, folded from its events. No clock, database or model."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream
from placet.kernel.verdict import Check
from placet.studio import events as e

State = Literal[
    "unknown", "requested", "held", "approved", "started", "rendered", "output_approved", "draft", "published",
    "refused", "cancelled", "failed", "unsupported",
]  # fmt: skip
PROMPT_CHECKS: Final[frozenset[Check]] = frozenset({"policy", "consent", "prompt_rights"})
OUTPUT_CHECKS: Final[frozenset[Check]] = frozenset({"quality", "faces", "output_rights"})
STATES: Final[dict[type[Any], State]] = {
    e.GenerationHeldForReview: "held",
    e.GenerationRefused: "refused",
    e.GenerationApproved: "approved",
    e.GenerationStarted: "started",
    e.GenerationRendered: "rendered",
    e.PromptUnsupported: "unsupported",
    e.OutputApproved: "output_approved",
    e.GenerationSigned: "draft",
    e.GenerationPublished: "published",
    e.GenerationCancelled: "cancelled",
    e.GenerationFailed: "failed",
}
ENDED: Final = frozenset({"refused", "cancelled", "failed", "unsupported"})
IN_JOB: Final = frozenset({"approved", "started"})


def stream_of(generation: str) -> str:
    """The stream of one generation."""
    return stream_name(e.GenerationRequested, generation)


@dataclass(slots=True)
class Generation:
    """The state that decisions are made from."""

    version: int = 0
    state: State = "unknown"
    request: e.GenerationRequested | None = None
    verdicts: dict[Check, e.VerdictRecorded] = field(default_factory=dict)
    attempts: dict[Check, int] = field(default_factory=dict)
    """The attempt that was last requested of each check; 1 without a recheck."""
    recheck_count: int = 0
    held: e.GenerationHeldForReview | None = None
    refused: e.GenerationRefused | None = None
    released: frozenset[str] = frozenset()
    """Codes that a reviewer has released."""
    was_approved: bool = False
    times_started: int = 0
    rendered: e.GenerationRendered | None = None
    signed: e.GenerationSigned | None = None
    is_publication_requested: bool = False
    restrictions: dict[str, str] = field(default_factory=dict)
    """Open restrictions: id of the event that opened it -> reason."""

    @classmethod
    def replay(cls, stream: Stream) -> "Generation":
        """Fold a stream."""
        self = cls(version=stream.version)
        for fact in stream.facts:
            self.apply(fact)
        return self

    @property
    def required_request(self) -> e.GenerationRequested:
        """The request. Raises `LookupError` for a generation that does not exist."""
        if self.request is None:
            raise LookupError("there is no such generation")
        return self.request

    @property
    def read_versions(self) -> dict[str, int]:
        """The read versions of all current verdicts: for each stream, the oldest version that was read."""
        versions: dict[str, int] = {}
        for verdict in self.verdicts.values():
            for stream, version in verdict.read_versions.items():
                versions[stream] = min(version, versions.get(stream, version))
        return versions

    @property
    def excluded_territories(self) -> tuple[str, ...]:
        """Where the licence of its engine forbids to show the clip."""
        engine = self.rendered.recipe.get("engine", {}) if self.rendered else {}
        return tuple(engine.get("excluded_territories", ()))

    def is_clear(self, checks: frozenset[Check]) -> bool:
        """Whether the last attempt of each of these checks is clear, or released by a reviewer."""
        return all(self._passed(check) for check in checks)

    def is_waiting_for(self, checks: frozenset[Check]) -> bool:
        """Whether the last attempt of one of these checks has no verdict yet."""
        return any(self.attempt(c) > (v.attempt if (v := self.verdicts.get(c)) else 0) for c in checks)

    def attempt(self, check: Check) -> int:
        """The attempt whose verdict counts."""
        return self.attempts.get(check, 1)

    def resting_on(self, changed: frozenset[str]) -> tuple[Check, ...]:
        """The checks whose verdict rests on one of these streams."""
        return tuple(sorted(c for c, v in self.verdicts.items() if changed & set(v.read_versions)))

    def _passed(self, check: Check) -> bool:
        verdict = self.verdicts.get(check)
        if verdict is None or verdict.attempt < self.attempt(check):
            return False
        return verdict.outcome == "clear" or verdict.code in self.released

    def apply(self, fact: Any) -> None:
        """Fold one fact."""
        match fact:
            case e.GenerationRequested():
                self.request, self.state = fact, "requested"
            case e.VerdictRecorded():
                self.verdicts[fact.check] = fact
            case e.RecheckRequested():
                self.attempts.update(dict.fromkeys(fact.checks, fact.attempt))
                self.recheck_count += 1
            case e.HoldReleased():
                self._release()
            case e.RestrictionApplied():
                self.restrictions[fact.opened_by] = fact.reason
            case e.RestrictionLifted():
                self.restrictions.pop(fact.opened_by, None)
            case e.PublicationRequested():
                self.is_publication_requested = True
            case _:
                self._step(fact)

    def _step(self, fact: Any) -> None:
        self.state = STATES.get(type(fact), self.state)
        match fact:
            case e.GenerationHeldForReview():
                self.held = fact
            case e.GenerationRefused():
                self.refused, self.is_publication_requested = fact, False
            case e.GenerationApproved():
                self.was_approved, self.recheck_count = True, 0
            case e.GenerationStarted():
                self.times_started += 1
            case e.GenerationRendered():
                self.rendered = fact
            case e.GenerationSigned():
                self.signed = fact
            case e.GenerationPublished():
                self.is_publication_requested = False

    def _release(self) -> None:
        """Return to the state in which the generation was held or refused."""
        stopped = self.refused or self.held
        if stopped is None:
            return
        self.released |= {stopped.code}
        self.held = self.refused = None
        self.recheck_count = 0
        self.state = "requested" if stopped.stage == "prompt" and not self.was_approved else "rendered"
        if self.signed is not None:
            self.state = "draft"
