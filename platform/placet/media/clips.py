"""Reader of untrusted clips, in the sandbox only: always as MP4, from bytes, within fixed limits."""

import errno
import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from placet.media.errors import UnreadableMedia

MAX_SIDE: Final = 4096
MAX_PIXELS: Final = 1920 * 1920
MAX_SECONDS: Final = 120.0
MAX_FRAMES: Final = 3600
_OPTIONS: Final = {"protocol_whitelist": "none", "enable_drefs": "0", "use_absolute_path": "0"}

for _late in (
    "av.subtitles.stream",
    "numpy",
):  # PyAV imports these late, when no file can be opened any more
    importlib.import_module(_late)


@contextmanager
def opened(data: bytes) -> Iterator[InputContainer]:
    """Opens the clip and checks what it declares, before any frame is decoded. Raises `UnreadableMedia`."""
    if data[4:8] != b"ftyp":
        raise UnreadableMedia("media_not_a_clip")
    try:
        with av.open(io.BytesIO(data), "r", format="mov", options=_OPTIONS, metadata_errors="ignore") as container:
            _judge(container)
            yield container
    except (av.FFmpegError, ValueError, EOFError, ArithmeticError) as error:
        is_out_of_memory = getattr(error, "errno", None) == errno.ENOMEM
        code = "media_out_of_memory" if is_out_of_memory else "media_broken"
        raise UnreadableMedia(code, f"{type(error).__name__}.") from error


def pictures(container: InputContainer) -> Iterator[tuple[float, av.VideoFrame]]:
    """(second, picture). Raises `UnreadableMedia` for a picture that is too large or a clip that is too long."""
    for count, frame in enumerate(container.decode(video=0)):
        judge_picture(frame, count)
        yield frame.time or 0.0, frame


def judge_picture(frame: av.VideoFrame, count: int) -> None:
    _judge_size(frame.width, frame.height)
    if count >= MAX_FRAMES or (frame.time or 0.0) > MAX_SECONDS:
        raise UnreadableMedia("media_too_long", f"At most {MAX_SECONDS:.0f} s.")


def probe(data: bytes) -> tuple[dict[str, Any], bytes]:
    """What the clip declares; nothing is decoded."""
    with opened(data) as container:
        video = container.streams.video[0]
        audio = next(iter(container.streams.audio), None)
        return {
            "frames": video.frames,
            "width": video.width,
            "height": video.height,
            "fps": float(video.average_rate or 0),
            "picture_seconds": _seconds(video),
            "sound_seconds": _seconds(audio) if audio else 0.0,
            "samples_per_second": audio.rate if audio else 0,
            "channels": audio.channels if audio else 0,
        }, b""


def read_frames(data: bytes, max_frames: int, per_second: float, max_side: int) -> tuple[dict[str, Any], bytes]:
    """The first picture at or after each 1/`per_second` s, at most `max_frames` of them, scaled down to `max_side`."""
    kept: list[dict[str, Any]] = []
    pixels = []
    with opened(data) as container:
        for second, frame in pictures(container):
            if len(kept) >= max_frames:
                break
            if second * per_second >= len(kept) - 1e-6:
                rgb = scaled(frame, max_side)
                kept.append({"second": round(second, 6), "height": rgb.height, "width": rgb.width})
                pixels.append(rgb.to_ndarray().tobytes())
    if not kept:
        raise UnreadableMedia("media_broken", "No picture could be decoded.")
    return {"frames": kept}, b"".join(pixels)


def read_clip(data: bytes, max_frames: int) -> tuple[dict[str, Any], bytes]:
    """Every picture as RGB, then every sample as a 32-bit float from the clip's beginning."""
    frames: list[NDArray[Any]] = []
    sounds: list[NDArray[np.float32]] = []
    with opened(data) as container:
        video, audio = container.streams.video[0], next(iter(container.streams.audio), None)
        for _, frame in pictures(container):
            if len(frames) >= max_frames:
                raise UnreadableMedia("media_too_long", f"At most {max_frames} pictures.")
            frames.append(frame.reformat(format="rgb24", threads=1).to_ndarray())
        rate, fps = (audio.rate if audio else 0), float(video.average_rate or 0)
    if audio:
        sounds = _samples(data)
    if not frames or len({frame.shape for frame in frames}) > 1:
        raise UnreadableMedia("media_broken", "No picture, or pictures of several sizes.")
    pcm = np.concatenate(sounds, 1).T if sounds else np.zeros((0, 2), np.float32)
    facts = {"shape": [len(frames), *frames[0].shape], "fps": fps, "rate": rate}
    facts |= {"samples": pcm.shape[0], "channels": pcm.shape[1]}
    return facts, b"".join([*(frame.tobytes() for frame in frames), pcm.astype("<f4").tobytes()])


def _samples(data: bytes) -> list[NDArray[np.float32]]:
    """[channels, samples], in a separate pass; without the encoder's padding."""
    resampler, parts = AudioResampler(format="fltp"), []
    with opened(data) as container:
        early, count = None, 0
        for frame in container.decode(audio=0):
            early = max(-(frame.time or 0.0), 0.0) if early is None else early
            parts += [piece.to_ndarray() for piece in resampler.resample(frame)]
            count += frame.samples
            if count > MAX_SECONDS * (frame.sample_rate or 1):
                raise UnreadableMedia("media_too_long", f"At most {MAX_SECONDS:.0f} s.")
        skipped = round((early or 0.0) * container.streams.audio[0].rate)
    return [np.concatenate(parts, 1)[:, skipped:].astype(np.float32)] if parts else []


def scaled(frame: av.VideoFrame, max_side: int) -> av.VideoFrame:
    """RGB, no side above `max_side`. One thread: the sandbox allows no other."""
    scale = min(1.0, max_side / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    return frame.reformat(width=width, height=height, format="rgb24", interpolation=Interpolation.AREA, threads=1)


def _judge(container: InputContainer) -> None:
    if not container.streams.video:
        raise UnreadableMedia("media_not_a_clip", "It has no pictures.")
    video = container.streams.video[0]
    if video.codec_context.name != "h264":
        raise UnreadableMedia("media_not_a_clip", "Its pictures are not H.264.")
    _judge_size(video.width, video.height)
    if _seconds(video) > MAX_SECONDS or video.frames > MAX_FRAMES:
        raise UnreadableMedia("media_too_long", f"At most {MAX_SECONDS:.0f} s.")
    video.thread_type = "NONE"
    video.codec_context.thread_count = 1


def _judge_size(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UnreadableMedia("media_too_large", f"{width} x {height} pixels.")


def _seconds(stream: av.VideoStream | av.AudioStream) -> float:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
