"""A process that gets a stop signal stops, whenever the signal comes."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes
SIGNAL_BEFORE_THE_WAIT = """
import signal, sys, threading
from placet.runtime.supervisor.signals import set_by_handler
handle = {"ours": set_by_handler, "plain": threading.Event.set}[sys.argv[1]]
for delay in range(4_000):
    stop = threading.Event()
    signal.signal(signal.SIGALRM, lambda *_: handle(stop))
    signal.setitimer(signal.ITIMER_REAL, (delay % 200 + 1) / 1e6)
    while not stop.is_set():
        stop.wait(0.000_01)
"""


def stops(way: str, seconds: float) -> bool:
    """Whether each of 4,000 events ends the wait for it."""
    words = [sys.executable, "-c", SIGNAL_BEFORE_THE_WAIT, way]
    try:
        subprocess.run(words, check=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.promise("P6")
def test_a_signal_stops_a_thread_that_is_about_to_wait() -> None:
    assert stops("ours", 120)


def test_a_handler_that_sets_the_event_itself_deadlocks() -> None:
    """The control."""
    assert not stops("plain", 10)
