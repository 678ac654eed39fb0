"""Environment variables that were renamed. An old name has no effect and is reported at start."""

import os
from collections.abc import Mapping
from typing import Final

RENAMED: Final = {
    "CRASH_AT": "FAILPOINTS",
    "CRASH_LEFT": "FAILPOINT_STATE",
    "KAFKA": "KAFKA_BOOTSTRAP_SERVERS",
    "KAFKA_GENERATION": "KAFKA_TOPIC_EPOCH",
    "KAFKA_REPLICAS": "KAFKA_REPLICATION_FACTOR",
    "KAFKA_PROTOCOL": "KAFKA_SECURITY_PROTOCOL",
    "KAFKA_CA": "KAFKA_SSL_CAFILE",
    "KAFKA_CERTIFICATE": "KAFKA_SSL_CERTFILE",
    "KAFKA_CERTIFICATE_KEY": "KAFKA_SSL_KEYFILE",
    "KAFKA_SASL": "KAFKA_SASL_MECHANISM",
    "KAFKA_USER": "KAFKA_SASL_USERNAME",
    "KAFKA_PASSWORD": "KAFKA_SASL_PASSWORD",
    "KAFKA_PREFIX": "KAFKA_TOPIC_PREFIX",
    "DATABASE": "DATABASE_URL",
    "OWNER_DATABASE": "MIGRATION_DATABASE_URL",
    "HOME": "DATA_DIR",
    "HOSTS": "ALLOWED_HOSTS",
    "LIVE_ORIGIN": "SSE_ORIGIN",
    "MAIL_FROM": "DEFAULT_FROM_EMAIL",
    "API_RATE": "API_RATE_LIMIT",
    "ENGINE": "DEFAULT_ENGINE",
    "WEIGHTS": "MODEL_DIRS",
    "ENDPOINTS": "REMOTE_ENGINES",
    "LIKENESS_WORD": "LIKENESS_LABEL",
    "REGION": "DEFAULT_REGION",
}
"""Old name -> new name, both without the prefix that all settings share."""


def renamed_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """One sentence for each old name that is set."""
    return [
        f"PLACET_{old} is set but no longer read. Set PLACET_{new} instead."
        for old, new in RENAMED.items()
        if f"PLACET_{old}" in environment
    ]
