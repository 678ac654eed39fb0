"""Commands of the people room: load, decide, append."""

import hashlib
import secrets
import uuid

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog, EventMetadata, event_context
from placet.eventlog.store.retry import retried
from placet.kernel.ids import MalformedId, PersonId, parse_uuid
from placet.people import events as e
from placet.people.refusals import InviteInvalid, PersonNotFound


@retried
def join(log: EventLog, fact: e.PersonJoined, command_id: str) -> PersonId:
    """Record that a person joined. The same command records it once."""
    log.append(stream_name(e.PersonJoined, fact.person), [fact], expected=0, command_id=command_id)
    return fact.person


@retried
def issue_invite(log: EventLog, by: PersonId, command_id: str) -> str:
    """A new invite code, `<invite>.<secret>`; only its hash is recorded. A repeated command returns another code."""
    invite, secret = str(uuid.uuid4()), secrets.token_urlsafe(24)
    code_sha256 = hashlib.sha256(secret.encode()).hexdigest()
    log.append(
        stream_name(e.InviteIssued, invite),
        [e.InviteIssued(invite, by, code_sha256)],
        expected=0,
        command_id=command_id,
    )
    return f"{invite}.{secret}"


@retried
def take_invite(log: EventLog, code: str, name: str, email: str, command_id: str) -> PersonId:
    """Join by invitation, as a creator. Raises `InviteInvalid`."""
    invite, _, secret = code.partition(".")
    try:
        stream = log.read(stream_name(e.InviteIssued, parse_uuid(invite)))
    except MalformedId:
        raise InviteInvalid from None
    issued = stream.facts[0] if stream.version == 1 else None
    if issued is None or issued.code_sha256 != hashlib.sha256(secret.encode()).hexdigest():
        raise InviteInvalid
    person = PersonId(str(uuid.uuid5(uuid.UUID(command_id), "person")))
    log.append(stream.name, [e.InviteTaken(invite, person)], expected=1, command_id=command_id)
    return join(log, e.PersonJoined(person, name, email, ("creator",), invite), command_id)


@retried
def request_erasure(log: EventLog, person: PersonId, by: PersonId, command_id: str) -> None:
    """Request the erasure of a person and their data. It cannot be undone; a second request adds nothing."""
    if not log.heads([stream_name(e.PersonJoined, person)])[stream_name(e.PersonJoined, person)]:
        raise PersonNotFound
    stream = log.read(erasure_of(person))
    if not stream.events:
        with event_context(EventMetadata(person, actor=by)):
            log.append(stream.name, [e.ErasureRequested(person, by)], expected=0, command_id=command_id)


def erasure_of(person: str) -> str:
    """The stream of a person's erasure: requested, prepared, erased."""
    return stream_name(e.ErasureRequested, person)


@retried
def follow(log: EventLog, person: PersonId, follows: PersonId, command_id: str) -> None:
    """Follow a person. Two people who follow each other are mutuals."""
    stream = log.read(stream_name(e.FollowStarted, person))
    if follows not in following(stream.facts):
        log.append(stream.name, [e.FollowStarted(person, follows)], expected=stream.version, command_id=command_id)


@retried
def unfollow(log: EventLog, person: PersonId, follows: PersonId, command_id: str) -> None:
    """Stop following a person."""
    stream = log.read(stream_name(e.FollowStarted, person))
    if follows in following(stream.facts):
        log.append(stream.name, [e.FollowEnded(person, follows)], expected=stream.version, command_id=command_id)


def following(facts: tuple[object, ...]) -> set[str]:
    """The people whom a person follows, from the facts of their stream."""
    follows: set[str] = set()
    for fact in facts:
        match fact:
            case e.FollowStarted(follows=who):
                follows.add(who)
            case e.FollowEnded(follows=who):
                follows.discard(who)
    return follows
