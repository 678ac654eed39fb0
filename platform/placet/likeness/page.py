"""A person's likeness as their page shows it, read from the log itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from placet.eventlog.store.log import Stream, current_log
from placet.likeness import events as e
from placet.likeness.consent import Consent, consent_of
from placet.people.queries import Person, people

MOST_WRITTEN: Final = 20
SAID: Final[dict[type[Any], Any]] = {
    e.LikenessEnrolled: _("Enrolled"),
    e.LevelSet: _("Level set"),
    e.GrantGiven: _("Somebody approved"),
    e.GrantWithdrawn: _("Leave withdrawn"),
    e.ConsentRevoked: _("Everything stopped"),
    e.AskerBlocked: _("Somebody blocked"),
    e.AskerUnblocked: _("Block lifted"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """One change of a consent as it stands in the log: the person may have a receipt of it."""

    said: str
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class LikenessShown:
    """Consent as it stands, with names for ids; `enrolment` is empty, `asked`, `enrolled`, or `refused`."""

    consent: Consent
    enrolment: str
    refused: e.EnrolmentRefused | None
    approved: tuple[Person, ...]
    blocked: tuple[Person, ...]
    written: tuple[Written, ...]
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


def likeness_shown(person: str) -> LikenessShown:
    """One person's likeness."""
    log = current_log()
    stream = log.read(consent_of(person))
    consent = Consent.replay(stream)
    last = next(iter(reversed(log.read(f"enrolment-{person}").facts)), None)
    refused = last if isinstance(last, e.EnrolmentRefused) else None
    asked = consent.enrolled is None and isinstance(last, e.EnrolmentAsked)
    state = (
        "asked" if asked else "refused" if refused and not consent.enrolled else "enrolled" if consent.enrolled else ""
    )
    names = people(sorted(consent.grants | consent.blocked))
    approved, blocked = _named(names, consent.grants), _named(names, consent.blocked)
    return LikenessShown(consent, state, refused, approved, blocked, _written(stream))


def _written(stream: Stream) -> tuple[Written, ...]:
    known = [event for event in reversed(stream.events) if type(event.fact) in SAID]
    return tuple(Written(SAID[type(one.fact)], one.at, one.event_id) for one in known[:MOST_WRITTEN])


def _named(names: dict[str, Person], persons: set[str]) -> tuple[Person, ...]:
    return tuple(sorted((names[p] for p in persons if p in names), key=lambda one: str(one.name)))
