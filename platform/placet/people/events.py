"""People: who is here, in which roles, and by whose invitation."""

from typing import Annotated

from placet.eventlog.store.event import Encrypted, EncryptedFor, PersonId, event


@event("people.person_joined.v1", stream="person")
class PersonJoined:
    """Somebody joined. Roles: creator, reviewer, rights_holder, operator."""

    person: PersonId
    name: Annotated[Encrypted, EncryptedFor("person")]
    email: Annotated[Encrypted, EncryptedFor("person")]
    roles: tuple[str, ...]
    invite: str | None = None


@event("people.erasure_requested.v1", stream="erasure")
class ErasureRequested:
    """Somebody is to be forgotten: they asked it themselves, or the operator did for them. Sign-in ends with this."""

    person: PersonId
    requested_by: PersonId


@event("people.erasure_prepared.v1", stream="erasure")
class ErasurePrepared:
    """Their key is destroyed, their consent withdrawn, and what they had begun, or what shows them, is ended."""

    person: PersonId


@event("people.person_erased.v1", stream="erasure", clears_caches=True)
class PersonErased:
    """Nothing of theirs can be read any more, by anybody: this is the acknowledgement."""

    person: PersonId
    clips: int
    """Clips whose bytes are gone: asked for by them, or showing them."""
    private_files: int


@event("people.follow_started.v1", stream="follow")
class FollowStarted:
    """One person follows another; both ways round they are mutuals."""

    person: PersonId
    follows: PersonId


@event("people.follow_ended.v1", stream="follow")
class FollowEnded:
    person: PersonId
    follows: PersonId


@event("people.invite_issued.v1", stream="invite")
class InviteIssued:
    """An invitation for one newcomer. The code itself is known to its holder alone."""

    invite: str
    issued_by: PersonId
    code_sha256: str


@event("people.invite_taken.v1", stream="invite")
class InviteTaken:
    invite: str
    taken_by: PersonId
