"""Opt-outs over HTTP."""

import uuid
from collections.abc import Callable
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from placet.eventlog.store.event import stream_name
from placet.kernel.ids import FilingId, PersonId, parse_uuid
from placet.people.authorization import require_permission
from placet.people.permissions import ResourceContext, can
from placet.people.rest import ApiEndpoint, documented, idempotent
from placet.people.serializers import StatusSerializer
from placet.rights.aggregate import Filing
from placet.rights.commands import FileOptOut, end_opt_out, file_opt_out
from placet.rights.events import OptOutFiled
from placet.rights.models import FilingRow
from placet.rights.queries import filing as row_of
from placet.rights.queries import filings_of
from placet.rights.refusals import FilingNotFound
from placet.rights.serializers import FilingRequestSerializer, FilingSerializer, FilingStateSerializer


class OptOuts(ApiEndpoint):
    """`engine_words`: the engine's vocabulary; a filing of these words alone waits for a reviewer."""

    engine_words: Callable[[], frozenset[str]] = frozenset
    permissions: ClassVar = {"GET": "opt_out.list", "POST": "opt_out.file"}

    @documented("opt_outs_list", FilingSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """Your own filings, newest first."""
        return Response(FilingSerializer(filings_of(self.actor), many=True).data)

    @documented("opt_outs_file", FilingStateSerializer, takes=FilingRequestSerializer, status=201)
    @idempotent
    def post(self, request: Request, command_id: str) -> Response:
        """In force with the response, or waiting for a reviewer when a name would block too much."""
        body = FilingRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        filing, state = file_opt_out(self.log, _filing(body, self.actor, command_id), self.engine_words())
        reason = Filing.replay(self.log.read(stream_name(OptOutFiled, filing))).reason
        return Response({"id": filing, "state": state, "reason": reason}, 201)


class OptOut(ApiEndpoint):
    permissions: ClassVar = {"GET": "opt_out.view", "DELETE": "opt_out.end"}
    object_level: ClassVar = frozenset({"opt_out.view", "opt_out.end"})

    @documented("opt_outs_view", FilingSerializer)
    def get(self, request: Request, filing: str) -> Response:
        row = _row(filing)
        require_permission(request.user, "opt_out.view", ResourceContext(str(row.holder)))
        return Response(FilingSerializer(row).data)

    @documented("opt_outs_end", StatusSerializer)
    def delete(self, request: Request, filing: str) -> Response:
        """End an opt-out: it applies to nothing from now on. What it blocked before stays recorded."""
        ended = FilingId(parse_uuid(filing))
        is_operator = can(request.user, "opt_out.end", ResourceContext(owner="somebody else"))
        end_opt_out(self.log, ended, self.actor, str(uuid.uuid4()), is_operator=is_operator)
        return Response({"id": ended, "state": "ended"})


def _filing(body: FilingRequestSerializer, holder: PersonId, command_id: str) -> FileOptOut:
    fields = body.validated_data
    return FileOptOut(
        id=command_id,
        holder=holder,
        names=tuple(fields["names"]),
        description=fields["description"],
        acts=tuple(sorted(fields.get("acts") or ("generation", "training"))),
        regions=tuple(fields.get("regions") or ("*",)),
        until=fields["until"],
        statement=fields["statement"],
    )


def _row(filing: str) -> FilingRow:
    row = row_of(parse_uuid(filing))
    if row is None:
        raise FilingNotFound
    return row
