"""Moderation over HTTP: appeal, report, list cases, decide."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from moderation.commands import DecideCase, decide_case, file_appeal, report
from moderation.queries import open_cases
from moderation.serializers import AppealSerializer, CaseSerializer, DecisionSerializer, ReportSerializer
from placet.kernel.ids import CaseId, GenerationId, parse_uuid
from placet.people.rest import ApiEndpoint, documented, idempotent
from placet.people.serializers import StatusSerializer


class Appeal(ApiEndpoint):
    permissions: ClassVar = {"POST": "generation.appeal"}
    object_level: ClassVar = frozenset({"generation.appeal"})

    @documented("generations_appeal", StatusSerializer, takes=AppealSerializer, status=201)
    @idempotent
    def post(self, request: Request, command_id: str, generation: str) -> Response:
        """Appeal a refusal of your own. A reviewer who has not handled it before decides."""
        body = AppealSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        refused = GenerationId(parse_uuid(generation))
        file_appeal(self.log, refused, self.actor, body.validated_data["words"], command_id)
        return Response({"id": refused, "state": "appealed"}, 201)


class Reports(ApiEndpoint):
    permissions: ClassVar = {"POST": "clip.report"}

    @documented("generations_report", StatusSerializer, takes=ReportSerializer, status=201)
    @idempotent
    def post(self, request: Request, command_id: str, generation: str) -> Response:
        """Report a published clip. A reviewer decides."""
        body = ReportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        clip, fields = GenerationId(parse_uuid(generation)), body.validated_data
        report(self.log, clip, self.actor, fields["reason"], fields["words"], command_id)
        return Response({"id": clip, "state": "reported"}, 201)


class Cases(ApiEndpoint):
    permissions: ClassVar = {"GET": "case.list"}

    @documented("cases_list", CaseSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """Open cases, oldest first, without zero-tolerance cases."""
        return Response(CaseSerializer(open_cases(), many=True).data)


class CaseDecision(ApiEndpoint):
    permissions: ClassVar = {"POST": "case.list"}

    @documented("cases_decide", StatusSerializer, takes=DecisionSerializer)
    @idempotent
    def post(self, request: Request, command_id: str, case: str) -> Response:
        """Decide a case. Of two concurrent reviewers one succeeds; the other gets `case_already_decided`."""
        body = DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields, decided = body.validated_data, CaseId(parse_uuid(case))
        command = DecideCase(command_id, decided, self.actor, fields["decision"], fields["reason"], fields["version"])
        decide_case(self.log, command)
        return Response({"id": decided, "state": "decided"})
