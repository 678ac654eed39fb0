"""A person's own likeness over HTTP: enrol, set the consent level, grant, block, revoke, remove a clip."""

import uuid
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.kernel.ids import GenerationId, PersonId, parse_uuid
from placet.likeness import commands
from placet.likeness.consent import Consent, consent_of
from placet.likeness.queries import likeness_of
from placet.likeness.serializers import (
    ConsentLevelSerializer,
    LikenessSerializer,
    PortraitSerializer,
    RemovalSerializer,
)
from placet.media.sandbox_client import normalise_image
from placet.media.storage import private
from placet.people.queries import person
from placet.people.rest import ApiEndpoint, documented, idempotent


class OwnLikeness(ApiEndpoint):
    """Every method returns the state of the likeness afterwards, from its own events."""

    permissions: ClassVar = dict.fromkeys(("GET", "PUT", "POST", "DELETE"), "likeness.manage")

    def state(self, status: int = 200) -> Response:
        consent = Consent.replay(self.log.read(consent_of(self.actor)))
        return Response(
            {
                "is_enrolled": consent.enrolled is not None,
                "enrolment": likeness_of(self.actor).enrolment,
                "level": consent.level,
                "is_revoked": consent.is_revoked,
                "allowed": sorted(consent.grants),
                "blocked": sorted(consent.blocked),
            },
            status,
        )


class Likeness(OwnLikeness):
    @documented("likeness_view", LikenessSerializer)
    def get(self, _request: Request) -> Response:
        return self.state()


class Portrait(OwnLikeness):
    @documented("likeness_enrol", LikenessSerializer, takes={"multipart/form-data": PortraitSerializer}, status=202)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Upload a portrait; `enrolment` says later whether it could be used."""
        body = PortraitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        portrait = private().keep(self.actor, normalise_image(body.validated_data["portrait"].read()))
        commands.request_enrolment(self.log, self.actor, portrait, command_id)
        return self.state(202)


class LevelOfConsent(OwnLikeness):
    @documented("likeness_level", LikenessSerializer, takes=ConsentLevelSerializer)
    def put(self, request: Request) -> Response:
        """Set who may use the likeness: only_me, approved, mutuals or everyone."""
        body = ConsentLevelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        commands.set_level(self.log, self.actor, body.validated_data["level"], _new_command_id())
        return self.state()


class Grant(OwnLikeness):
    @documented("likeness_allow", LikenessSerializer)
    def put(self, _request: Request, to: str) -> Response:
        """Grant the use to one person; ends a block of theirs."""
        commands.allow(self.log, self.actor, _person_id(to), _new_command_id())
        return self.state()

    @documented("likeness_revoke_grant", LikenessSerializer)
    def delete(self, _request: Request, to: str) -> Response:
        """Revoke the grant of one person: clips that they made with your likeness are taken down."""
        commands.revoke(self.log, self.actor, _person_id(to), _new_command_id())
        return self.state()


class Block(OwnLikeness):
    @documented("likeness_block", LikenessSerializer)
    def put(self, _request: Request, requester: str) -> Response:
        """Block one person: no further use, whatever the level."""
        commands.block(self.log, self.actor, _person_id(requester), _new_command_id())
        return self.state()


class Revocation(OwnLikeness):
    @documented("likeness_revoke", LikenessSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str) -> Response:
        """Revoke all consent: every grant ends, and every clip that shows you is taken down within seconds."""
        commands.revoke(self.log, self.actor, None, command_id)
        return self.state()


class Removal(OwnLikeness):
    @documented("likeness_remove", LikenessSerializer, takes=RemovalSerializer)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Take down one clip that shows you, and its remixes."""
        body = RemovalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        clip = GenerationId(str(body.validated_data["generation"]))
        commands.remove_clip(self.log, self.actor, clip, command_id)
        return self.state()


def _person_id(text: str) -> PersonId:
    return person(parse_uuid(text)).person


def _new_command_id() -> str:
    return str(uuid.uuid4())
