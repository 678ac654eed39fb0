"""Memory: how much a job needs, and how much this machine has available."""

from pathlib import Path
from typing import Final

import psutil

OVERHEAD_BYTES: Final = 120_000_000
OVERHEAD_BYTES_PER_PIXEL: Final = 150
"""For one picture: its watermark, and the encoder's own pictures."""
CGROUP: Final = Path("/sys/fs/cgroup")


class NotEnoughMemory(MemoryError):
    """The job needs more memory than is available. It was not started, so that nothing else is killed for it."""


def needed(frames: int, width: int, height: int) -> int:
    """Bytes beyond a loaded engine, from the first step to the encoded clip; from measured peaks.

    720 x 1280: 860 MB for 240 frames of the renderer, 560 MB for 120 of the small model; each is 5 to 7 % under this.
    """
    return frames * width * height * 3 + width * height * OVERHEAD_BYTES_PER_PIXEL + OVERHEAD_BYTES


def available(cgroup: Path = CGROUP) -> int:
    """Bytes available on the machine, or in this process's control group."""
    free = psutil.virtual_memory().available
    try:
        most = (cgroup / "memory.max").read_text().strip()
        if most == "max":
            return free
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        used = int((cgroup / "memory.current").read_text()) - int(stat["inactive_file"])
    except (OSError, ValueError, KeyError):
        return free
    return max(0, min(free, int(most) - used))
