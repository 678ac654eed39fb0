"""One-time sign-in links. GET shows a button and only POST uses the link, so that a prefetcher cannot use it."""

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from sesame.utils import get_token, get_user

from placet.people.models import Account, UsedSignInLink
from placet.people.refusals import SignInLinkUsed

VALID_FOR: Final = timedelta(hours=1)


def account(person_id: str) -> Account:
    """A transient account, to sign a person in before the projection has their row. It is never saved."""
    return Account(person=UUID(person_id), password="!")  # noqa: S106  there is no password


def link_for(person_id: str) -> str:
    """A link that signs this person in, once, within the hour."""
    nonce = uuid4()
    token = get_token(account(person_id), scope=_scope(nonce))
    return f"{settings.PLACET_ORIGIN}{reverse('people:sign-in-link', args=[nonce, token])}"


def holder_of(nonce: UUID, token: str) -> Account:
    """The account of an unused link. Raises `SignInLinkUsed` for one that is used, expired or forged."""
    found = get_user(token, scope=_scope(nonce), max_age=VALID_FOR, update_last_login=False)
    if not isinstance(found, Account) or UsedSignInLink.objects.filter(nonce=nonce).exists():
        raise SignInLinkUsed
    return found


def spend(nonce: UUID, token: str) -> Account:
    """Use a link. Of two concurrent uses one succeeds. Raises `SignInLinkUsed`."""
    found = holder_of(nonce, token)
    try:
        with transaction.atomic():
            UsedSignInLink.objects.create(nonce=nonce)
    except IntegrityError:
        raise SignInLinkUsed from None
    return found


def _scope(nonce: UUID) -> str:
    return f"sign-in {nonce}"
