"""A child that dies with its parent, even when the parent is killed with -9. Linux only; elsewhere nothing happens."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def leash(dying: signal.Signals, parent: int | None = None) -> Callable[[], None]:
    """For `Popen(preexec_fn=…)`: ask the kernel to send `dying` when the *thread* that started the child ends.

    So start children from a thread that lives as long as they should. A child that is made otherwise calls what it
    gets here itself, and names its `parent`.
    """
    parent = parent or os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def in_the_child() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(dying), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), dying)

    return in_the_child
