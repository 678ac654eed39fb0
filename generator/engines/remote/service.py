"""Client of OpenAI's video API over HTTPS: create, status, content, delete. Retries transient errors.

Follows no redirect, accepts no compressed answer, trusts no declared length. No error contains a key or a prompt.
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
"""Sleeps for the given seconds. Raises what ends the job: a cancellation or the timeout."""
TRIES: Final = 5
TIMEOUT: Final = urllib3.Timeout(connect=5, read=15)
MAX_BACKOFF_SECONDS: Final = 30.0
MAX_JSON_BYTES: Final = 1_000_000
MAX_CLIP_BYTES: Final = 256_000_000
PIECE_BYTES: Final = 1 << 18
TRANSIENT_STATUSES: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
JOB_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")


class RemoteFailed(RuntimeError):
    """The service failed or did not answer in time; nothing of the clip was kept."""

    code = "remote_failed"


class RemoteRefused(Declined):
    """The service refused this clip by its own rules."""

    code = "remote_refused"
    hint = "Change the prompt, or choose another engine."


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """`status`: queued, in_progress, completed or failed. `reason`: the service's code for a failure."""

    id: str
    status: str
    done_0_1: float
    reason: str


class Service:
    """Client of one endpoint for one job; calls `wait` between tries and between pieces of a clip."""

    def __init__(self, endpoint: RemoteEndpoint, wait: Wait) -> None:
        self._endpoint, self._wait = endpoint, wait
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "placet"}
        if key := endpoint.key:
            self._headers["Authorization"] = f"Bearer {key}"

    def create(self, fields: dict[str, Any], idempotency_key: str) -> RemoteJob:
        """Services that support `idempotency_key` make one clip for all requests with the same key."""
        return _job(self._request("POST", "", fields=fields, headers={"Idempotency-Key": idempotency_key}))

    def status(self, job: str) -> RemoteJob:
        return _job(self._request("GET", f"/{job}"))

    def content(self, job: str) -> bytes:
        """The whole file."""
        return self._request("GET", f"/{job}/content", max_bytes=MAX_CLIP_BYTES)

    def delete(self, job: str) -> None:
        self._request("DELETE", f"/{job}")

    def close(self) -> None:
        self._pool.clear()

    def _request(self, method: str, path: str, *, max_bytes: int = MAX_JSON_BYTES, **more: Any) -> bytes:
        more["headers"] = self._headers | more.get("headers", {})
        last_error = ""
        for number in range(TRIES):
            try:
                status, rest, body = self._once(method, path, max_bytes, more)
            except (HTTPError, OSError) as problem:
                last_error, rest = type(problem).__name__, None
            else:
                if status < 300:
                    return body
                if status not in TRANSIENT_STATUSES:
                    _refuse(status, body)
                last_error = f"status {status}"
            self._wait(min(rest if rest is not None else 0.5 * 2**number, MAX_BACKOFF_SECONDS))
        raise RemoteFailed(f"{self._endpoint.host} did not answer {method} in {TRIES} tries ({last_error}).")

    def _once(self, method: str, path: str, max_bytes: int, more: dict[str, Any]) -> tuple[int, float | None, bytes]:
        """Status, `Retry-After` in seconds, body."""
        url = f"{self._endpoint.url}/videos{path}"
        response = self._pool.request(method, url, redirect=False, preload_content=False, decode_content=False, **more)
        try:
            body = bytearray()
            while piece := response.read1(PIECE_BYTES):
                body += piece
                if len(body) > max_bytes:
                    raise RemoteFailed(f"{self._endpoint.host} sends more than {max_bytes} bytes.")
                self._wait(0)
            if len(body) != int(response.headers.get("Content-Length", len(body))):
                raise urllib3.exceptions.ProtocolError("The answer is truncated.")
            return response.status, _seconds(response.headers.get("Retry-After")), bytes(body)
        finally:
            response.close()


def _job(body: bytes) -> RemoteJob:
    try:
        answer = json.loads(body)
        job, status, progress = answer["id"], answer["status"], float(answer.get("progress") or 0)
        reason = str((answer.get("error") or {}).get("code") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise RemoteFailed(
            f"The service's answer about its job cannot be read ({type(problem).__name__})."
        ) from problem
    if not isinstance(job, str) or not JOB_ID.fullmatch(job):
        raise RemoteFailed("The service returned no usable job id.")
    return RemoteJob(job, str(status), min(max(progress / 100, 0.0), 1.0), reason if CODE.fullmatch(reason) else "")


def _refuse(status: int, body: bytes) -> None:
    """Raises for a permanent status. The service's message may quote the prompt, so only its code is reported."""
    try:
        code = str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    reason = f"{code if CODE.fullmatch(code) else 'no code'}, status {status}"
    if status in {400, 403, 413, 422}:
        raise RemoteRefused(f"The service refused this clip ({reason}).")
    raise RemoteFailed(f"The service refused the request ({reason}). Check its key and address.")


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
