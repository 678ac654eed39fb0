"""A person's likeness as their page shows it, read from the log itself."""

from dataclasses import dataclass

from placet.eventlog.log import current_log
from placet.likeness import events as e
from placet.likeness.consent import Consent, consent_of
from placet.people.queries import Person, people


@dataclass(frozen=True, slots=True)
class LikenessShown:
    """Consent as it stands, with names for ids; `enrolment` is empty, `asked`, `enrolled`, or `refused`."""

    consent: Consent
    enrolment: str
    refused: e.EnrolmentRefused | None
    approved: tuple[Person, ...]
    blocked: tuple[Person, ...]

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
    consent = Consent.replay(log.read(consent_of(person)))
    last = next(iter(reversed(log.read(f"enrolment-{person}").facts)), None)
    refused = last if isinstance(last, e.EnrolmentRefused) else None
    asked = consent.enrolled is None and isinstance(last, e.EnrolmentAsked)
    state = (
        "asked" if asked else "refused" if refused and not consent.enrolled else "enrolled" if consent.enrolled else ""
    )
    names = people(sorted(consent.grants | consent.blocked))
    return LikenessShown(consent, state, refused, _named(names, consent.grants), _named(names, consent.blocked))


def _named(names: dict[str, Person], persons: set[str]) -> tuple[Person, ...]:
    return tuple(sorted((names[p] for p in persons if p in names), key=lambda one: str(one.name)))
