"""One table of settings. Importing it needs no running server, creates no file and opens no connection."""

import os
import secrets

from csp.constants import NONE, SELF

from generator.registry import territories
from placet.runtime.install.paths import home_folder, read_secret
from placet.runtime.kafka.broker import address_in
from placet.runtime.postgres.dsn import django_database, dsn
from placet.runtime.supervisor.state import transport_in

# Placet
PLACET_DATA_DIR = home_folder()
PLACET_ORIGIN = os.environ.get("PLACET_ORIGIN", "http://localhost:8000")
PLACET_SSE_ORIGIN = os.environ.get("PLACET_SSE_ORIGIN", "http://localhost:8001")
PLACET_TRANSPORT = transport_in(PLACET_DATA_DIR)  # embedded or kafka
# Brokers, separated by commas
PLACET_KAFKA_BOOTSTRAP_SERVERS = os.environ.get("PLACET_KAFKA_BOOTSTRAP_SERVERS") or address_in(PLACET_DATA_DIR)
PLACET_KAFKA_TOPIC_PREFIX = os.environ.get("PLACET_KAFKA_TOPIC_PREFIX", "placet")  # of consumer groups too
PLACET_KAFKA_TOPIC_EPOCH = int(os.environ.get("PLACET_KAFKA_TOPIC_EPOCH", "1"))
PLACET_KAFKA_PARTITIONS = int(os.environ.get("PLACET_KAFKA_PARTITIONS", "6"))  # fixed within an epoch
PLACET_KAFKA_REPLICATION_FACTOR = int(os.environ.get("PLACET_KAFKA_REPLICATION_FACTOR", "1"))
KAFKA_SECURITY = {
    "security_protocol": os.environ.get("PLACET_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
    "ssl_cafile": os.environ.get("PLACET_KAFKA_SSL_CAFILE", ""),
    "ssl_certfile": os.environ.get("PLACET_KAFKA_SSL_CERTFILE", ""),
    "ssl_keyfile": os.environ.get("PLACET_KAFKA_SSL_KEYFILE", ""),
    "sasl_mechanism": os.environ.get("PLACET_KAFKA_SASL_MECHANISM", ""),
    "sasl_plain_username": os.environ.get("PLACET_KAFKA_SASL_USERNAME", ""),
    "sasl_plain_password": os.environ.get("PLACET_KAFKA_SASL_PASSWORD", ""),
}
PLACET_LIKENESS_LABEL = os.environ.get("PLACET_LIKENESS_LABEL", "likeness")  # shown on every screen
PLACET_DEFAULT_ENGINE = os.environ.get("PLACET_DEFAULT_ENGINE", "small")
# Name -> territories where the engine may not be used; includes PLACET_MODEL_DIRS and PLACET_REMOTE_ENGINES
ENGINES = territories()
PLACET_DEFAULT_REGION = os.environ.get("PLACET_DEFAULT_REGION", "XX")  # two letters; XX is unknown
PLACET_REGION_HEADER = os.environ.get("PLACET_REGION_HEADER", "")  # set by a trusted proxy, for each request

# Django
AUTH_USER_MODEL = "people.Account"
DEBUG = os.environ.get("PLACET_DEBUG") == "1"
SECRET_KEY = read_secret(PLACET_DATA_DIR, "django.secret") or secrets.token_urlsafe(36)
ALLOWED_HOSTS = os.environ.get("PLACET_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
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
    "placet.ui.error_pages.ErrorPages",
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
DATABASES = {"default": django_database(dsn(PLACET_DATA_DIR, os.environ.get("PLACET_DATABASE_ROLE", "app")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("id", "Bahasa Indonesia")]

# Files
STATIC_URL = "static/"
STATIC_ROOT = PLACET_DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = os.environ.get("PLACET_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = PLACET_DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = os.environ.get("PLACET_DEFAULT_FROM_EMAIL", "Placet <placet@localhost>")

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
        "connect-src": [SELF, PLACET_SSE_ORIGIN],
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
    # Per person, or per address for anonymous requests
    "DEFAULT_THROTTLE_RATES": {"user": os.environ.get("PLACET_API_RATE_LIMIT", "1200/min")},
    "EXCEPTION_HANDLER": "placet.web.rest.errors.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Placet",
    "DESCRIPTION": "No clip is made, remixed or shown until everyone it concerns has agreed.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# Log lines: JSON, with ids and no personal data
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "placet.config.logging.LogLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PLACET_LOG_LEVEL", "WARNING")},
    "loggers": {
        "kafka": {"level": "CRITICAL"},  # our code logs an unreachable broker itself, once a second
        "placet": {"level": os.environ.get("PLACET_LOG_LEVEL", "INFO")},
    },
}
