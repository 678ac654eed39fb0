"""One-time sign-in links. Opening one shows a button; only pressing it spends the link, so that a prefetcher cannot."""

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
    """Enough of an account to sign its holder in before the table of accounts has them. It is never saved."""
    return Account(person=UUID(person_id), password="!")  # noqa: S106  there is no password


def link_for(person_id: str) -> str:
    """A link that signs this person in, once, within the hour."""
    nonce = uuid4()
    token = get_token(account(person_id), scope=_scope(nonce))
    return f"{settings.PLACET_ORIGIN}{reverse('people:sign-in-link', args=[nonce, token])}"


def holder_of(nonce: UUID, token: str) -> Account:
    """Whom an unspent link signs in. Raises `SignInLinkUsed` for one that is spent, too old or not ours."""
    found = get_user(token, scope=_scope(nonce), max_age=VALID_FOR, update_last_login=False)
    if not isinstance(found, Account) or UsedSignInLink.objects.filter(nonce=nonce).exists():
        raise SignInLinkUsed
    return found


def spend(nonce: UUID, token: str) -> Account:
    """Use a link up. Of two at once, one gets in. Raises `SignInLinkUsed`."""
    found = holder_of(nonce, token)
    try:
        with transaction.atomic():
            UsedSignInLink.objects.create(nonce=nonce)
    except IntegrityError:
        raise SignInLinkUsed from None
    return found


def _scope(nonce: UUID) -> str:
    return f"sign-in {nonce}"
