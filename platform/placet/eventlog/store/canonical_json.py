"""Canonical JSON: the one form in which values are stored and hashed."""

import json


class NotStorable(ValueError):
    """A value that is not valid text or JSON, for example a lone surrogate. Nothing was written."""


def canonical(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal values give equal bytes."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeEncodeError, ValueError, TypeError) as cause:
        raise NotStorable(f"{cause}. Send valid Unicode text and finite numbers.") from cause
