"""Being forgotten, over HTTP."""

import uuid
from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from placet.people import commands
from placet.people.rest import ApiEndpoint, documented


class ErasureRequestSerializer(serializers.Serializer[None]):
    is_sure = serializers.BooleanField(help_text="Must be true: it cannot be taken back.")

    def validate_is_sure(self, is_sure: bool) -> bool:  # noqa: FBT001  the framework's signature
        if not is_sure:
            raise serializers.ValidationError("Say true: it cannot be taken back.")
        return is_sure


class ErasureSerializer(serializers.Serializer[None]):
    state = serializers.CharField(help_text="`erasing`: the token that asked is worth nothing from now on.")


class Erasure(ApiEndpoint):
    permissions: ClassVar = {"POST": "account.erase"}

    @documented("account_erase", ErasureSerializer, takes=ErasureRequestSerializer, status=202)
    def post(self, request: Request) -> Response:
        """Be forgotten. Asked twice it is the same, and no answer is kept under any key: nothing of you is."""
        asked = ErasureRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        commands.request_erasure(self.log, self.actor, self.actor, str(uuid.uuid4()))
        return Response({"state": "erasing"}, 202)
