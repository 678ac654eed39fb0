"""Generations over HTTP: ask, follow, publish, cancel."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.kernel.ids import GenerationId
from placet.people.authorization import demand
from placet.people.permissions import Thing
from placet.people.rest import Endpoint, an_id, answers, once
from placet.people.serializers import Stated
from placet.studio import commands, queries
from placet.studio.request_input import Wish, ask_of
from placet.studio.serializers import GenerationAsked, GenerationRowShown, GenerationShown, shown
from placet.studio.view_model import prompt_of, told
from placet.ui.region import region_of


class Generations(Endpoint):
    needs: ClassVar = {"GET": "generation.list", "POST": "generation.ask"}

    @answers("generations_list", GenerationRowShown(many=True))
    def get(self, _request: Request) -> Response:
        """Your own, newest first."""
        return Response(GenerationRowShown(queries.of_asker(self.actor), many=True).data)  # type: ignore[arg-type]

    @answers("generations_ask", Stated, takes=GenerationAsked, status=202)
    @once
    def post(self, request: Request, command_id: str) -> Response:
        """Recorded when this answers; the checks come next. Follow it by its id."""
        asked = GenerationAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        ask = ask_of(
            Wish(
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


class Generation(Endpoint):
    needs: ClassVar = {"GET": "generation.see"}
    decided_later: ClassVar = frozenset({"generation.see"})

    @answers("generations_follow", GenerationShown)
    def get(self, request: Request, generation: str) -> Response:
        """As its own events tell it, now."""
        found = told(an_id(generation))
        demand(request.user, "generation.see", Thing(found.asked_by, frozenset(found.cameos)))
        return Response(shown(found, prompt_of(found.id)))


class Publication(Endpoint):
    needs: ClassVar = {"POST": "generation.publish"}
    decided_later: ClassVar = frozenset({"generation.publish"})

    @answers("generations_publish", Stated, takes={})
    @once
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """`published`, or `draft` while the checks look once more: then it follows by itself."""
        draft = GenerationId(an_id(generation))
        return Response({"id": draft, "state": commands.publish(self.log, draft, self.actor, command_id)})


class Cancellation(Endpoint):
    needs: ClassVar = {"POST": "generation.cancel"}
    decided_later: ClassVar = frozenset({"generation.cancel"})

    @answers("generations_cancel", Stated, takes={})
    @once
    def post(self, _request: Request, command_id: str, generation: str) -> Response:
        """Ends it before it is a draft; its quota is given back."""
        unfinished = GenerationId(an_id(generation))
        commands.cancel(self.log, unfinished, self.actor, command_id)
        return Response({"id": unfinished, "state": "cancelled"})
