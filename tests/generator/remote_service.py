"""A local server with OpenAI's video API that misbehaves on request."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

JOB: Final = "video_123"


@dataclass
class Conduct:
    """What the service does. `answers`: method and path -> statuses to return before success."""

    clip: bytes
    statuses: list[str] = field(default_factory=lambda: ["queued", "in_progress", "completed"])
    reason: str = ""
    answers: dict[str, list[int]] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    retry_after: str = "0"
    cut: int = 0
    """Number of downloads that end half way."""
    moves_to: str = ""
    says: bytes | None = None
    """Sent instead of the JSON of the job."""
    takes_seconds: float = 0.0
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def count(self, what: str) -> int:
        return sum(f"{method} {path}" == what for method, path, *_ in self.asked)


class _Handler(BaseHTTPRequestHandler):
    conduct: Conduct

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_DELETE = do_GET  # noqa: N815  # names of http.server

    def _answer(self) -> None:
        conduct, length = self.conduct, int(self.headers.get("Content-Length") or 0)
        conduct.asked.append((self.command, self.path, self.rfile.read(length), dict(self.headers)))
        time.sleep(conduct.takes_seconds)
        if waiting := conduct.answers.get(f"{self.command} {self.path}"):
            return self._send(waiting.pop(0), json.dumps({"error": conduct.error}).encode())
        if self.path.endswith("/content"):
            return self._send_clip()
        if self.command == "GET" and len(conduct.statuses) > 1:
            conduct.statuses.pop(0)
        job = {"id": JOB, "object": "video", "status": conduct.statuses[0], "progress": 50}
        if conduct.reason:
            job["error"] = {"code": conduct.reason, "message": "the prompt 'a red ball' is not liked"}
        return self._send(200, json.dumps(job).encode() if conduct.says is None else conduct.says)

    def _send_clip(self) -> None:
        conduct = self.conduct
        if conduct.moves_to:
            self.send_response(302)
            self.send_header("Location", conduct.moves_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(conduct.clip)))
        self.end_headers()
        is_cut = conduct.cut > 0
        conduct.cut -= 1
        self.wfile.write(conduct.clip[: len(conduct.clip) // 2] if is_cut else conduct.clip)
        self.close_connection = True

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", self.conduct.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def serving(conduct: Conduct) -> Iterator[str]:
    """The address that ends before `/videos`."""
    handler = type("Handler", (_Handler,), {"conduct": conduct})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()
