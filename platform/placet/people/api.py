"""Erasure of an account over HTTP."""

import uuid
from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from placet.people import commands
from placet.people.rest import ApiEndpoint, documented


class ErasureRequestSerializer(serializers.Serializer[None]):
    is_sure = serializers.BooleanField(help_text="Must be true: an erasure cannot be undone.")

    def validate_is_sure(self, is_sure: bool) -> bool:  # noqa: FBT001  the framework's signature
        if not is_sure:
            raise serializers.ValidationError("Send true: an erasure cannot be undone.")
        return is_sure


class ErasureSerializer(serializers.Serializer[None]):
    state = serializers.CharField(help_text="`erasing`: the token of this request is no longer valid.")


class Erasure(ApiEndpoint):
    permissions: ClassVar = {"POST": "account.erase"}

    @documented("account_erase", ErasureSerializer, takes=ErasureRequestSerializer, status=202)
    def post(self, request: Request) -> Response:
        """Erase your account. A second request changes nothing. The response is not stored under any key."""
        body = ErasureRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        commands.request_erasure(self.log, self.actor, self.actor, str(uuid.uuid4()))
        return Response({"state": "erasing"}, 202)
