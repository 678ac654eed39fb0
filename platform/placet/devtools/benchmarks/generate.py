"""The speed of the small model: one warm clip with everything that follows it; and many, against a plain loop.

The loop is the bare diffusers pipeline on the same device with the same arguments: it parses no words, retries nothing,
fits nothing and hashes nothing. Ours does all of these.
"""

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from generator.engines.diffusion.engine import DiffusersEngine
from generator.engines.diffusion.naive_loop import clips_per_second
from generator.evaluation.questions import questions
from generator.ports import GenerationRequest, RawClip
from placet.devtools.benchmarks.eventlog.row import Row, percentile
from placet.devtools.evaluation.acceptance import made, wanted
from placet.runtime.supervisor.parent_death import die_with_this_process

ProgressCallback = Callable[[str], None]
SECONDS_EACH: Final = 4.0
A_CLIP_SECONDS: Final = 6.0
TIMES_THE_LOOP: Final = 5.0
SIZE: Final = (360, 640)
CORES_EACH: Final = 4
MOST_LOOPED: Final = 32
"""Clips of the loop, warm-up included; it takes as long for each."""


def generate_rows(dsn: str, clips: int, report: ProgressCallback) -> list[Row]:
    """`clips` clips by the loop, and as many by the engine."""
    from placet.devtools.benchmarks.queueing import queue_row  # not for the processes below, which have no Django

    engine = DiffusersEngine()
    report("loading the small model")
    engine.load()
    asked = requests(engine, clips)
    made(engine, asked[0])
    report(f"{min(clips, 8)} clips of {SECONDS_EACH:.0f} s, one by one, each to its MP4")
    seconds = [_to_mp4(engine, request) for request in asked[: min(clips, 8)]]
    rows = [
        Row("a clip of 4 s with sound, warm", round(statistics.median(seconds), 2), "s",
            goal=f"<= {A_CLIP_SECONDS:.0f}", judged=True, p95_ms=round(1000 * percentile(seconds, 0.95)),
            note=_device(engine)),
        _same_bits(engine, asked[0]),
        queue_row(dsn, engine, clips, report),
    ]  # fmt: skip
    engine.unload()
    return [*rows, *against_the_loop(asked, _processes(), report)]


def _processes() -> int:
    """One worker per four cores: watermarking and encoding need the others."""
    return max(1, (os.cpu_count() or 1) // CORES_EACH)


def requests(engine: DiffusersEngine, count: int) -> list[GenerationRequest]:
    """The first of the fixed questions, at the most common size."""
    return [wanted(engine, str(asked), seed, SIZE, SECONDS_EACH) for asked, seed in questions(count)]


def against_the_loop(asked: list[GenerationRequest], processes: int, report: ProgressCallback) -> list[Row]:
    """Clips per second: of the loop, and of the workers, each of which calls its engine from several threads."""
    report(f"{len(asked)} clips by the pipeline in a loop")
    loop = clips_per_second(asked[:MOST_LOOPED])
    report(f"{len(asked)} clips by {processes} process(es)")
    with ProcessPoolExecutor(processes, get_context("spawn"), _load) as pool:
        shares = [asked[n::processes] for n in range(processes)]
        list(pool.map(_share, [share[:MOST_LOOPED] for share in shares]))
        begun = time.perf_counter()
        reports = list(pool.map(_share, shares))
        ours = len(asked) / (time.perf_counter() - begun)
    is_goal = "cuda" in reports[0].device
    return [
        Row("clips a second, many at once", round(ours, 3), "clips/s", reference=round(loop, 3),
            reference_name="pipeline in a loop", ratio=round(ours / loop, 3),
            goal=f">= {TIMES_THE_LOOP:.0f} x" if is_goal else "", judged=is_goal,
            note=f"{processes} process(es), {reports[0].device}; "
                 f"{sum(one.again for one in reports)} of {len(asked)} drawn twice"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class GenerateReport:
    """The report of one process on its share."""

    device: str
    again: int


_engine: DiffusersEngine | None = None
"""One per process: loading takes longer than a clip."""


def _load() -> None:
    global _engine  # noqa: PLW0603  # one engine in each process of the pool
    die_with_this_process(signal.SIGKILL)
    _engine = DiffusersEngine()
    _engine.load()


def _share(asked: list[GenerationRequest]) -> GenerateReport:
    assert _engine is not None
    clips = _many(_engine, asked)
    return GenerateReport(_device(_engine), sum(len(clip.recipe["draws"]) > 1 for clip in clips))


def _same_bits(engine: DiffusersEngine, request: GenerationRequest) -> Row:
    """Rendered alone and, where possible, in a batch; the control uses another seed."""
    alone = bits(made(engine, request))
    others = requests(engine, engine.at_once(request))[1:]
    batched = bits(_many(engine, [request, *others])[0])
    other_seed = bits(_many(engine, [wanted(engine, request.prompt, request.seed + 1, SIZE, SECONDS_EACH)])[0])
    return Row("the same bits again, alone and in a batch", float(alone == batched), "", goal="1", judged=True,
               missed=int(alone == other_seed), note="missed: a clip of another seed had them too")  # fmt: skip


def bits(clip: RawClip) -> str:
    """A hash of frames and sound."""
    return sha256(clip.frames.tobytes() + clip.pcm.tobytes()).hexdigest()


def _many(engine: DiffusersEngine, asked: list[GenerationRequest]) -> list[RawClip]:
    with ThreadPoolExecutor(engine.at_once(asked[0])) as pool:
        return list(pool.map(lambda request: made(engine, request), asked))


def _to_mp4(engine: DiffusersEngine, request: GenerationRequest) -> float:
    """Seconds, to the encoded clip with its watermark."""
    from placet.media.encode import encode_mp4
    from provenance.watermark.embed import embed

    begun = time.perf_counter()
    clip = made(engine, request)
    with tempfile.TemporaryDirectory() as folder:
        marked = embed(clip.frames, 1, os.urandom(32), out=clip.frames)
        encode_mp4(marked, clip.fps, clip.pcm, clip.rate, Path(folder) / "clip.mp4")
    return time.perf_counter() - begun


def _device(engine: DiffusersEngine) -> str:
    return f"{engine.device}, {engine.profile.batch_size} at once, {engine.profile.dtype}"
