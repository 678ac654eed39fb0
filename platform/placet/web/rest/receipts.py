"""Receipts over HTTP, only for the person whom the event concerns."""

from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from placet.kernel.ids import parse_uuid
from placet.people.rest import ApiEndpoint, documented
from placet.web.receipts import receipt_for

WAIT_SECONDS = 5.0


class OpeningSerializer(serializers.Serializer[None]):
    segment = serializers.CharField(help_text="The encrypted field as stored, base64; the leaf names its SHA-256.")
    fields = serializers.DictField(  # type: ignore[assignment]  # declared fields are collected, not assigned
        child=serializers.CharField(),
        allow_null=True,
        help_text="Its decrypted fields; null once its key is gone.",
    )


class ReceiptSerializer(serializers.Serializer[None]):
    leaf = serializers.CharField(help_text="The exact bytes of the leaf, base64.")
    data = serializers.CharField(help_text="The stored bytes of the event, base64; the leaf names their SHA-256.")  # type: ignore[assignment]  # declared fields are collected, not assigned
    index = serializers.IntegerField(help_text="Position of the event, less one.")
    proof = serializers.ListField(child=serializers.CharField(), help_text="Inclusion proof after RFC 6962, base64.")
    checkpoint = serializers.CharField(help_text="The signed tree head, a C2SP note.")
    issued_at = serializers.CharField()
    opened = serializers.ListField(child=OpeningSerializer(), required=False, help_text="Your own encrypted fields.")


class Receipts(ApiEndpoint):
    permissions: ClassVar = {"GET": "receipt.issue"}
    object_level: ClassVar = frozenset({"receipt.issue"})

    @documented("receipts_issue", ReceiptSerializer)
    def get(self, request: Request, event: str) -> Response:
        """A receipt that can be verified offline: see docs/receipts.md. Only for the person whom the event concerns."""
        event_id = parse_uuid(event)
        receipt = receipt_for(self.log, event_id, request.user, seconds=WAIT_SECONDS)
        file = f'attachment; filename="receipt-{event_id}.json"'
        return Response(receipt.to_json(), headers={"Content-Disposition": file, "Cache-Control": "private, no-store"})
