"""View model of the likeness page, read from the log itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream, current_log
from placet.likeness import events as e
from placet.likeness.consent import Consent, consent_of
from placet.people.queries import Person, people

MAX_CHANGES: Final = 20
CHANGE_TEXTS: Final[dict[type[Any], Any]] = {
    e.LikenessEnrolled: _("Enrolled"),
    e.ConsentLevelSet: _("Level set"),
    e.GrantIssued: _("Person approved"),
    e.GrantRevoked: _("Approval withdrawn"),
    e.ConsentRevoked: _("All consent revoked"),
    e.RequesterBlocked: _("Person blocked"),
    e.RequesterUnblocked: _("Block lifted"),
}


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One recorded change of a consent; the person can get a receipt for it."""

    text: str
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class LikenessPage:
    """The current consent with names for ids; `enrolment` is empty, `requested`, `enrolled` or `refused`."""

    consent: Consent
    enrolment: str
    refused: e.EnrolmentRefused | None
    approved: tuple[Person, ...]
    blocked: tuple[Person, ...]
    changes: tuple[ConsentChange, ...]
    """Newest first."""

    @property
    def is_enrolled(self) -> bool:
        return self.consent.enrolled is not None

    @property
    def level(self) -> str:
        return self.consent.level

    @property
    def is_revoked(self) -> bool:
        return self.consent.is_revoked


def likeness_page(person: str) -> LikenessPage:
    """Build the page of one person."""
    log = current_log()
    stream = log.read(consent_of(person))
    consent = Consent.replay(stream)
    last = next(iter(reversed(log.read(stream_name(e.EnrolmentRequested, person)).facts)), None)
    refused = last if isinstance(last, e.EnrolmentRefused) else None
    is_requested = consent.enrolled is None and isinstance(last, e.EnrolmentRequested)
    otherwise = "enrolled" if consent.enrolled else "refused" if refused else ""
    state = "requested" if is_requested else otherwise
    names = people(sorted(consent.grants | consent.blocked))
    approved, blocked = _named(names, consent.grants), _named(names, consent.blocked)
    return LikenessPage(consent, state, refused, approved, blocked, _changes(stream))


def _changes(stream: Stream) -> tuple[ConsentChange, ...]:
    known = [event for event in reversed(stream.events) if type(event.fact) in CHANGE_TEXTS]
    return tuple(ConsentChange(CHANGE_TEXTS[type(one.fact)], one.at, one.event_id) for one in known[:MAX_CHANGES])


def _named(names: dict[str, Person], persons: set[str]) -> tuple[Person, ...]:
    return tuple(sorted((names[p] for p in persons if p in names), key=lambda one: str(one.name)))
