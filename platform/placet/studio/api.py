"""Generations over HTTP: ask, follow, publish, cancel."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.kernel.ids import GenerationId, parse_uuid
from placet.people.authorization import require_permission
from placet.people.permissions import ResourceContext
from placet.people.rest import ApiEndpoint, documented, idempotent
from placet.people.serializers import StatusSerializer
from placet.studio import commands, queries
from placet.studio.request_input import GenerationInput, to_command
from placet.studio.serializers import (
    GenerationRequestSerializer,
    GenerationRowSerializer,
    GenerationSerializer,
    to_json,
)
from placet.studio.view_model import generation_view, prompt_of
from placet.ui.region import region_of


class Generations(ApiEndpoint):
    permissions: ClassVar = {"GET": "generation.list", "POST": "generation.create"}

    @documented("generations_list", GenerationRowSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """Your own, newest first."""
        return Response(GenerationRowSerializer(queries.of_requester(self.actor), many=True).data)  # type: ignore[arg-type]

    @documented("generations_ask", StatusSerializer, takes=GenerationRequestSerializer, status=202)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Recorded when this answers; the checks come next. Follow it by its id."""
        asked = GenerationRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        ask = to_command(
            GenerationInput(
                prompt=wish["prompt"],
                likenesses=tuple(wish.get("likenesses", ())),
                parent=str(wish["parent"]) if wish["parent"] else None,
                extends=wish["extends"],
                image=wish["image"].read() if wish["image"] else None,
                seconds=wish["seconds"],
                size=wish["size"],
                engine=wish.get("engine", ""),
            ),
            self.actor,
            command_id,
            region_of(request.headers),
        )
        return Response({"id": commands.request_generation(self.log, ask), "state": "requested"}, 202)


class GenerationDetail(ApiEndpoint):
    permissions: ClassVar = {"GET": "generation.view"}
    object_level: ClassVar = frozenset({"generation.view"})

    @documented("generations_follow", GenerationSerializer)
    def get(self, request: Request, generation: str) -> Response:
        """As its own events tell it, now."""
        found = generation_view(parse_uuid(generation))
        require_permission(
            request.user, "generation.view", ResourceContext(found.requested_by, frozenset(found.cameos))
        )
        return Response(to_json(found, prompt_of(found.id)))


class Publication(ApiEndpoint):
    permissions: ClassVar = {"POST": "generation.publish"}
    object_level: ClassVar = frozenset({"generation.publish"})

    @documented("generations_publish", StatusSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """`published`, or `draft` while the checks look once more: then it follows by itself."""
        draft = GenerationId(parse_uuid(generation))
        return Response({"id": draft, "state": commands.publish(self.log, draft, self.actor, command_id)})


class Cancellation(ApiEndpoint):
    permissions: ClassVar = {"POST": "generation.cancel"}
    object_level: ClassVar = frozenset({"generation.cancel"})

    @documented("generations_cancel", StatusSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """Ends it before it is a draft; its quota is given back."""
        unfinished = GenerationId(parse_uuid(generation))
        commands.cancel(self.log, unfinished, self.actor, command_id)
        return Response({"id": unfinished, "state": "cancelled"})
