"""One's own likeness over HTTP: enrol, say who may ask, take out, withdraw. Nobody reaches anybody else's here."""

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
    """Whatever is done, the answer is how the likeness stands afterwards, from its own events."""

    permissions: ClassVar = dict.fromkeys(("GET", "PUT", "POST", "DELETE"), "likeness.manage")

    def stands(self, status: int = 200) -> Response:
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
    @documented("likeness_see", LikenessSerializer)
    def get(self, _request: Request) -> Response:
        return self.stands()


class Portrait(OwnLikeness):
    @documented("likeness_enrol", LikenessSerializer, takes={"multipart/form-data": PortraitSerializer}, status=202)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Hand in a portrait; `enrolment` tells later whether it could be used."""
        asked = PortraitSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        portrait = private().keep(self.actor, normalise_image(asked.validated_data["portrait"].read()))
        commands.request_enrolment(self.log, self.actor, portrait, command_id)
        return self.stands(202)


class LevelOfConsent(OwnLikeness):
    @documented("likeness_level", LikenessSerializer, takes=ConsentLevelSerializer)
    def put(self, request: Request) -> Response:
        """Who may ask: only_me, approved, mutuals or everyone."""
        asked = ConsentLevelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        commands.set_level(self.log, self.actor, asked.validated_data["level"], _fresh())
        return self.stands()


class Grant(OwnLikeness):
    @documented("likeness_allow", LikenessSerializer)
    def put(self, _request: Request, to: str) -> Response:
        """Let one person ask; ends a block of theirs."""
        commands.allow(self.log, self.actor, _somebody(to), _fresh())
        return self.stands()

    @documented("likeness_withdraw", LikenessSerializer)
    def delete(self, _request: Request, to: str) -> Response:
        """Withdraw from one person: what they made with your likeness goes out of sight."""
        commands.revoke(self.log, self.actor, _somebody(to), _fresh())
        return self.stands()


class Block(OwnLikeness):
    @documented("likeness_block", LikenessSerializer)
    def put(self, _request: Request, requester: str) -> Response:
        """No further use by this person, whatever the level."""
        commands.block(self.log, self.actor, _somebody(requester), _fresh())
        return self.stands()


class Revocation(OwnLikeness):
    @documented("likeness_revoke", LikenessSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str) -> Response:
        """The one switch: every grant ends, and everything that shows you goes out of sight within seconds."""
        commands.revoke(self.log, self.actor, None, command_id)
        return self.stands()


class Removal(OwnLikeness):
    @documented("likeness_remove", LikenessSerializer, takes=RemovalSerializer)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Take one clip that shows you out of sight, with what was made from it."""
        asked = RemovalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        clip = GenerationId(str(asked.validated_data["generation"]))
        commands.remove_clip(self.log, self.actor, clip, command_id)
        return self.stands()


def _somebody(text: str) -> PersonId:
    return person(parse_uuid(text)).person


def _fresh() -> str:
    return str(uuid.uuid4())
