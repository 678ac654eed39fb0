"""Sandbox: irreversibly isolates this process from files, network and memory. Called in the child, after its imports.

Required: limits on memory, CPU time and descriptors. Without descriptors every `open()` and `socket()` fails (EMFILE),
whatever an attacker makes the parser do. Best effort: an empty network namespace, no new privileges, user `nobody`.
"""

import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import Final

from placet.media.errors import SandboxUnavailable

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_SIGKILL: Final = 9
_NOBODY: Final = 65534


def enter_sandbox(memory_bytes: int, cpu_seconds: int) -> None:
    """Limits this process to `memory_bytes` beyond its current size, and `cpu_seconds` in total.

    Raises `SandboxUnavailable` if a limit is refused or has no effect: then parse nothing.
    """
    try:
        _limit(resource.RLIMIT_AS, _address_bytes() + memory_bytes)
        _limit(resource.RLIMIT_CPU, cpu_seconds)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        _leave_the_network()
        _leave_privileges()
        _limit(resource.RLIMIT_NPROC, 0)
        _limit(resource.RLIMIT_NOFILE, 0)
    except (OSError, ValueError) as error:
        raise SandboxUnavailable(str(error)) from error
    _check_no_file_opens()


def _limit(what: int, value: int) -> None:
    resource.setrlimit(what, (value, value))


def _address_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _leave_the_network() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _leave_privileges() -> None:
    if os.geteuid() == 0:
        with suppress(OSError):
            os.setgroups([])
        with suppress(OSError):
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _check_no_file_opens() -> None:
    try:
        handle = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return
    os.close(handle)
    raise SandboxUnavailable("A file could still be opened.")
