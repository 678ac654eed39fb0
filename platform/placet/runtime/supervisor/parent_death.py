"""A child that dies with its parent, even when the parent is killed with -9. Linux only; elsewhere a no-op."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """For `Popen(preexec_fn=…)`: ask the kernel to send `death_signal` when the *thread* that started the child ends.

    So start children from a thread that lives as long as they should.
    """
    return _set_death_signal(death_signal, os.getpid())


def die_with_this_process(death_signal: signal.Signals) -> None:
    """The same in a process started by `multiprocessing`, which takes no `preexec_fn`."""
    if (parent := parent_process()) is not None and parent.pid is not None:
        _set_death_signal(death_signal, parent.pid)()


def _set_death_signal(death_signal: signal.Signals, parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def in_the_child() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), death_signal)

    return in_the_child
