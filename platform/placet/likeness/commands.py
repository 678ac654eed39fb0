"""Commands of the likeness room: load, decide, append."""

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
    """Request an enrolment with a portrait in the private store. `likeness.enrol` makes the template or refuses."""
    log.append(
        stream_name(e.EnrolmentRequested, person),
        [e.EnrolmentRequested(person, portrait)],
        expected=ANY,
        command_id=command_id,
    )


@retried
def set_level(log: EventLog, person: PersonId, level: e.Level, command_id: str) -> None:
    """Set who may use the likeness: only_me, approved, mutuals or everyone."""
    consent = _enrolled(log, person)
    if consent.level != level or consent.is_revoked:
        _append(log, person, consent, [e.ConsentLevelSet(person, level)], command_id)


@retried
def allow(log: EventLog, person: PersonId, to: PersonId, command_id: str) -> None:
    """Grant the use to one requester; ends a block of theirs."""
    consent = _enrolled(log, person)
    facts: list[object] = [e.RequesterUnblocked(person, to)] if to in consent.blocked else []
    if to not in consent.grants or consent.is_revoked:
        facts.append(e.GrantIssued(person, to))
    _append(log, person, consent, facts, command_id)


@retried
def block(log: EventLog, person: PersonId, requester: PersonId, command_id: str) -> None:
    """Block one requester: no further use, whatever the level. Published clips stay until they are removed."""
    consent = Consent.replay(log.read(consent_of(person)))
    if requester not in consent.blocked:
        _append(log, person, consent, [e.RequesterBlocked(person, requester)], command_id)


@retried
def revoke(log: EventLog, person: PersonId, from_requester: PersonId | None, command_id: str) -> None:
    """Revoke the grant of one requester, or (None) all consent: no further use, and clips are taken down."""
    consent = _enrolled(log, person)
    fact: object = e.GrantRevoked(person, from_requester) if from_requester else e.ConsentRevoked(person)
    _append(log, person, consent, [fact], command_id)


@retried
def remove_clip(log: EventLog, person: PersonId, generation: GenerationId, command_id: str) -> None:
    """Take down one clip that shows this person, and its descendants."""
    request = request_in(log.read(stream_name(GenerationRequested, generation)).facts)
    if request is None or person not in request.cameos:
        raise NotDepicted
    log.append(
        stream_name(e.ClipRemoved, person), [e.ClipRemoved(person, generation)], expected=ANY, command_id=command_id
    )


@retried
def record_download(log: EventLog, generation: str, downloader: str, day: str) -> None:
    """Record one use per person shown, downloader and day; further downloads on that day add nothing."""
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
