"""ASGI: live updates only; pages are many times faster under WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "placet.config.settings")

application = get_asgi_application()
