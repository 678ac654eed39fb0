"""Memory: what a run takes, and what is left for it on this machine."""

from pathlib import Path
from typing import Final

import psutil

BESIDE: Final = 120_000_000
BESIDE_A_PIXEL: Final = 150
"""Of one picture: its mark, and the encoder's own pictures."""
CGROUP: Final = Path("/sys/fs/cgroup")


class NoRoom(MemoryError):
    """The run would need more memory than is left; it was not begun, so that nothing else is killed for it."""


def needed(frames: int, width: int, height: int) -> int:
    """Bytes beyond a loaded engine, from the first step to the encoded clip. From peaks that were measured.

    720 x 1280: 860 MB for 240 frames of the renderer, 560 MB for 120 of the small model; each is 5 to 7 % under this.
    """
    return frames * width * height * 3 + width * height * BESIDE_A_PIXEL + BESIDE


def left(cgroup: Path = CGROUP) -> int:
    """Bytes that can still be had: of the machine, or of the control group that this process is in."""
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
