"""Encoder: pictures and sound into one MP4 (H.264 and AAC) that any browser plays.

Writes to a path, because moving the index to the front (`faststart`) needs a file that can be read again. Bit-equal
for equal input on the same build of the encoder: fixed threads and instructions, no dates or version strings.
"""

import hashlib
import platform
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

_THREADS: Final = 1
"""With two, one clip in some hundreds differed from its twin, under load one in ten; with one, none."""
_NO_THREAD_AHEAD: Final = "sync-lookahead=0"
"""x264's lookahead thread decides by its timing: under load one clip in seven differed."""
_EVERY_X86: Final = "asm=sse4.2"
"""x264's AVX-512 code depends on uninitialised memory; this gives one result on any CPU, as fast."""
_BT709: Final = 1
_AAC_SAMPLES: Final = 1024
_AUDIO_BITS_PER_SECOND: Final = 128_000


@dataclass(frozen=True)
class Encoded:
    path: Path
    sha256: str
    seconds: float
    settings: dict[str, str]


def encode_mp4(  # noqa: PLR0913 - one call with many named settings
    frames: NDArray[np.uint8],
    fps: float,
    pcm: NDArray[np.float32] | None,
    rate: int,
    path: Path,
    *,
    crf: int = 20,
    preset: str = "veryfast",
) -> Encoded:
    """Writes `frames` (n, height, width, 3; RGB, even sides) and `pcm` (samples, 2; -1 to 1, or None) to `path`.

    `rate` is in samples per second. Raises `ValueError` for odd sides or no frames, and `OSError` from the disk.
    """
    _check(frames)
    x264 = {"crf": str(crf), "preset": preset, "x264-params": x264_params()}
    settings = {**x264, "threads": str(_THREADS), "codec": "libx264", "audio": "aac"}
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", container_options=options) as container:
        video = _video(container, frames, fps, x264)
        audio = _audio(container, rate) if pcm is not None else None
        _write_pictures(container, video, frames)
        if audio is not None and pcm is not None:
            _write_sound(container, audio, pcm)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Encoded(path, sha256, len(frames) / fps, settings)


def x264_params() -> str:
    """x264 settings that make its output deterministic."""
    is_x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return f"{_NO_THREAD_AHEAD}:{_EVERY_X86}" if is_x86 else _NO_THREAD_AHEAD


def _check(frames: NDArray[np.uint8]) -> None:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or len(frames) == 0:
        raise ValueError("Frames must be (n, height, width, 3) of uint8, and n at least 1.")
    if frames.shape[1] % 2 or frames.shape[2] % 2:
        raise ValueError("Height and width must be even: the colour planes have half their size.")


def _video(container: OutputContainer, frames: NDArray[np.uint8], fps: float, options: dict[str, str]) -> VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
    stream.height, stream.width = frames.shape[1], frames.shape[2]
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.thread_count = _THREADS
    context.flags |= av.codec.context.Flags.bitexact
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = av.video.reformatter.ColorRange.MPEG
    return stream


def _audio(container: OutputContainer, rate: int) -> AudioStream:
    stream = container.add_stream("aac", rate=rate, layout="stereo")
    stream.bit_rate = _AUDIO_BITS_PER_SECOND
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def _write_pictures(container: OutputContainer, stream: VideoStream, frames: NDArray[np.uint8]) -> None:
    for picture in frames:
        rgb = av.VideoFrame.from_ndarray(picture, format="rgb24")
        container.mux(stream.encode(rgb.reformat(format="yuv420p", dst_colorspace="ITU709", threads=1)))
    container.mux(stream.encode(None))


def _write_sound(container: OutputContainer, stream: AudioStream, pcm: NDArray[np.float32]) -> None:
    planes = np.ascontiguousarray(np.clip(pcm, -1.0, 1.0).T, dtype=np.float32)
    for start in range(0, planes.shape[1], _AAC_SAMPLES):
        piece = np.ascontiguousarray(planes[:, start : start + _AAC_SAMPLES])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = stream.rate, start
        frame.time_base = Fraction(1, stream.rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
