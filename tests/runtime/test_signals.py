"""A process that is told to stop stops, at whatever moment it is told."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes
TOLD_WHILE_ABOUT_TO_WAIT = """
import signal, sys, threading
from placet.runtime.supervisor.signals import set_by_handler
tell = {"ours": set_by_handler, "plain": threading.Event.set}[sys.argv[1]]
for delay in range(4_000):
    stop = threading.Event()
    signal.signal(signal.SIGALRM, lambda *_: tell(stop))
    signal.setitimer(signal.ITIMER_REAL, (delay % 200 + 1) / 1e6)
    while not stop.is_set():
        stop.wait(0.000_01)
"""


def stops(way: str, seconds: float) -> bool:
    """Whether each of 4,000 events ends the wait for it."""
    words = [sys.executable, "-c", TOLD_WHILE_ABOUT_TO_WAIT, way]
    try:
        subprocess.run(words, check=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.promise("P6")
def test_a_signal_stops_who_is_about_to_wait() -> None:
    assert stops("ours", 120)


def test_a_handler_that_sets_the_event_itself_stops_its_thread_for_ever() -> None:
    """The control."""
    assert not stops("plain", 10)
