"""Parts that the recipes of all engines share: the request, with words and persons as hashes, and the raw clip."""

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.ports import GenerationRequest


def request_summary(request: GenerationRequest) -> dict[str, Any]:
    """The request as the log may hold it unencrypted."""
    return {
        **{k: getattr(request, k) for k in ("generation", "mode", "seed", "width", "height", "style")},
        "milliseconds": round(request.seconds * 1000),
        "prompt_sha256": hashed(request.prompt.encode()),
        "parent_prompt_sha256": hashed((request.parent_prompt or "").encode()),
        "image_sha256": hashed(request.image),
        "before_sha256": hashed(np.ascontiguousarray(request.before.frames).data) if request.before else None,
        "badges_sha256": [hashed(person.encode()) for person in request.badges],
    }


def raw(frames: NDArray[np.uint8], pcm: NDArray[np.float32], rate: int) -> dict[str, Any]:
    """Hashes of pictures and sound before watermark and encoder, for comparison with a reproduction. Copies nothing."""
    return {
        "frames_sha256": sha256(np.ascontiguousarray(frames).data).hexdigest(),
        "pcm_sha256": sha256(np.ascontiguousarray(pcm).data).hexdigest(),
        "pcm_rate": rate,
    }


def hashed(data: bytes | memoryview | None) -> str | None:
    return sha256(data).hexdigest() if data else None
