"""Sandbox client: the only way to read an untrusted file, in a new process that can open no file and no socket.

Every call raises `UnreadableMedia` for a refused file, and `SandboxUnavailable` if this machine cannot isolate the
reader: then nothing was parsed. A reader that takes too long is killed.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from placet.media.errors import SandboxUnavailable, UnreadableMedia
from placet.media.sandbox_protocol import unpack

Source = bytes | Path

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_PICTURE_BYTES: Final = 1920 * 1080 * 3
"""Bytes of the largest picture in a clip that is read whole."""
_ENVIRONMENT: Final = {"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_KILLED: Final = frozenset({-9, -24})  # by the CPU time limit


@dataclass(frozen=True)
class Limits:
    """Resources of one read; `memory_bytes` is in addition to the reader's size at its start."""

    memory_bytes: int = 512 * 1024 * 1024
    cpu_seconds: int = 30
    wall_seconds: float = 60.0


LIMITS: Final = Limits()


@dataclass(frozen=True)
class Frame:
    """One picture of a clip: (height, width, 3), RGB."""

    second: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class WholeClip:
    """`frames` [n, height, width, 3] RGB; `pcm` [samples, channels] in -1..1 at `rate` Hz, empty without sound."""

    frames: NDArray[np.uint8]
    fps: float
    pcm: NDArray[np.float32]
    rate: int


@dataclass(frozen=True)
class ClipFacts:
    """What a clip declares; only decoding (`measure`) shows whether it is true."""

    frames: int
    width: int
    height: int
    fps: float
    picture_seconds: float
    sound_seconds: float
    samples_per_second: int
    channels: int


@dataclass(frozen=True)
class ClipMeasures:
    """Metrics of a fully decoded clip. Shares are of frames, pairs of neighbours, or samples.

    Flicker is the mean absolute second difference of mean luma, in levels of 255. Silence is -120 dBFS. A halt is an
    abrupt stop; a landing is that of a single moving object; `sound_late_seconds` is the median from landings to their
    nearest sounds, None without both.
    """

    frames: int
    width: int
    height: int
    fps: float
    picture_seconds: float
    sound_seconds: float
    black_share_0_1: float
    frozen_share_0_1: float
    flicker_levels: float
    sound_rms_dbfs: float
    sound_peak_0_1: float
    clipped_share_0_1: float
    dc_offset: float
    halts: int
    landings: int
    onsets: int
    struck_while_still: int
    sound_late_seconds: float | None


def normalise_image(data: Source, *, max_side: int = 1536, limits: Limits = LIMITS) -> bytes:
    """A JPEG, PNG or WebP as a plain upright RGB PNG of at most `max_side` pixels a side, without any metadata."""
    with _distrusting_the_answer():
        return _ask("normalise_image", data, limits, max_side=max_side)[1]


def probe(mp4: Source, *, limits: Limits = LIMITS) -> ClipFacts:
    """What the clip declares, without decoding it."""
    with _distrusting_the_answer():
        return ClipFacts(**_ask("probe", mp4, limits)[0])


def measure(mp4: Source, *, limits: Limits = LIMITS) -> ClipMeasures:
    """Decodes the whole clip and measures it for the quality gate."""
    with _distrusting_the_answer():
        return ClipMeasures(**_ask("measure", mp4, limits)[0])


def read_clip(mp4: Source, *, max_frames: int, limits: Limits = LIMITS) -> WholeClip:
    """A whole untrusted clip of at most `max_frames`. The reader may hold every picture twice."""
    roomy = replace(limits, memory_bytes=limits.memory_bytes + 2 * max_frames * MAX_PICTURE_BYTES)
    with _distrusting_the_answer():
        facts, payload = _ask("read_clip", mp4, roomy, max_frames=max_frames)
        shape, samples = tuple(int(n) for n in facts["shape"]), (int(facts["samples"]), int(facts["channels"]))
        pictures = math.prod(shape)
        frames = np.frombuffer(payload, np.uint8, pictures).reshape(shape)
        pcm = np.frombuffer(payload, "<f4", math.prod(samples), pictures).reshape(samples)
        return WholeClip(frames, float(facts["fps"]), pcm, int(facts["rate"]))


def read_frames(
    mp4: Source, *, max_frames: int, per_second: float = 2.0, max_side: int = 640, limits: Limits = LIMITS
) -> list[Frame]:
    """At most `max_frames` pictures, `per_second` of them, none with a side above `max_side`."""
    with _distrusting_the_answer():
        facts, pixels = _ask(
            "read_frames", mp4, limits, max_frames=max_frames, per_second=per_second, max_side=max_side
        )
        return _frames(facts["frames"][:max_frames], pixels)


def _frames(descriptions: list[dict[str, Any]], pixels: bytes) -> list[Frame]:
    frames, start = [], 0
    for one in descriptions:
        shape = (int(one["height"]), int(one["width"]), 3)
        end = start + shape[0] * shape[1] * shape[2]
        frames.append(Frame(float(one["second"]), np.frombuffer(pixels[start:end], np.uint8).reshape(shape)))
        start = end
    return frames


@contextmanager
def _distrusting_the_answer() -> Iterator[None]:
    """An attacker in the child may answer anything: an inconsistent answer raises `UnreadableMedia`."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableMedia("media_reader_crashed", f"Its answer is inconsistent: {error}.") from error


def _ask(operation: str, source: Source, limits: Limits, **arguments: Any) -> tuple[dict[str, Any], bytes]:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not 0 < size <= MAX_BYTES:
        raise UnreadableMedia("media_too_large" if size else "media_empty", f"{size} bytes.")
    facts, payload = _answer_of(_run(operation, source, limits, arguments, memory=limits.memory_bytes + 2 * size))
    if "not_closed_in" in facts:
        raise SandboxUnavailable(str(facts["not_closed_in"]))
    if "refused" in facts:
        raise UnreadableMedia(str(facts["refused"]), str(facts["message"]))
    return facts, payload


def _run(
    operation: str, source: Source, limits: Limits, arguments: dict[str, Any], memory: int
) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-I", "-m", "placet.media.sandbox_main", operation, json.dumps(arguments)]
    command += [str(memory), str(limits.cpu_seconds)]
    try:
        if isinstance(source, bytes):
            return _finish(command, limits, input=source)
        with source.open("rb") as file:
            return _finish(command, limits, stdin=file)
    except subprocess.TimeoutExpired as error:
        raise UnreadableMedia("media_timeout", f"{limits.wall_seconds:.0f} s.") from error


def _finish(command: list[str], limits: Limits, **stdin: Any) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # noqa: S603 - our own module under our own interpreter
        command, capture_output=True, check=False, timeout=limits.wall_seconds, env=_ENVIRONMENT, cwd="/", **stdin
    )


def _answer_of(child: "subprocess.CompletedProcess[bytes]") -> tuple[dict[str, Any], bytes]:
    if child.returncode in _KILLED:
        raise UnreadableMedia("media_timeout")
    try:
        return unpack(child.stdout)
    except ValueError as error:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UnreadableMedia("media_reader_crashed", f"It exited with {child.returncode}: {last[:200]}.") from error
