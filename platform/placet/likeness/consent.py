"""Aggregate: the consent of one person, and whether it allows a requester. No clock, no database."""

from dataclasses import dataclass, field
from typing import Any, Final

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream
from placet.likeness import events as e


def consent_of(person: str) -> str:
    """The serialized stream of a person's consent."""
    return stream_name(e.ConsentLevelSet, person)


def uses_of(person: str) -> str:
    """The stream of all uses of a person's likeness; the version of a use is its number."""
    return stream_name(e.CameoUsed, person)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a requester may not use a likeness."""

    code: str
    rule: str
    what_would_pass: str


@dataclass(slots=True)
class Consent:
    """Level, grants and blocks of one person."""

    version: int = 0
    enrolled: e.LikenessEnrolled | None = None
    level: e.Level = "approved"
    grants: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    is_revoked: bool = False

    @classmethod
    def replay_cached(cls, stream: Stream) -> "Consent":
        """`replay`, cached by the stream's last event: the history before an event never changes."""
        if not stream.events:
            return cls()
        last = stream.events[-1].event_id
        if last not in _CACHE:
            if len(_CACHE) >= MAX_CACHED:
                _CACHE.clear()
            _CACHE[last] = cls.replay(stream)
        return _CACHE[last]

    @classmethod
    def replay(cls, stream: Stream) -> "Consent":
        """Fold a consent stream."""
        self = cls(version=stream.version)
        for fact in stream.facts:
            self.apply(fact)
        return self

    def apply(self, fact: Any) -> None:
        """Fold one fact."""
        match fact:
            case e.LikenessEnrolled():
                self.enrolled = fact
            case e.ConsentLevelSet(level=level):
                self.level, self.is_revoked = level, False
            case e.GrantIssued(to=to):
                self.grants.add(to)
                self.is_revoked = False
            case e.GrantRevoked(to=to):
                self.grants.discard(to)
            case e.ConsentRevoked():
                self.is_revoked, self.level = True, "approved"
                self.grants.clear()
            case e.RequesterBlocked(requester=requester):
                self.blocked.add(requester)
                self.grants.discard(requester)
            case e.RequesterUnblocked(requester=requester):
                self.blocked.discard(requester)

    def objection(self, requester: str, person: str, *, are_mutuals: bool) -> Objection | None:
        """Why this requester may not use the likeness; None when they may."""
        if self.enrolled is None:
            return UNKNOWN
        if self.is_revoked:
            return REVOKED
        if requester == person:
            return None
        if requester in self.blocked:
            return BLOCKED
        return None if self._allows(requester, are_mutuals=are_mutuals) else MISSING

    def _allows(self, requester: str, *, are_mutuals: bool) -> bool:
        match self.level:
            case "everyone":
                return True
            case "mutuals":
                return are_mutuals or requester in self.grants
            case "approved":
                return requester in self.grants
            case "only_me":
                return False


MAX_CACHED: Final = 2_000
_CACHE: Final[dict[str, Consent]] = {}
UNKNOWN = Objection(
    "likeness_unknown", "the person has no enrolled likeness", "Leave the likeness out, or invite the person to enrol."
)
REVOKED = Objection(
    "consent_revoked", "the person has revoked all consent", "Nothing, unless the person grants it again."
)
MISSING = Objection(
    "consent_missing",
    "the person has not approved this requester",
    "The person's approval: they can give it on their likeness page.",
)
BLOCKED = Objection(
    "consent_missing",
    "the person has blocked this requester",
    "The person's approval: they can give it on their likeness page.",
)
