"""Clips as the web process serves them, over HTTP, signed in as a person of the cast."""

import time
import urllib.error
import urllib.request
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from placet.people.models import Account

TRIES = 60


def fetch(origin: str, path: str, person: str) -> tuple[int, bytes]:
    """(HTTP status, body). Waits for a web process that is being restarted."""
    request = urllib.request.Request(f"{origin}{path}", headers={"Cookie": _cookie(person)})  # noqa: S310  our own
    for _ in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  our own origin
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return error.code, error.read()
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{origin}{path} did not respond")


def _cookie(person: str) -> str:
    account = Account.objects.get(pk=person)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.set_expiry(300)
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
