"""The desk over HTTP: contest, report, list cases, decide."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from moderation.commands import DecideCase, contest, decide_case, report
from moderation.queries import open_cases
from moderation.serializers import CaseShown, ContestAsked, DecisionAsked, ReportAsked
from placet.kernel.ids import CaseId, GenerationId
from placet.people.rest import Endpoint, an_id, answers, once
from placet.people.serializers import Stated


class Contest(Endpoint):
    needs: ClassVar = {"POST": "generation.contest"}
    decided_later: ClassVar = frozenset({"generation.contest"})

    @answers("generations_contest", Stated, takes=ContestAsked, status=201)
    @once
    def post(self, request: Request, command_id: str, generation: str) -> Response:
        """Say why a refusal of your own is wrong. Somebody decides who has not decided it before."""
        asked = ContestAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        refused = GenerationId(an_id(generation))
        contest(self.log, refused, self.actor, asked.validated_data["words"], command_id)
        return Response({"id": refused, "state": "contested"}, 201)


class Reports(Endpoint):
    needs: ClassVar = {"POST": "clip.report"}

    @answers("generations_report", Stated, takes=ReportAsked, status=201)
    @once
    def post(self, request: Request, command_id: str, generation: str) -> Response:
        """Report a published clip. A reviewer decides."""
        asked = ReportAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        clip, said = GenerationId(an_id(generation)), asked.validated_data
        report(self.log, clip, self.actor, said["reason"], said["words"], command_id)
        return Response({"id": clip, "state": "reported"}, 201)


class Cases(Endpoint):
    needs: ClassVar = {"GET": "case.list"}

    @answers("cases_list", CaseShown(many=True))
    def get(self, _request: Request) -> Response:
        """Cases that wait, oldest first; what touches the floor is kept out."""
        return Response(CaseShown(open_cases(), many=True).data)


class CaseDecision(Endpoint):
    needs: ClassVar = {"POST": "case.list"}

    @answers("cases_decide", Stated, takes=DecisionAsked)
    @once
    def post(self, request: Request, command_id: str, case: str) -> Response:
        """Of two reviewers at once the version lets one through; the other is told `case_moved`."""
        asked = DecisionAsked(data=request.data)
        asked.is_valid(raise_exception=True)
        said, decided = asked.validated_data, CaseId(an_id(case))
        ask = DecideCase(command_id, decided, self.actor, said["decision"], said["reason"], said["version"])
        decide_case(self.log, ask)
        return Response({"id": decided, "state": "decided"})
