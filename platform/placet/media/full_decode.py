"""Full decoding of our own clips: every picture and every sample. Untrusted clips are read in the sandbox."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
Samples = NDArray[np.float32]


def decode_fully(path: Path) -> tuple[RGB, Samples, int]:
    """Pictures [n, height, width, 3], samples [n, channels] from the clip's beginning, and their rate."""
    with av.open(str(path), "r") as container:
        pictures: RGB = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    with av.open(str(path), "r") as container:
        stream = container.streams.audio[0]
        parts, first = [], None
        for frame in container.decode(stream):
            first = frame.time if first is None else first
            parts.append(frame.to_ndarray())
        rate = stream.rate
    early = round(max(-(first or 0.0), 0.0) * rate)  # the encoder's padding
    samples: Samples = np.concatenate(parts, 1, dtype=np.float32).T[early:]
    return pictures, samples, rate
