"""Generations over HTTP: request, follow, publish, cancel."""

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
        """Your own generations, newest first."""
        return Response(GenerationRowSerializer(queries.of_requester(self.actor), many=True).data)  # type: ignore[arg-type]

    @documented("generations_create", StatusSerializer, takes=GenerationRequestSerializer, status=202)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """Request a generation. It is recorded with the response; the checks follow. Follow it by its id."""
        body = GenerationRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        command = to_command(
            GenerationInput(
                prompt=fields["prompt"],
                likenesses=tuple(fields.get("likenesses", ())),
                parent=str(fields["parent"]) if fields["parent"] else None,
                extends=fields["extends"],
                image=fields["image"].read() if fields["image"] else None,
                seconds=fields["seconds"],
                size=fields["size"],
                engine=fields.get("engine", ""),
            ),
            self.actor,
            command_id,
            region_of(request.headers),
        )
        return Response({"id": commands.request_generation(self.log, command), "state": "requested"}, 202)


class GenerationDetail(ApiEndpoint):
    permissions: ClassVar = {"GET": "generation.view"}
    object_level: ClassVar = frozenset({"generation.view"})

    @documented("generations_view", GenerationSerializer)
    def get(self, request: Request, generation: str) -> Response:
        """The current state of a generation, from its own events."""
        view = generation_view(parse_uuid(generation))
        require_permission(request.user, "generation.view", ResourceContext(view.requested_by, frozenset(view.cameos)))
        return Response(to_json(view, prompt_of(view.id)))


class Publication(ApiEndpoint):
    permissions: ClassVar = {"POST": "generation.publish"}
    object_level: ClassVar = frozenset({"generation.publish"})

    @documented("generations_publish", StatusSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """Publish a draft. Returns `published`, or `draft` while checks run again; it is published after them."""
        draft = GenerationId(parse_uuid(generation))
        return Response({"id": draft, "state": commands.publish(self.log, draft, self.actor, command_id)})


class Cancellation(ApiEndpoint):
    permissions: ClassVar = {"POST": "generation.cancel"}
    object_level: ClassVar = frozenset({"generation.cancel"})

    @documented("generations_cancel", StatusSerializer, takes={})
    @idempotent
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """Cancel a generation before it is a draft; its quota is released."""
        unfinished = GenerationId(parse_uuid(generation))
        commands.cancel(self.log, unfinished, self.actor, command_id)
        return Response({"id": unfinished, "state": "cancelled"})
