"""One table of settings. Importing it needs no running server, makes no file and opens no connection."""

import os
import secrets

from csp.constants import NONE, SELF

from generator.registry import territories
from placet.runtime.install.paths import home_folder, read_secret
from placet.runtime.kafka.broker import address_in
from placet.runtime.postgres.dsn import django_database, dsn
from placet.runtime.supervisor.state import transport_in

# Before torch is loaded: threads of OpenMP that wait by spinning take the cores from all that run beside them. Beside a
# busy install on two cores, a clip of 4 s took 37 s so, and takes 5 s.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# What is Placet's own
PLACET_HOME = home_folder()
PLACET_ORIGIN = os.environ.get("PLACET_ORIGIN", "http://localhost:8000")
PLACET_LIVE_ORIGIN = os.environ.get("PLACET_LIVE_ORIGIN", "http://localhost:8001")
PLACET_TRANSPORT = transport_in(PLACET_HOME)  # embedded or kafka
PLACET_KAFKA = os.environ.get("PLACET_KAFKA") or address_in(PLACET_HOME)  # brokers, separated by commas
PLACET_KAFKA_PREFIX = os.environ.get("PLACET_KAFKA_PREFIX", "placet")  # of topics and groups
PLACET_KAFKA_GENERATION = int(os.environ.get("PLACET_KAFKA_GENERATION", "1"))  # of topics
PLACET_KAFKA_PARTITIONS = int(os.environ.get("PLACET_KAFKA_PARTITIONS", "6"))  # fixed within a generation
PLACET_KAFKA_REPLICAS = int(os.environ.get("PLACET_KAFKA_REPLICAS", "1"))
KAFKA_SECURITY = {
    "security_protocol": os.environ.get("PLACET_KAFKA_PROTOCOL", "PLAINTEXT"),
    "ssl_cafile": os.environ.get("PLACET_KAFKA_CA", ""),
    "ssl_certfile": os.environ.get("PLACET_KAFKA_CERTIFICATE", ""),
    "ssl_keyfile": os.environ.get("PLACET_KAFKA_CERTIFICATE_KEY", ""),
    "sasl_mechanism": os.environ.get("PLACET_KAFKA_SASL", ""),
    "sasl_plain_username": os.environ.get("PLACET_KAFKA_USER", ""),
    "sasl_plain_password": os.environ.get("PLACET_KAFKA_PASSWORD", ""),
}
PLACET_LIKENESS_WORD = os.environ.get("PLACET_LIKENESS_WORD", "likeness")  # the word on every screen
PLACET_ENGINE = os.environ.get("PLACET_ENGINE", "small")  # the usual one
ENGINES = territories()  # name -> where it may not be used; with those of PLACET_WEIGHTS and PLACET_ENDPOINTS
PLACET_REGION = os.environ.get("PLACET_REGION", "XX")  # two letters: where those ask from who use this install
PLACET_REGION_HEADER = os.environ.get("PLACET_REGION_HEADER", "")  # set by a proxy that is trusted; says it for each

# Django
AUTH_USER_MODEL = "people.Account"
DEBUG = os.environ.get("PLACET_DEBUG") == "1"
SECRET_KEY = read_secret(PLACET_HOME, "django.secret") or secrets.token_urlsafe(36)
ALLOWED_HOSTS = os.environ.get("PLACET_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "placet.web.urls"
WSGI_APPLICATION = "placet.web.wsgi.application"
ASGI_APPLICATION = "placet.web.asgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "placet.eventlog",
    "placet.media",
    "placet.people",
    "placet.likeness",
    "placet.rights",
    "placet.studio",
    "placet.notices",
    "placet.feed",
    "placet.ui",
    "moderation",
    "provenance",
    "placet.cli",
    "placet.devtools",
]
MIDDLEWARE = [
    "placet.web.request_id.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "placet.ui.error_pages.PlainAnswers",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "placet.ui.context.install",
                "placet.people.context.signed_in",
            ],
        },
    },
]

# The database: commands own their transactions (no ATOMIC_REQUESTS), and the application is not the tables' owner
DATABASES = {"default": django_database(dsn(PLACET_HOME, os.environ.get("PLACET_DATABASE_ROLE", "app")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("id", "Bahasa Indonesia")]

# Files
STATIC_URL = "static/"
STATIC_ROOT = PLACET_HOME / "static"
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = os.environ.get("PLACET_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = PLACET_HOME / "mail"
DEFAULT_FROM_EMAIL = os.environ.get("PLACET_MAIL_FROM", "Placet <placet@localhost>")

# Signing in
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"]
SESAME_MAX_AGE = 24 * 60 * 60
SESAME_ONE_TIME = True

# The browser
IS_HTTPS = PLACET_ORIGIN.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PLACET_ORIGIN]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF, PLACET_LIVE_ORIGIN],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# The API
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "placet.people.tokens.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": os.environ.get("PLACET_API_RATE", "1200/min")},  # a person; a stranger's address
    "EXCEPTION_HANDLER": "placet.web.rest.errors.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Placet",
    "DESCRIPTION": "Nothing is made, remixed or shown until everyone it concerns has assented.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# Log lines: JSON, ids only
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "placet.config.logging.LogLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PLACET_LOG_LEVEL", "WARNING")},
    "loggers": {
        "kafka": {"level": "CRITICAL"},  # a broker that is away is told by those who wait for it, once a second
        "placet": {"level": os.environ.get("PLACET_LOG_LEVEL", "INFO")},
    },
}
