"""Range requests, so that players can seek and Safari plays at all (RFC 9110, sections 13 and 14)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

_PIECE_BYTES: Final = 256 * 1024
_ONE_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, inclusive."""

    first: int
    last: int

    @property
    def bytes_count(self) -> int:
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """The range lies outside the file: the answer is 416."""


def requested_span(header: str | None, size: int) -> Span | None:
    """The span of a Range header; None means the whole file. Raises `Unsatisfiable`.

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
    """Answers GET and HEAD with 200, 206 or 416. Never cached: a clip may be restricted at any moment.

    Raises `Http404` if there is no such file. The caller checks the clip's standing first.
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise Http404("This file no longer exists.") from error
    etag = f'"{path.name[:64]}-{facts.st_size:x}-{facts.st_mtime_ns:x}"'
    response = _answer(request, path, facts.st_size, etag)
    response["ETag"] = etag
    _label(response, content_type, download_name)
    return response


def _tail(count: int, size: int) -> Span:
    if count == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(0, size - count), size - 1)


def _answer(request: HttpRequest, path: Path, size: int, etag: str) -> HttpResponseBase:
    if_range = request.headers.get("If-Range")
    header = request.headers.get("Range") if if_range in {None, etag} else None
    try:
        span = requested_span(header, size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = _body(request, path, span or Span(0, size - 1), status=206 if span else 200)
    if span:
        response["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return response


def _body(request: HttpRequest, path: Path, span: Span, status: int) -> HttpResponseBase:
    is_head = request.method == "HEAD"
    response = HttpResponse(status=status) if is_head else StreamingHttpResponse(_pieces(path, span), status=status)
    response["Content-Length"] = str(span.bytes_count)
    return response


def _pieces(path: Path, span: Span) -> Iterator[bytes]:
    left = span.bytes_count
    with path.open("rb") as file:
        file.seek(span.first)
        while left > 0 and (piece := file.read(min(_PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


def _label(response: HttpResponseBase, content_type: str, download_name: str | None) -> None:
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    response["Content-Type"] = content_type
    response["X-Content-Type-Options"] = "nosniff"
    if download_name and (value := content_disposition_header(as_attachment=True, filename=download_name)):
        response["Content-Disposition"] = value
