"""What a signal tells a process: to stop."""

import signal
import threading
from _thread import start_new_thread


def set_by_handler(event: threading.Event) -> None:
    """Set an event from within a signal handler.

    `event.set()` itself may not be called there: its lock is not reentrant, and a handler that runs in a thread which
    is just about to wait for the event stops that thread for ever. A bare thread needs no lock to be started.
    """
    start_new_thread(event.set, ())


def stop_on_signals() -> threading.Event:
    """Set by SIGTERM and SIGINT from now on."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: set_by_handler(stop))
    return stop
