from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from placet.media.encode import encode_mp4
from placet.media.sandbox_client import read_frames
from provenance.watermark.embed import detect, embed, read_back
from tests.media.synthetic import FPS, RATE, moving_frames, small_clip
from tests.provenance.conftest import MARK, MARK_KEY


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(np.int16) - other) ** 2)))


@pytest.mark.parametrize("crf", [23, 28])
@pytest.mark.parametrize(("height", "width", "seconds"), [(512, 288, 2), (360, 640, 4)])
def test_the_mark_survives_compression(tmp_path: Path, height: int, width: int, seconds: int, crf: int) -> None:
    frames = embed(moving_frames(seconds * FPS, height, width), MARK, MARK_KEY)
    found = read_back(encode_mp4(frames, FPS, None, RATE, tmp_path / "a.mp4", crf=crf).path, MARK_KEY)
    assert found is not None
    assert found.payload == MARK


def test_the_mark_survives_a_second_compression_at_half_size(tmp_path: Path) -> None:
    frames = embed(moving_frames(48, 720, 1280), MARK, MARK_KEY)
    first = encode_mp4(frames, FPS, None, RATE, tmp_path / "a.mp4", crf=23)
    small = np.stack([one.pixels for one in read_frames(first.path, max_frames=48, per_second=24, max_side=640)])
    second = encode_mp4(small, FPS, None, RATE, tmp_path / "b.mp4", crf=26)
    found = read_back(second.path, MARK_KEY)
    assert found is not None
    assert found.payload == MARK
    assert found.confidence > 0.9


def test_the_mark_is_invisible() -> None:
    frames = moving_frames(30)
    assert psnr(embed(frames, MARK, MARK_KEY), frames) >= 38.0


def test_flat_colours_black_and_white_can_be_marked(tmp_path: Path) -> None:
    frames = np.empty((48, 360, 640, 3), np.uint8)
    frames[:] = np.where(np.arange(640)[:, None] < 320, 0, 255).astype(np.uint8)
    path = encode_mp4(embed(frames, MARK, MARK_KEY), FPS, None, RATE, tmp_path / "a.mp4", crf=23).path
    found = read_back(path, MARK_KEY)
    assert found is not None
    assert found.payload == MARK


def test_any_pictures_of_the_clip_suffice_in_any_order() -> None:
    marked = embed(moving_frames(96, 360, 640), MARK, MARK_KEY)
    found = detect(marked[[90, 3, 50, 30, 4]], MARK_KEY)
    assert found is not None
    assert found.payload == MARK


def test_frames_may_be_marked_in_place() -> None:
    frames = moving_frames(30)
    copy = embed(frames, MARK, MARK_KEY)
    embed(frames, MARK, MARK_KEY, out=frames)
    assert np.array_equal(frames, copy)


@pytest.mark.parametrize("seed", range(4))
def test_an_unmarked_clip_has_no_mark(tmp_path: Path, seed: int) -> None:
    assert read_back(small_clip(tmp_path / "a.mp4", seconds=1, seed=seed).path, MARK_KEY) is None


def test_a_clip_marked_with_another_key_has_no_mark() -> None:
    assert detect(embed(moving_frames(30), MARK, b"another key"), MARK_KEY) is None


def test_no_pictures_have_no_mark() -> None:
    assert detect([], MARK_KEY) is None
