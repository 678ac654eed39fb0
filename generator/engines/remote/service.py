"""OpenAI's video API over HTTPS: create, look, content, delete. What may pass is waited for; what does not is typed.

Follows no redirect, takes no compressed answer, believes no length. Neither keys nor words are in any error.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from generator.engines.remote.endpoint import RemoteEndpoint
from generator.ports import Declined

Wait = Callable[[float], None]
"""Sleeps so many seconds. Raises what ends the run: a cancellation, or patience that is used up."""
TRIES: Final = 5
TIMEOUT: Final = urllib3.Timeout(connect=5, read=15)
MAX_BACKOFF_SECONDS: Final = 30.0
MAX_JSON_BYTES: Final = 1_000_000
MAX_CLIP_BYTES: Final = 256_000_000
PIECE_BYTES: Final = 1 << 18
PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
IDENTITY: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")


class RemoteFailed(RuntimeError):
    """The service did not answer as it should, for all our patience; nothing of the clip was kept."""

    code = "remote_failed"


class RemoteRefused(Declined):
    """The service does not make this clip, by a rule of its own."""

    code = "remote_refused"
    hint = "Change the prompt, or ask for another engine."


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """`status`: queued, in_progress, completed or failed. `reason`: the service's code for a failure."""

    id: str
    status: str
    done_0_1: float
    reason: str


class Service:
    """One endpoint, asked on behalf of one run; `wait` is between two tries and between two pieces of a clip."""

    def __init__(self, endpoint: RemoteEndpoint, wait: Wait) -> None:
        self._endpoint, self._wait = endpoint, wait
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "placet"}
        if key := endpoint.key:
            self._headers["Authorization"] = f"Bearer {key}"

    def create(self, fields: dict[str, Any], once: str) -> RemoteJob:
        """`once`: the same for two requests that mean one clip; services that know such keys make it once."""
        return _job(self._asked("POST", "", fields=fields, headers={"Idempotency-Key": once}))

    def status(self, job: str) -> RemoteJob:
        return _job(self._asked("GET", f"/{job}"))

    def content(self, job: str) -> bytes:
        """The whole file."""
        return self._asked("GET", f"/{job}/content", most=MAX_CLIP_BYTES)

    def delete(self, job: str) -> None:
        self._asked("DELETE", f"/{job}")

    def close(self) -> None:
        self._pool.clear()

    def _asked(self, method: str, path: str, *, most: int = MAX_JSON_BYTES, **more: Any) -> bytes:
        more["headers"] = self._headers | more.get("headers", {})
        said = ""
        for number in range(TRIES):
            try:
                status, rest, body = self._once(method, path, most, more)
            except (HTTPError, OSError) as problem:
                said, rest = type(problem).__name__, None
            else:
                if status < 300:
                    return body
                if status not in PASSING:
                    _refuse(status, body)
                said = f"status {status}"
            self._wait(min(rest if rest is not None else 0.5 * 2**number, MAX_BACKOFF_SECONDS))
        raise RemoteFailed(f"{self._endpoint.host} did not answer {method} in {TRIES} tries ({said}).")

    def _once(self, method: str, path: str, most: int, more: dict[str, Any]) -> tuple[int, float | None, bytes]:
        """Status, seconds that the service asks to wait, body."""
        url = f"{self._endpoint.url}/videos{path}"
        response = self._pool.request(method, url, redirect=False, preload_content=False, decode_content=False, **more)
        try:
            body = bytearray()
            while piece := response.read1(PIECE_BYTES):
                body += piece
                if len(body) > most:
                    raise RemoteFailed(f"{self._endpoint.host} sends more than {most} bytes.")
                self._wait(0)
            if len(body) != int(response.headers.get("Content-Length", len(body))):
                raise urllib3.exceptions.ProtocolError("The answer is cut short.")
            return response.status, _seconds(response.headers.get("Retry-After")), bytes(body)
        finally:
            response.close()


def _job(body: bytes) -> RemoteJob:
    try:
        said = json.loads(body)
        job, status, progress = said["id"], said["status"], float(said.get("progress") or 0)
        reason = str((said.get("error") or {}).get("code") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise RemoteFailed(f"What the service says of its job cannot be read ({type(problem).__name__}).") from problem
    if not isinstance(job, str) or not IDENTITY.fullmatch(job):
        raise RemoteFailed("The service gives its job no usable id.")
    return RemoteJob(job, str(status), min(max(progress / 100, 0.0), 1.0), reason if CODE.fullmatch(reason) else "")


def _refuse(status: int, body: bytes) -> None:
    """A status that no second try changes. The service's own words may quote the prompt: only its code is told."""
    try:
        code = str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    said = f"{code if CODE.fullmatch(code) else 'no code'}, status {status}"
    if status in {400, 403, 413, 422}:
        raise RemoteRefused(f"The service does not make this clip ({said}).")
    raise RemoteFailed(f"The service refuses to be asked ({said}). Look at its key and address.")


def _seconds(said: str | None) -> float | None:
    return float(said) if said and said.isdigit() else None
