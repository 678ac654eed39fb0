"""Untrusted files: good ones are read, others are refused with a code, and no reader survives."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from placet.media import sandbox_client
from placet.media.encode import encode_mp4
from placet.media.errors import UNREADABLE, SandboxUnavailable, UnreadableMedia
from placet.media.full_decode import decode_fully
from placet.media.sandbox_client import Limits, measure, normalise_image, probe, read_clip, read_frames
from placet.media.sandbox_protocol import pack, unpack
from tests.media.synthetic import FPS, RATE, declared_png, moving_frames, tone


def picture(kind: str, size: tuple[int, int] = (64, 48), **kept: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, **kept)
    return file.getvalue()


def refusal(data: bytes, read: object = probe) -> str:
    assert callable(read)
    with pytest.raises(UnreadableMedia) as caught:
        read(data)
    assert caught.value.hint == UNREADABLE[caught.value.code]
    return caught.value.code


def test_a_clip_declares_what_it_is(clip: Path) -> None:
    facts = probe(clip)
    assert (facts.frames, facts.width, facts.height, facts.fps) == (48, 288, 512, 24.0)
    assert (facts.picture_seconds, facts.sound_seconds) == (2.0, 2.0)


def test_frames_have_the_requested_rate_and_size(clip: Path) -> None:
    frames = read_frames(clip.read_bytes(), max_frames=3, per_second=2.0, max_side=256)
    assert [frame.second for frame in frames] == [0.0, 0.5, 1.0]
    assert {frame.pixels.shape for frame in frames} == {(256, 144, 3)}
    original = moving_frames(1)[0][::2, ::2].astype(int)
    assert np.abs(frames[0].pixels.astype(int) - original).mean() < 6


def test_a_normal_clip_has_normal_metrics(clip: Path) -> None:
    found = measure(clip)
    assert (found.frames, found.black_share_0_1, found.frozen_share_0_1) == (48, 0.0, 0.0)
    assert found.sound_rms_dbfs == pytest.approx(-13.5, abs=0.5)
    assert found.picture_seconds == 2.0
    assert found.sound_seconds == pytest.approx(2.0, abs=0.05)
    assert abs(found.dc_offset) < 0.001
    assert found.clipped_share_0_1 == 0.0


def test_black_frozen_flickering_and_silent_clips_are_recognised(tmp_path: Path) -> None:
    still = np.repeat(moving_frames(1, 128, 128), 24, axis=0)
    flicker = np.where(np.arange(24)[:, None, None, None] % 2 == 0, 60, 180).astype(np.uint8)
    flickering = np.broadcast_to(flicker, (24, 128, 128, 3)).copy()
    black = measure(encode_mp4(np.zeros_like(still), FPS, None, RATE, tmp_path / "black.mp4").path)
    frozen = measure(encode_mp4(still, FPS, tone(1, 0.0), RATE, tmp_path / "frozen.mp4").path)
    restless = measure(encode_mp4(flickering, FPS, tone(1, 4.0), RATE, tmp_path / "restless.mp4").path)
    assert (black.black_share_0_1, black.sound_seconds) == (1.0, 0.0)
    assert (frozen.frozen_share_0_1, frozen.black_share_0_1, frozen.sound_rms_dbfs) == (1.0, 0.0, -120.0)
    assert restless.flicker_levels > 100
    assert restless.clipped_share_0_1 > 0.1


def test_the_sandbox_reads_the_same_clip_as_our_decoder(clip: Path) -> None:
    pictures, samples, rate = decode_fully(clip)
    found = read_clip(clip, max_frames=48)
    assert (found.fps, found.rate) == (FPS, rate)
    assert np.abs(found.frames.astype(int) - pictures).max() <= 2  # two conversions of the same colours
    assert np.array_equal(found.pcm, samples)
    assert refusal(clip.read_bytes(), lambda data: read_clip(data, max_frames=47)) == "media_too_long"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_plain_png(kind: str) -> None:
    png = normalise_image(picture(kind))
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode, image.size, image.info) == ("PNG", "RGB", (64, 48), {})


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP")]
)
def test_every_colour_mode_is_read(mode: str, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (220, 0, 0)).convert(mode).save(file, kind)
    with Image.open(io.BytesIO(normalise_image(file.getvalue()))) as image:
        assert (image.mode, image.size) == ("RGB", (32, 32))


def test_a_file_with_two_pictures_gives_the_first() -> None:
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("white", "black"))
    for kind in ("MPO", "PNG", "WEBP"):
        file = io.BytesIO()
        first.save(file, kind, save_all=True, append_images=[second])
        with Image.open(io.BytesIO(normalise_image(file.getvalue()))) as image:
            assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_deep_grey_keeps_its_levels() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), 0x8080, np.uint16)).save(file, "PNG")
    with Image.open(io.BytesIO(normalise_image(file.getvalue()))) as image:
        assert image.getpixel((0, 0)) == (128, 128, 128)


def test_a_large_picture_is_made_smaller() -> None:
    with Image.open(io.BytesIO(normalise_image(picture("JPEG", (4000, 1000))))) as image:
        assert image.size == (1536, 384)


def test_metadata_is_removed() -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a secret place", 6
    dirty = picture("JPEG", exif=exif) + b"<script>secret</script>"
    clean = normalise_image(dirty)
    assert b"secret" in dirty
    assert b"secret" not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.size == (48, 64), "rotated upright before the EXIF orientation was dropped"


def test_hostile_clips_are_refused_by_name(clip: Path) -> None:
    whole = clip.read_bytes()
    assert refusal(b"") == "media_empty"
    assert refusal(b"<html><video src='http://127.0.0.1/x'></html>") == "media_not_a_clip"
    assert refusal(b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n") == "media_not_a_clip"
    assert refusal(picture("PNG") + whole) == "media_not_a_clip"
    assert refusal(whole[:100]) == "media_not_a_clip"
    assert refusal(whole[:5000], measure) == "media_broken"
    assert refusal(whole[: len(whole) // 2], measure) == "media_broken"


def test_a_too_wide_or_long_clip_is_refused_before_decoding(tmp_path: Path) -> None:
    wide = encode_mp4(np.zeros((2, 16, 4112, 3), np.uint8), FPS, None, RATE, tmp_path / "wide.mp4").path
    long = encode_mp4(np.zeros((70, 16, 16, 3), np.uint8), 0.5, None, RATE, tmp_path / "long.mp4").path
    assert refusal(wide.read_bytes()) == "media_too_large"
    assert refusal(long.read_bytes()) == "media_too_long"


def test_hostile_pictures_are_refused_by_name() -> None:
    assert refusal(declared_png(60_000, 60_000), normalise_image) == "media_too_large"
    assert refusal(declared_png(5_000, 5_000), normalise_image) == "media_broken"
    assert refusal(picture("GIF"), normalise_image) == "media_not_an_image"
    assert refusal(picture("JPEG")[:200], normalise_image) in {"media_broken", "media_not_an_image"}
    assert refusal(b"RIFF\x10\x00\x00\x00AVI LIST", normalise_image) == "media_not_an_image"
    assert refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>", normalise_image) == "media_not_an_image"


def test_a_reader_over_its_limits_is_stopped(clip: Path) -> None:
    whole = clip.read_bytes()
    assert refusal(whole, lambda data: measure(data, limits=Limits(wall_seconds=0.05))) == "media_timeout"
    assert refusal(whole, lambda data: measure(data, limits=Limits(cpu_seconds=0))) == "media_timeout"
    little = Limits(memory_bytes=3 << 20)
    assert refusal(whole, lambda data: measure(data, limits=little)) == "media_out_of_memory"


def test_a_reader_that_dies_without_an_answer_is_reported(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert refusal(clip.read_bytes()) == "media_reader_crashed"


@pytest.mark.promise("P8")
def test_a_file_is_not_parsed_without_a_sandbox(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_client, "_run", lambda *_, **__: _Ended(pack({"not_closed_in": "setrlimit refused"})))
    with pytest.raises(SandboxUnavailable, match="allow them"):
        probe(clip)


@pytest.mark.parametrize(
    "answer",
    [{}, {"frames": [{}]}, {"frames": [{"second": 0, "height": 9, "width": 9}]}, {"refused": "made_up", "message": ""}],
)
def test_an_inconsistent_answer_is_an_unreadable_file(
    clip: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    monkeypatch.setattr(sandbox_client, "_run", lambda *_, **__: _Ended(pack(answer)))
    assert refusal(clip.read_bytes(), lambda data: read_frames(data, max_frames=1)) == "media_reader_crashed"


class _Ended:
    returncode, stderr = 0, b""

    def __init__(self, stdout: bytes) -> None:
        self.stdout = stdout


@pytest.mark.parametrize(
    "spoilt", [b"", b"plc1", pack({"a": 1})[:-1], pack({"a": 1}) + b"x", pack({}).replace(b"plc", b"xxx")]
)
def test_an_incomplete_answer_is_refused(spoilt: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        unpack(spoilt)


def test_an_answer_comes_back_as_it_was_sent() -> None:
    assert unpack(pack({"a": [1, 2.5]}, b"\x00\x01")) == ({"a": [1, 2.5]}, b"\x00\x01")
