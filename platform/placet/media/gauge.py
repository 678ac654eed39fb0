"""The technical facts of a clip, in one pass over its pictures and its sound. In the child only."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from placet.media.clips import MOST_SECONDS, judge_picture, opened, scaled
from placet.media.errors import HostileMedia

_SIDE: Final = 160
_BLACK_LEVEL: Final = 24.0
_BLACK_SHARE: Final = 0.98
_FROZEN_LEVELS: Final = 6.0
_CLIPPED: Final = 0.95  # AAC makes ripples of a flat top
_SILENCE_DBFS: Final = -120.0
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass
class _Pictures:
    count: int = 0
    black: int = 0
    frozen: int = 0
    means: list[float] = field(default_factory=list)
    last: NDArray[np.float32] | None = None
    end: float = 0.0

    def add(self, frame: av.VideoFrame) -> None:
        judge_picture(frame, self.count)
        luma = _small_luma(frame)
        self.black += int(np.mean(luma < _BLACK_LEVEL) >= _BLACK_SHARE)
        if self.last is not None and self.last.shape == luma.shape:
            self.frozen += int(np.abs(luma - self.last).max() <= _FROZEN_LEVELS)
        self.count, self.last = self.count + 1, luma
        self.means.append(float(luma.mean()))
        self.end = max(self.end, frame.time or 0.0)

    def facts(self) -> dict[str, Any]:
        flicker = np.abs(np.diff(self.means, n=2)).mean() if self.count > 2 else 0.0
        return {
            "frames": self.count,
            "black_share_0_1": self.black / self.count,
            "frozen_share_0_1": self.frozen / max(1, self.count - 1),
            "flicker_levels": float(flicker),
        }


@dataclass
class _Sound:
    resampler: AudioResampler = field(default_factory=lambda: AudioResampler(format="fltp"))
    samples: int = 0
    total: float = 0.0
    squares: float = 0.0
    peak: float = 0.0
    clipped: int = 0
    values: int = 0

    def add(self, frame: av.AudioFrame, rate: int) -> None:
        for piece in self.resampler.resample(frame):
            wave = np.nan_to_num(piece.to_ndarray().astype(np.float64))
            self.samples += wave.shape[1]
            self.values += wave.size
            self.total += float(wave.sum())
            self.squares += float(np.square(wave).sum())
            self.peak = max(self.peak, float(np.abs(wave).max(initial=0.0)))
            self.clipped += int((np.abs(wave) >= _CLIPPED).sum())
        if self.samples > MOST_SECONDS * rate:
            raise HostileMedia("media_too_long", f"At most {MOST_SECONDS:.0f} s.")

    def facts(self, rate: int) -> dict[str, Any]:
        values = max(1, self.values)
        rms = math.sqrt(self.squares / values)
        return {
            "sound_seconds": self.samples / rate if rate else 0.0,
            "sound_rms_dbfs": max(_SILENCE_DBFS, 20 * math.log10(rms)) if rms > 0 else _SILENCE_DBFS,
            "sound_peak_0_1": self.peak,
            "clipped_share_0_1": self.clipped / values,
            "dc_offset": self.total / values,
        }


def measure(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The facts of `child.ClipMeasures`. Raises `HostileMedia`."""
    seen, heard = _Pictures(), _Sound()
    with opened(data) as container:
        video = container.streams.video[0]
        audio = next(iter(container.streams.audio), None)
        rate = audio.rate if audio else 0
        for frame in container.decode([video, audio] if audio else [video]):
            if isinstance(frame, av.VideoFrame):
                seen.add(frame)
            elif isinstance(frame, av.AudioFrame):
                heard.add(frame, rate)
        if not seen.count:
            raise HostileMedia("media_broken", "Not one picture could be decoded.")
        fps = float(video.average_rate or 0)
        facts = {"width": video.width, "height": video.height, "fps": fps}
    return facts | {"picture_seconds": seen.count / fps if fps else seen.end} | seen.facts() | heard.facts(rate), b""


def _small_luma(frame: av.VideoFrame) -> NDArray[np.float32]:
    return (scaled(frame, _SIDE).to_ndarray().astype(np.float32) @ _LUMA).astype(np.float32)
