"""The embedder of this process: set once where models are held, asked by the checks. One vector per text for all."""

from placet.text.embeddings import CachingEmbedder, Embedder


class NoEmbedder(RuntimeError):
    """This process holds no model, so a check that needs one cannot run: the generation waits."""

    code = "check_cannot_run"


_held: list[CachingEmbedder] = []


def set_embedder(embedder: Embedder) -> CachingEmbedder:
    """Make this the embedder of the process."""
    _held[:] = [CachingEmbedder(embedder)]
    return _held[0]


def embedder() -> CachingEmbedder:
    """The embedder of this process. Raises `NoEmbedder`."""
    if not _held:
        raise NoEmbedder("No sentence model is held here. `placet serve model-consumers` holds it.")
    return _held[0]
