"""What an engine is asked for, from what the log holds: the same for a run and for its replay."""

from typing import Final

from generator.ports import Before, GenerationRequest
from placet.eventlog.store.event import Encrypted
from placet.eventlog.store.log import EventLog, Stream
from placet.media.blobs import Area
from placet.media.errors import BlobMissing
from placet.media.private_store import PrivateStore
from placet.media.sandbox_client import read_clip
from placet.media.storage import blobs
from placet.studio.generation import Generation, stream_of

MOST_FRAMES: Final = 300
"""Of a clip of ours: ten seconds of thirty pictures."""
LAST_SECONDS: Final = 2.0


def request_of(generation: Generation, log: EventLog, private: PrivateStore) -> GenerationRequest:
    """With the asker's words and picture, opened. Raises `BlobMissing`, `UnreadableMedia`, `SubjectErased`."""
    asked = generation.asked
    image = asked.image and private.open(asked.requested_by, asked.image)  # normalised when it came in
    return GenerationRequest(
        generation=asked.generation, mode=asked.mode, prompt=str(asked.prompt),
        parent_prompt=_told_before(generation, log),
        seed=asked.seed, width=asked.width, height=asked.height, fps=asked.fps, seconds=asked.seconds,
        engine=asked.engine, image=image or None, badges=tuple(asked.cameos),
        before=_end_of(log, asked.parent) if asked.mode == "extend" and asked.parent else None,
    )  # fmt: skip


def _end_of(log: EventLog, parent: str) -> Before:
    """Of the clip as everybody sees it.

    Raises `BlobMissing` where it is gone or anything stands against it, `UnreadableMedia` where it is damaged.
    """
    before = Generation.replay(log.read(stream_of(parent)))
    if before.signed is None or before.restrictions:
        raise BlobMissing(f"Generation {parent} is not shown any more, so that nothing goes on from it.")
    clip = read_clip(blobs().path(before.signed.sha256, Area.RELEASED), max_frames=MOST_FRAMES)
    last = round(LAST_SECONDS * clip.fps)
    return Before(clip.frames[-last:].copy(), clip.fps, clip.pcm[-round(LAST_SECONDS * clip.rate) :].copy(), clip.rate)


def _told_before(generation: Generation, log: EventLog) -> str | None:
    """What the ancestors were asked for, oldest line first."""
    streams = log.read_many(stream_of(a) for a in generation.asked.ancestors)
    prompts = [str(prompt) for a in reversed(generation.asked.ancestors) if (prompt := _prompt(streams[stream_of(a)]))]
    return "\n".join(prompts) or None


def _prompt(stream: Stream) -> Encrypted:
    """What an ancestor was asked for; `ERASED`, and so nothing, when its asker was forgotten."""
    prompt: Encrypted = stream.facts[0].prompt
    return prompt
