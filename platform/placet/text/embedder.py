"""Embedder of this process: set once by processes that load models, and used by the checks."""

from placet.text.embeddings import CachingEmbedder, Embedder


class NoEmbedder(RuntimeError):
    """This process has no sentence model, so a check that needs one cannot run: the generation waits."""

    code = "check_cannot_run"


_current: list[CachingEmbedder] = []


def set_embedder(embedder: Embedder) -> CachingEmbedder:
    """Makes this the embedder of the process."""
    _current[:] = [CachingEmbedder(embedder)]
    return _current[0]


def embedder() -> CachingEmbedder:
    """The embedder of this process. Raises `NoEmbedder`."""
    if not _current:
        raise NoEmbedder("No sentence model is loaded in this process: only the model consumers load one.")
    return _current[0]
