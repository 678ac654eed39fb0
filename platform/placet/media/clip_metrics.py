"""Technical metrics of a clip, in one pass over its pictures and sound. In the sandbox only."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from placet.media.audio_metrics import lag, onsets
from placet.media.clips import MAX_SECONDS, judge_picture, opened, scaled
from placet.media.errors import UnreadableMedia
from placet.media.motion_metrics import Moving, watch

_SIDE: Final = 160
_BLACK_LEVEL: Final = 24.0
_BLACK_SHARE: Final = 0.98
_MAX_WATCHED: Final = 720
"""Pictures kept for motion metrics: 12 s at 60 a second."""
_RING_SECONDS: Final = 0.3
"""Seconds after all motion stops in which the last impact may still sound."""
_CLIPPED: Final = 0.95  # AAC turns a flat top into ripples
_SILENCE_DBFS: Final = -120.0
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass
class _Pictures:
    count: int = 0
    black: int = 0
    means: list[float] = field(default_factory=list)
    small: list[NDArray[np.uint8]] = field(default_factory=list)
    end: float = 0.0

    def add(self, frame: av.VideoFrame) -> None:
        judge_picture(frame, self.count)
        small = scaled(frame, _SIDE).to_ndarray().astype(np.uint8, copy=False)
        luma = small.astype(np.float32) @ _LUMA
        self.black += int(np.mean(luma < _BLACK_LEVEL) >= _BLACK_SHARE)
        self.count += 1
        if self.count <= _MAX_WATCHED:
            self.small.append(small)
        self.means.append(float(luma.mean()))
        self.end = max(self.end, frame.time or 0.0)

    def facts(self) -> dict[str, Any]:
        flicker = np.abs(np.diff(self.means, n=2)).mean() if self.count > 2 else 0.0
        return {
            "frames": self.count,
            "black_share_0_1": self.black / self.count,
            "flicker_levels": float(flicker),
        }

    def moving(self, fps: float) -> Moving:
        if len({picture.shape for picture in self.small}) > 1:
            raise UnreadableMedia("media_broken", "Its pictures change size.")
        return watch(np.stack(self.small), fps)


@dataclass
class _Sound:
    resampler: AudioResampler = field(default_factory=lambda: AudioResampler(format="fltp"))
    samples: int = 0
    total: float = 0.0
    squares: float = 0.0
    peak: float = 0.0
    clipped: int = 0
    values: int = 0
    begins: float | None = None
    mono: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, frame: av.AudioFrame, rate: int) -> None:
        if self.begins is None:
            self.begins = frame.time or 0.0  # below zero: the encoder's padding
        for piece in self.resampler.resample(frame):
            wave = np.nan_to_num(piece.to_ndarray().astype(np.float64))
            self.mono.append(wave.mean(axis=0, dtype=np.float32))
            self.samples += wave.shape[1]
            self.values += wave.size
            self.total += float(wave.sum())
            self.squares += float(np.square(wave).sum())
            self.peak = max(self.peak, float(np.abs(wave).max(initial=0.0)))
            self.clipped += int((np.abs(wave) >= _CLIPPED).sum())
        if self.samples > MAX_SECONDS * rate:
            raise UnreadableMedia("media_too_long", f"At most {MAX_SECONDS:.0f} s.")

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

    def onsets(self, rate: int) -> NDArray[np.floating[Any]]:
        """Seconds from the clip's beginning."""
        return onsets(np.concatenate(self.mono), rate) + (self.begins or 0.0) if self.mono else np.empty(0)


def measure(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The fields of `sandbox_client.ClipMeasures`. Raises `UnreadableMedia`."""
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
            raise UnreadableMedia("media_broken", "No picture could be decoded.")
        fps = float(video.average_rate or 0)
        facts = {"width": video.width, "height": video.height, "fps": fps}
    facts["picture_seconds"] = seen.count / fps if fps else seen.end
    together = _together(seen.moving(fps or 1.0), heard.onsets(rate), fps or 1.0)
    return facts | seen.facts() | heard.facts(rate) | together, b""


def _together(moving: Moving, sounds: NDArray[np.floating[Any]], fps: float) -> dict[str, Any]:
    """Metrics that combine motion and sound."""
    struck = [at for at in sounds for begin, end in moving.stills if begin + _RING_SECONDS < at < end]
    return {
        "frozen_share_0_1": moving.still_share_0_1,
        "halts": len(moving.halts),
        "landings": len(moving.landings),
        "onsets": len(sounds),
        "struck_while_still": len(struck),
        "sound_late_seconds": lag(moving.landings, sounds, fps),
    }
