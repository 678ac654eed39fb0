"""The request to an engine, from what the log holds: the same for a job and for its replay."""

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
"""Of one clip: ten seconds at 30 frames per second."""
LAST_SECONDS: Final = 2.0


def request_of(generation: Generation, log: EventLog, private: PrivateStore) -> GenerationRequest:
    """With the requester's prompt and picture, decrypted. Raises `BlobMissing`, `UnreadableMedia`, `SubjectErased`."""
    asked = generation.required_request
    image = asked.image and private.open(asked.requested_by, asked.image)  # normalised when it came in
    return GenerationRequest(
        generation=asked.generation, mode=asked.mode, prompt=str(asked.prompt),
        parent_prompt=_prompts_of_ancestors(generation, log),
        seed=asked.seed, width=asked.width, height=asked.height, fps=asked.fps, seconds=asked.seconds,
        engine=asked.engine, image=image or None, badges=tuple(asked.cameos),
        before=_end_of(log, asked.parent) if asked.mode == "extend" and asked.parent else None,
    )  # fmt: skip


def _end_of(log: EventLog, parent: str) -> Before:
    """The last seconds of the published clip.

    Raises `BlobMissing` when it is missing or has an open restriction, `UnreadableMedia` when it is damaged.
    """
    before = Generation.replay(log.read(stream_of(parent)))
    if before.signed is None or before.restrictions:
        raise BlobMissing(f"Generation {parent} is no longer shown, so it cannot be extended.")
    clip = read_clip(blobs().path(before.signed.sha256, Area.RELEASED), max_frames=MOST_FRAMES)
    last = round(LAST_SECONDS * clip.fps)
    return Before(clip.frames[-last:].copy(), clip.fps, clip.pcm[-round(LAST_SECONDS * clip.rate) :].copy(), clip.rate)


def _prompts_of_ancestors(generation: Generation, log: EventLog) -> str | None:
    """The prompts of the ancestors, oldest line first."""
    streams = log.read_many(stream_of(a) for a in generation.required_request.ancestors)
    prompts = [
        str(prompt)
        for a in reversed(generation.required_request.ancestors)
        if (prompt := _prompt(streams[stream_of(a)]))
    ]
    return "\n".join(prompts) or None


def _prompt(stream: Stream) -> Encrypted:
    """The prompt of an ancestor; `ERASED`, which is empty, when its requester was erased."""
    prompt: Encrypted = stream.facts[0].prompt
    return prompt
