"""A file of the operator's in JSON: where a service is that speaks OpenAI's video API, and what it makes."""

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
    """As read; `sha256` is of the file. `url` ends before `/videos`; `seconds` are the lengths that can be had.

    `takes`: fields beyond OpenAI's that the service understands. `patience_seconds`: for one clip, with all waiting.
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
        """What proves who asks. Raises EndpointRefused where the file cannot be read."""
        if self.key_file is None:
            return None
        try:
            return self.key_file.read_text("ascii").strip()
        except (OSError, ValueError) as exc:
            raise EndpointRefused(f"{self.key_file} cannot be read; nothing was sent. Put the key there.") from exc

    def long_enough(self, seconds: float) -> int:
        """The shortest length that can be had and holds so many seconds."""
        return min(length for length in self.seconds if length >= seconds)

    @classmethod
    def read(cls, file: Path) -> "RemoteEndpoint":
        """Raises EndpointRefused."""
        try:
            raw = file.read_bytes()
            found = _endpoint(json.loads(raw), sha256(raw).hexdigest())
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise EndpointRefused(f"{file} describes no endpoint ({exc}); nothing was sent. Mend the file.") from exc
        return found


def _endpoint(said: Mapping[str, Any], digest: str) -> RemoteEndpoint:
    if unknown := sorted(said.keys() - {field for field in RemoteEndpoint.__slots__ if field != "sha256"}):
        raise ValueError(f"unknown field {unknown[0]!r}")
    place = urlsplit(said["url"])
    if place.scheme != "https" and not (place.scheme == "http" and place.hostname in LOOPBACK):
        raise ValueError("`url` must begin with https://")
    if not set(said["modes"]) <= MODES or not set(said.get("takes", ())) <= TAKES:
        raise ValueError(f"modes are of {sorted(MODES)}, takes of {sorted(TAKES)}")
    return RemoteEndpoint(
        digest,
        **{key: str(said[key]) for key in ("engine", "version", "label", "licence", "model")},
        excluded_territories=tuple(said["excluded_territories"]),
        modes=tuple(said["modes"]),
        sizes=tuple((int(width), int(height)) for width, height in said["sizes"]),
        seconds=tuple(sorted(int(length) for length in said["seconds"])),
        has_sound=bool(said["has_sound"]),
        url=str(said["url"]).rstrip("/"),
        key_file=Path(said["key_file"]) if said.get("key_file") else None,
        takes=tuple(said.get("takes", ())),
        patience_seconds=float(said.get("patience_seconds", 600)),
        vocabulary={kind: tuple(words) for kind, words in said.get("vocabulary", {}).items()},
    )
