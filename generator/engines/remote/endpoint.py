"""Remote endpoint: an operator's JSON file that describes a service with OpenAI's video API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
MODES: Final = frozenset({"text", "image", "remix"})
TAKES: Final = frozenset({"seed"})


class EndpointRefused(Exception):
    """The file does not describe an endpoint; nothing was sent anywhere."""

    code = "endpoint_refused"


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """The parsed file; `sha256` is its hash. `url` ends before `/videos`; `seconds` are the available lengths.

    `takes`: fields beyond OpenAI's that the service accepts. `patience_seconds`: timeout of one clip.
    """

    sha256: str
    engine: str
    version: str
    label: str
    licence: str
    excluded_territories: tuple[str, ...]
    modes: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    seconds: tuple[int, ...]
    has_sound: bool
    url: str
    model: str
    key_file: Path | None
    takes: tuple[str, ...]
    patience_seconds: float
    vocabulary: Mapping[str, tuple[str, ...]]

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def key(self) -> str | None:
        """The API key. Raises EndpointRefused if the key file cannot be read."""
        if self.key_file is None:
            return None
        try:
            return self.key_file.read_text("ascii").strip()
        except (OSError, ValueError) as exc:
            raise EndpointRefused(f"{self.key_file} cannot be read; nothing was sent. Put the key there.") from exc

    def long_enough(self, seconds: float) -> int:
        """The shortest available length of at least `seconds`."""
        return min(length for length in self.seconds if length >= seconds)

    @classmethod
    def read(cls, file: Path) -> "RemoteEndpoint":
        """Raises EndpointRefused."""
        try:
            raw = file.read_bytes()
            found = _endpoint(json.loads(raw), sha256(raw).hexdigest())
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise EndpointRefused(f"{file} describes no endpoint ({exc}); nothing was sent. Correct the file.") from exc
        return found


def _endpoint(fields: Mapping[str, Any], digest: str) -> RemoteEndpoint:
    if unknown := sorted(fields.keys() - {field for field in RemoteEndpoint.__slots__ if field != "sha256"}):
        raise ValueError(f"unknown field {unknown[0]!r}")
    place = urlsplit(fields["url"])
    if place.scheme != "https" and not (place.scheme == "http" and place.hostname in LOOPBACK):
        raise ValueError("`url` must begin with https://")
    if not set(fields["modes"]) <= MODES or not set(fields.get("takes", ())) <= TAKES:
        raise ValueError(f"modes are of {sorted(MODES)}, takes of {sorted(TAKES)}")
    return RemoteEndpoint(
        digest,
        **{key: str(fields[key]) for key in ("engine", "version", "label", "licence", "model")},
        excluded_territories=tuple(fields["excluded_territories"]),
        modes=tuple(fields["modes"]),
        sizes=tuple((int(width), int(height)) for width, height in fields["sizes"]),
        seconds=tuple(sorted(int(length) for length in fields["seconds"])),
        has_sound=bool(fields["has_sound"]),
        url=str(fields["url"]).rstrip("/"),
        key_file=Path(fields["key_file"]) if fields.get("key_file") else None,
        takes=tuple(fields.get("takes", ())),
        patience_seconds=float(fields.get("patience_seconds", 600)),
        vocabulary={kind: tuple(words) for kind, words in fields.get("vocabulary", {}).items()},
    )
