"""Settings of c2pa for signing and reading: never on the network, and only the given anchors are trusted."""

import os
from functools import lru_cache
from typing import Any, Final

import c2pa

# Claim signing (refused as soon as own anchors are set, unless listed), email protection, document signing.
_ALLOWED_PURPOSES: Final = "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36"


def settings(anchors_pem: str) -> dict[str, Any]:
    """c2pa ignores unknown keys silently, so a test pins each of these."""
    return {
        "version": 1,
        "trust": {"trust_anchors": anchors_pem, "trust_config": _ALLOWED_PURPOSES},
        "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},
        "verify": {
            "verify_after_reading": True,
            "verify_after_sign": True,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "builder": {"thumbnail": {"enabled": False}},
    }


def context(anchors_pem: str) -> c2pa.Context:
    """One context per process and anchors: a context from before a fork does not work in the child."""
    return _context(anchors_pem, os.getpid())


@lru_cache(maxsize=8)
def _context(anchors_pem: str, _process: int) -> c2pa.Context:
    return c2pa.Context.from_dict(settings(anchors_pem))
