from pathlib import Path

import numpy as np
import pytest

from placet.media.encode import encode_mp4
from tests.media.synthetic import FPS, RATE, moving_frames, tone


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    frames = moving_frames(12, 128, 96)
    made = [encode_mp4(frames, FPS, tone(0.5), RATE, tmp_path / f"{n}.mp4") for n in range(25)]
    assert len({one.sha256 for one in made}) == 1
    assert made[0].seconds == 0.5


def test_the_index_stands_in_front_so_that_playing_starts_at_once(tmp_path: Path) -> None:
    data = encode_mp4(moving_frames(4, 64, 64), FPS, None, RATE, tmp_path / "a.mp4").path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("shape", [(0, 64, 64, 3), (2, 63, 64, 3), (2, 64, 64, 4), (2, 64, 64)])
def test_pictures_that_cannot_be_encoded_are_refused_in_words(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        encode_mp4(np.zeros(shape, np.uint8), FPS, None, RATE, tmp_path / "a.mp4")
