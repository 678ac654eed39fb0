import os
import subprocess
import sys
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


MEMORIES = ["0", "1", "165"]
"""glibc fills all allocated and freed memory with this byte."""
HAS_AVX512 = "avx512f" in Path("/proc/cpuinfo").read_text()


@pytest.mark.parametrize(
    ("params", "is_equal"),
    [
        pytest.param("encode.x264_params", True, id="ours"),
        pytest.param(
            "lambda: 'sync-lookahead=0'", False, id="control",
            marks=pytest.mark.skipif(not HAS_AVX512, reason="only AVX-512 code depends on it"),
        ),
    ],
)  # fmt: skip
def test_uninitialised_memory_does_not_change_the_output(tmp_path: Path, params: str, *, is_equal: bool) -> None:
    script = ENCODE.format(params=params, path=str(tmp_path / "a.mp4"))
    hashes = [out_of(script, {"MALLOC_PERTURB_": byte}) for byte in MEMORIES]
    assert (len(set(hashes)) == 1) is is_equal


def out_of(script: str, more: dict[str, str]) -> str:
    words = [sys.executable, "-c", script]
    return subprocess.run(words, check=True, env=os.environ | more, stdout=subprocess.PIPE, text=True).stdout


ENCODE = """
from pathlib import Path
from placet.media import encode
from tests.media.synthetic import FPS, RATE, moving_frames, tone
encode.x264_params = {params}
print(encode.encode_mp4(moving_frames(12, 128, 96), FPS, tone(0.5), RATE, Path({path!r})).sha256)
"""


def test_the_index_comes_first_so_playback_starts_at_once(tmp_path: Path) -> None:
    data = encode_mp4(moving_frames(4, 64, 64), FPS, None, RATE, tmp_path / "a.mp4").path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("shape", [(0, 64, 64, 3), (2, 63, 64, 3), (2, 64, 64, 4), (2, 64, 64)])
def test_invalid_pictures_are_refused_with_a_message(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        encode_mp4(np.zeros(shape, np.uint8), FPS, None, RATE, tmp_path / "a.mp4")
