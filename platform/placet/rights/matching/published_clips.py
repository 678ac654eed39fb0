"""Published clips, read from the log: rooms meet only through events."""

from placet.eventlog.store.log import current_log
from placet.studio.events import GenerationPublished, GenerationRequested


def published_prompts(position: int, at_most: int) -> list[tuple[str, str]]:
    """(generation, prompt) of the newest published clips up to a position."""
    log = current_log()
    ids = log.streams_by_type("studio.generation_published.v1", up_to=position, at_most=at_most)
    streams = log.read_many(ids)
    prompts = []
    for name, stream in streams.items():
        request = stream.facts[0]
        if isinstance(request, GenerationRequested) and any(isinstance(f, GenerationPublished) for f in stream.facts):
            prompts.append((name.removeprefix("generation-"), str(request.prompt)))
    return prompts
