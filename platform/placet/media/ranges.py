"""Serving a file in pieces, so that a player can seek and Safari plays at all (RFC 9110, sections 13 and 14)."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

_CHUNK_BYTES: Final = 256 * 1024
_ONE_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, both of them included."""

    first: int
    last: int

    @property
    def bytes_count(self) -> int:
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """The range lies outside the file: the answer is 416."""


def asked_span(header: str | None, size: int) -> Span | None:
    """The one span that a Range header asks for; None means the whole file. Raises `Unsatisfiable`.

    Several ranges, other units and malformed headers are ignored, as the RFC allows.
    """
    if not header or not (match := _ONE_RANGE.fullmatch(header.strip())) or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return _tail(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


def serve_file(
    request: HttpRequest, path: Path, content_type: str, download_name: str | None = None
) -> HttpResponseBase:
    """Answers 200, 206 or 416, for GET and HEAD. Never cached: whether a clip may be seen can change at any moment.

    Raises `Http404` if there is no such file. The caller has asked for the clip's standing before.
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Http404("These bytes are gone.") from error
    facts = os.fstat(file.fileno())
    etag = f'"{path.name[:64]}-{facts.st_size:x}-{facts.st_mtime_ns:x}"'
    response = _answer(request, file, facts.st_size, etag)
    response["ETag"] = etag
    _label(response, content_type, download_name)
    return response


def _tail(count: int, size: int) -> Span:
    if count == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(0, size - count), size - 1)


def _answer(request: HttpRequest, file: BinaryIO, size: int, etag: str) -> HttpResponseBase:
    if_range = request.headers.get("If-Range")
    header = request.headers.get("Range") if if_range in {None, etag} else None
    try:
        span = asked_span(header, size)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    whole = Span(0, size - 1)
    response = _body(request, file, span or whole, status=206 if span else 200)
    if span:
        response["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return response


def _body(request: HttpRequest, file: BinaryIO, span: Span, status: int) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(status=status)
    else:
        response = StreamingHttpResponse(_Piece(file, span), status=status)
    response["Content-Length"] = str(span.bytes_count)
    return response


class _Piece:
    """The bytes of one span, in chunks; Django closes it when the client has them or has gone."""

    def __init__(self, file: BinaryIO, span: Span) -> None:
        file.seek(span.first)
        self._file, self._left = file, span.bytes_count

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0 and (chunk := self._file.read(min(_CHUNK_BYTES, self._left))):
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


def _label(response: HttpResponseBase, content_type: str, download_name: str | None) -> None:
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    response["Content-Type"] = content_type
    response["X-Content-Type-Options"] = "nosniff"
    if download_name and (value := content_disposition_header(as_attachment=True, filename=download_name)):
        response["Content-Disposition"] = value
