"""Signal handling: SIGTERM and SIGINT stop a process."""

import signal
import threading
from _thread import start_new_thread


def set_by_handler(event: threading.Event) -> None:
    """Set an event from within a signal handler.

    `event.set()` itself may deadlock there: its lock is not reentrant, and the handler may run in a thread that is
    about to wait for the event. Starting a bare thread needs no lock.
    """
    start_new_thread(event.set, ())


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set from now on."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: set_by_handler(stop))
    return stop
