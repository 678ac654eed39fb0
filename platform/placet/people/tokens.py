"""Bearer tokens: signed with the install's secret, for one person, until a date. Nothing is stored."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.core import signing
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from placet.kernel.ids import PersonId
from placet.people.models import Account

SALT: Final = "placet.people.tokens"
LONGEST_DAYS: Final = 365


def token_for(person: PersonId, days: int) -> tuple[str, datetime]:
    """A token and its expiry."""
    expires_at = datetime.now(UTC) + timedelta(days=max(1, min(days, LONGEST_DAYS)))
    return signing.dumps([person, int(expires_at.timestamp())], salt=SALT), expires_at


def bearer_of(token: str) -> Account | None:
    """The account of a token; None for one that is forged, expired, or without an account."""
    try:
        person, ends = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if datetime.now(UTC).timestamp() >= ends:
        return None
    return Account.objects.filter(person=person).first()


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`, as created by `placet create-token`."""

    def authenticate(self, request: Request) -> tuple[Account, str] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        account = bearer_of(words[1].decode(errors="replace")) if len(words) == 2 else None
        if account is None:
            raise AuthenticationFailed
        return account, "bearer"

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  the same for every request
        return "Bearer"
