"""Events of people: who joined, with which roles, by which invitation; follows and erasures."""

from typing import Annotated

from placet.eventlog.store.event import Encrypted, EncryptedFor, PersonId, event


@event("people.person_joined.v1", stream="person")
class PersonJoined:
    """A person joined. Roles: creator, reviewer, rights_holder, operator."""

    person: PersonId
    name: Annotated[Encrypted, EncryptedFor("person")]
    email: Annotated[Encrypted, EncryptedFor("person")]
    roles: tuple[str, ...]
    invite: str | None = None


@event("people.erasure_requested.v1", stream="erasure")
class ErasureRequested:
    """An erasure was requested, by the person or by an operator for them. The account can no longer sign in."""

    person: PersonId
    requested_by: PersonId


@event("people.erasure_prepared.v1", stream="erasure")
class ErasurePrepared:
    """The person's key is destroyed, their consent is revoked, and generations by them or showing them are ended."""

    person: PersonId


@event("people.person_erased.v1", stream="erasure", clears_caches=True)
class PersonErased:
    """Acknowledgement: no data of the person can be read any more."""

    person: PersonId
    clips: int
    """Clips whose bytes are deleted: those they requested and those that show them."""
    private_files: int


@event("people.follow_started.v1", stream="follow")
class FollowStarted:
    """One person follows another. Two people who follow each other are mutuals."""

    person: PersonId
    follows: PersonId


@event("people.follow_ended.v1", stream="follow")
class FollowEnded:
    person: PersonId
    follows: PersonId


@event("people.invite_issued.v1", stream="invite")
class InviteIssued:
    """An invitation for one person. Only the hash of the code is recorded."""

    invite: str
    issued_by: PersonId
    code_sha256: str


@event("people.invite_taken.v1", stream="invite")
class InviteTaken:
    invite: str
    taken_by: PersonId
