"""ASGI: live updates only; pages are many times faster under WSGI."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "placet.config.settings")
django.setup()

from placet.web.sse.app import Live  # noqa: E402 - its rooms need Django set up

application = Live()
