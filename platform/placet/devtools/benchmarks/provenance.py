"""Our signing against the bare library's, and the cost of the watermark. Each row is a plain mapping."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import c2pa
import numpy as np
from numpy.typing import NDArray

from placet.media.encode import encode_mp4
from provenance.c2pa import context as engine
from provenance.c2pa.manifest import ClipClaims, definition
from provenance.c2pa.sign import sign_clip
from provenance.pki.install_pki import ANCHORS, load_signer, make_install_pki
from provenance.watermark.embed import detect, embed, read_back

Row = dict[str, Any]
Frames = NDArray[np.uint8]

_FPS: Final = 30
_SECONDS: Final = 10
_RATE: Final = 48_000
_KEY: Final = bytes(range(32))
_MARK: Final = 0x0123456789ABCDEF
_CLAIMS: Final = ClipClaims("bench", "A bench", "bench", "1", True, "0", "00" * 32, 0, _MARK, "0")


def sign_rows(rounds: int = 15) -> list[Row]:
    """Signs a 10 s clip of 1280 x 720 with sound, by us and by the bare library, in turn; medians in milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_install_pki(folder / "keys")
        clip = encode_mp4(_frames(720, 1280), _FPS, _sound(), _RATE, folder / "clip.mp4", crf=12).path
        ours, bare = _in_turn(rounds, lambda: _sign(clip, folder), _bare_signing(clip, folder))
        case = f"sign 10 s of 720p, {clip.stat().st_size / 1e6:.1f} MB"
    return [_row(case, ours * 1e3, "ms", "<= 1.3 x", reference=bare * 1e3, reference_name="c2pa-python sign_file")]


def watermark_rows(unmarked: int = 20) -> list[Row]:
    """Watermarks a 10 s clip of 1280 x 720, encodes it at CRF 28 and reads it back; then tries clips without one."""
    frames = _frames(720, 1280)
    sample = frames[::25].copy()
    embed(frames[:1], _MARK, _KEY)
    start = time.perf_counter()
    embed(frames, _MARK, _KEY, out=frames)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as name:
        path = encode_mp4(frames, _FPS, None, _RATE, Path(name) / "clip.mp4", crf=28).path
        found = read_back(path, _KEY)
    errors = 100 * (1 - found.confidence) if found and found.payload == _MARK else 50.0
    wrong = sum(detect(_frames(360, 640, count=6, seed=seed), _KEY) is not None for seed in range(unmarked))
    return [
        _row("watermark 10 s of 720p", seconds, "s", "<= 2 s"),
        _row("similarity to the original", _psnr(frames[::25], sample), "dB PSNR", ">= 38 dB"),
        _row("payload bits read wrongly after CRF 28", errors, "%", "<= 1 %"),
        _row(f"payloads found in {unmarked} clips without one", wrong, "payloads", "0"),
    ]


def _row(  # noqa: PLR0913 - a table's columns
    case: str, ours: float, unit: str, goal: str, *, reference: float | None = None, reference_name: str = ""
) -> Row:
    return {
        "case": case,
        "ours": round(ours, 3),
        "reference": round(reference, 3) if reference else None,
        "reference_name": reference_name,
        "ratio": round(ours / reference, 3) if reference else None,
        "unit": unit,
        "goal": goal,
        "judged": True,
    }


def _sign(clip: Path, folder: Path) -> None:
    sign_clip(clip, folder / "ours.mp4", _CLAIMS, folder / "keys")


def _bare_signing(clip: Path, folder: Path) -> Callable[[], None]:
    """The library's own call, with the same settings, signer and manifest, all created before."""
    context = engine.context((folder / "keys" / ANCHORS).read_text(encoding="ascii"))
    signer = load_signer(folder / "keys")

    def sign() -> None:
        with c2pa.Builder(definition(_CLAIMS, "urn:c2pa:00000000-0000-4000-8000-000000000000"), context) as builder:
            builder.sign_file(clip, folder / "bare.mp4", signer)

    return sign


def _in_turn(rounds: int, one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Median seconds of each, measured alternately, so that a busy moment affects both."""
    taken: tuple[list[float], list[float]] = ([], [])
    one()
    other()
    for _ in range(rounds):
        for act, into in ((one, taken[0]), (other, taken[1])):
            start = time.perf_counter()
            act()
            into.append(time.perf_counter() - start)
    return median(taken[0]), median(taken[1])


def _frames(height: int, width: int, count: int = _FPS * _SECONDS, seed: int = 0) -> Frames:
    """A textured background that drifts behind a moving block, (count, height, width, 3)."""
    chance = np.random.default_rng(seed)
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [110 + 70 * np.sin(across / chance.uniform(20, 90) + down / chance.uniform(20, 90)) for _ in range(3)]
    backdrop = np.clip(np.stack(waves, axis=-1) + chance.normal(0, 4, (height, width, 1)), 0, 255).astype(np.uint8)
    frames = np.empty((count, height, width, 3), np.uint8)
    for at in range(count):
        frames[at] = np.roll(backdrop, at, axis=1)
        left = int(width * 0.8 * at / count)
        frames[at, height // 3 : height // 2, left : left + width // 8] = (230, 60, 40)
    return frames


def _sound() -> NDArray[np.float32]:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(_SECONDS * _RATE) / _RATE)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def _psnr(one: Frames, other: Frames) -> float:
    error = np.mean((one.astype(np.int16) - other.astype(np.int16)) ** 2)
    return float(10 * np.log10(255**2 / error))
