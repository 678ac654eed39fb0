"""What the long-lived parts do, each in its own process."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings

from placet.config import flow
from placet.eventlog.connecting import connect
from placet.eventlog.consuming import Consumer, ConsumerThread
from placet.eventlog.effects import EffectThread
from placet.eventlog.projecting import Projector
from placet.eventlog.sequencer import Sequencer
from placet.eventlog.transports.embedded import EmbeddedTransport

DRAIN_SECONDS: Final = 3.0
SWITCH_SECONDS: Final = 0.0005
"""Consumers ask PostgreSQL often and briefly: none should wait Python's usual 5 ms for its turn after each answer."""


def sequencer() -> None:
    """Give positions, and fold projections behind them."""
    flow.load()
    stop = _stop_on_signals()
    folding = threading.Thread(target=Projector().run, args=(stop,), name="projections", daemon=True)
    folding.start()
    _kept_up(lambda: _sequence(stop), stop)
    folding.join(DRAIN_SECONDS)


def _sequence(stop: threading.Event) -> None:
    with connect() as connection:
        Sequencer(connection).run(stop.is_set)


def load_models() -> None:
    """The sentence model is loaded beside the first answers: who needs it waits for it, nobody else does."""
    from moderation.signals.embedding import SentenceEmbedder
    from placet.words.current import hold

    shared = hold(SentenceEmbedder())
    threading.Thread(target=shared.embed, args=(["warm"],), name="models", daemon=True).start()


def checks(hold_models: Callable[[], object] = load_models) -> None:
    """The checks that need a model, and whatever else needs one. This process holds the models."""
    flow.load()
    stop = _stop_on_signals()
    hold_models()
    _answer([one for one in flow.consumers() if one.needs_models], [], stop)


def consumers() -> None:
    """All other answers to events, and the effects."""
    flow.load()
    stop = _stop_on_signals()
    _answer([one for one in flow.consumers() if not one.needs_models], [EffectThread(connect, stop)], stop)


def _answer(consumers: list[Consumer], others: list[threading.Thread], stop: threading.Event) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    transport = EmbeddedTransport(connect)
    _kept_up(transport.start, stop)
    threads = [*(ConsumerThread(one, transport, connect, stop) for one in consumers), *others]
    for thread in threads:
        thread.start()
    stop.wait()
    transport.stop()
    for thread in threads:
        thread.join(DRAIN_SECONDS)


def worker() -> None:
    """Make clips, one at a time."""
    from generator.registry import engine_named
    from generator.worker import work
    from placet.config.run_queue import LogRunQueue
    from placet.media.places import blobs, private

    flow.load()
    stop = _stop_on_signals()
    key = (Path(settings.PLACET_HOME) / "keys" / "watermark.key").read_bytes()
    queue = LogRunQueue(connect, blobs(), private(), key)
    work(queue, engine_named(settings.PLACET_ENGINE), should_stop=stop.is_set, develop=queue.develop)


def housekeeping() -> None:
    """Sweep blobs, prove projections: now and then, where nobody waits for it."""
    from placet.config.chores.keeping import Housekeeper
    from placet.media.places import blobs

    flow.load()
    os.nice(10)
    Housekeeper(connect, blobs()).run(_stop_on_signals())


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _kept_up(step: Callable[[], None], stop: threading.Event) -> None:
    """Run a step that needs PostgreSQL; while it is away, try again."""
    import psycopg

    while not stop.is_set():
        try:
            step()
        except psycopg.OperationalError:
            stop.wait(0.5)
        else:
            return
