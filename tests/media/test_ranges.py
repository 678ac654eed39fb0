from pathlib import Path

import pytest
from django.http import Http404
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from placet.media.ranges import serve_file

DATA = bytes(range(256)) * 4
SIZE = len(DATA)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    return path


def served(file: Path, method: str = "GET", **headers: str) -> HttpResponseBase:
    return serve_file(RequestFactory().generic(method, "/clip", headers=headers), file, "video/mp4", None)


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response)


@pytest.mark.parametrize(
    ("header", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0),
        ("bytes=0-", 206, 0, SIZE - 1),
        ("bytes=10-19", 206, 10, 19),
        ("bytes=1000-99999", 206, 1000, SIZE - 1),
        ("bytes=-5", 206, SIZE - 5, SIZE - 1),
        ("bytes=-99999", 206, 0, SIZE - 1),
        ("Bytes = 3 - 4", 206, 3, 4),
        ("bytes=5-4", 200, 0, SIZE - 1),
        ("bytes=0-1,5-6", 200, 0, SIZE - 1),
        ("bytes=-", 200, 0, SIZE - 1),
        ("lines=0-1", 200, 0, SIZE - 1),
        ("bytes=a-b", 200, 0, SIZE - 1),
        ("", 200, 0, SIZE - 1),
    ],
)
def test_a_range_is_served_as_the_rfc_says(file: Path, header: str, status: int, first: int, last: int) -> None:
    response = served(file, Range=header)
    assert response.status_code == status
    assert response["Content-Length"] == str(last - first + 1)
    assert response.get("Content-Range") == (f"bytes {first}-{last}/{SIZE}" if status == 206 else None)
    assert body(response) == DATA[first : last + 1]


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_is_not_satisfiable(file: Path, header: str) -> None:
    response = served(file, Range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"


def test_a_range_of_another_file_gives_the_whole_file(file: Path) -> None:
    etag = served(file)["ETag"]
    assert served(file, **{"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert served(file, **{"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200


def test_a_changed_file_has_another_etag(file: Path) -> None:
    before = served(file)["ETag"]
    file.write_bytes(DATA + b"!")
    assert served(file)["ETag"] != before


def test_head_returns_the_headers_without_a_body(file: Path) -> None:
    response = served(file, "HEAD", Range="bytes=0-9")
    assert (response.status_code, response["Content-Length"], body(response)) == (206, "10", b"")


def test_nothing_is_cached(file: Path) -> None:
    response = served(file)
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_download_gets_its_name(file: Path) -> None:
    response = serve_file(RequestFactory().get("/clip"), file, "video/mp4", "placet ä.mp4")
    assert "attachment" in response["Content-Disposition"]


def test_no_other_method_and_no_missing_file_is_served(file: Path, tmp_path: Path) -> None:
    assert served(file, "POST").status_code == 405
    with pytest.raises(Http404):
        served(tmp_path / "gone.mp4")


def test_an_empty_file_is_served_whole(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    response = served(tmp_path / "empty")
    assert (response.status_code, body(response)) == (200, b"")
