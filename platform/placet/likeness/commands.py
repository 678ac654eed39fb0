"""The likeness room's writers: load, decide, append."""

import uuid

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import ANY, Append, EventLog, EventMetadata, event_context
from placet.eventlog.store.retry import retried
from placet.kernel.ids import GenerationId, PersonId
from placet.likeness import events as e
from placet.likeness.consent import Consent, consent_of
from placet.likeness.refusals import NoLikeness, NotDepicted
from placet.studio.events import GenerationRequested, request_in


@retried
def request_enrolment(log: EventLog, person: PersonId, portrait: str, command_id: str) -> None:
    """A portrait lies in the person's private store: the faces consumer makes the template, or says what is wrong."""
    log.append(
        stream_name(e.EnrolmentRequested, person),
        [e.EnrolmentRequested(person, portrait)],
        expected=ANY,
        command_id=command_id,
    )


@retried
def set_level(log: EventLog, person: PersonId, level: e.Level, command_id: str) -> None:
    """Who may ask: only_me, approved, mutuals or everyone."""
    consent = _enrolled(log, person)
    if consent.level != level or consent.is_revoked:
        _append(log, person, consent, [e.ConsentLevelSet(person, level)], command_id)


@retried
def allow(log: EventLog, person: PersonId, to: PersonId, command_id: str) -> None:
    """Approve one asker; ends a block of theirs."""
    consent = _enrolled(log, person)
    facts: list[object] = [e.RequesterUnblocked(person, to)] if to in consent.blocked else []
    if to not in consent.grants or consent.is_revoked:
        facts.append(e.GrantIssued(person, to))
    _append(log, person, consent, facts, command_id)


@retried
def block(log: EventLog, person: PersonId, requester: PersonId, command_id: str) -> None:
    """No further use by this asker, whatever the level. What is published stays until it is removed."""
    consent = Consent.replay(log.read(consent_of(person)))
    if requester not in consent.blocked:
        _append(log, person, consent, [e.RequesterBlocked(person, requester)], command_id)


@retried
def revoke(log: EventLog, person: PersonId, from_asker: PersonId | None, command_id: str) -> None:
    """Withdraw from one asker, or (None) everything: no further use, and what shows the person goes out of sight."""
    consent = _enrolled(log, person)
    fact: object = e.GrantRevoked(person, from_asker) if from_asker else e.ConsentRevoked(person)
    _append(log, person, consent, [fact], command_id)


@retried
def remove_clip(log: EventLog, person: PersonId, generation: GenerationId, command_id: str) -> None:
    """Take one clip that shows this person out of sight, with what was made from it."""
    request = request_in(log.read(stream_name(GenerationRequested, generation)).facts)
    if request is None or person not in request.cameos:
        raise NotDepicted
    log.append(
        stream_name(e.ClipRemoved, person), [e.ClipRemoved(person, generation)], expected=ANY, command_id=command_id
    )


@retried
def record_download(log: EventLog, generation: str, downloader: str, day: str) -> None:
    """One use for each person that a clip shows, for each downloader and day; more on the same day are the same one."""
    request = request_in(log.read(stream_name(GenerationRequested, generation)).facts)
    if request is None or not request.cameos:
        return
    command_id = str(uuid.uuid5(uuid.UUID(generation), f"downloaded {downloader} {day}"))
    used = [e.CameoUsed(p, request.generation, PersonId(downloader), "downloaded") for p in sorted(request.cameos)]
    with event_context(EventMetadata(generation, actor=downloader)):
        log.append_all(
            [Append(stream_name(e.CameoUsed, fact.person), [fact], ANY, command_id=command_id) for fact in used]
        )


def _enrolled(log: EventLog, person: PersonId) -> Consent:
    consent = Consent.replay(log.read(consent_of(person)))
    if consent.enrolled is None:
        raise NoLikeness
    return consent


def _append(log: EventLog, person: PersonId, consent: Consent, facts: list[object], command_id: str) -> None:
    if facts:
        log.append(consent_of(person), facts, expected=consent.version, command_id=command_id)
