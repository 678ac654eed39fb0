"""What each long-running process role does."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings

from placet.config import flow
from placet.eventlog.consumers.runner import Consumer, ConsumerThread
from placet.eventlog.gc_tuning import reduce_gc
from placet.eventlog.outbox import OutboxThread
from placet.eventlog.projections.runner import Projector
from placet.eventlog.proofs.head_file import head_file
from placet.eventlog.proofs.keys import install_signer
from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.store.connect import connect, retry_while_unavailable
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.transports.factory import transport_of
from placet.runtime.supervisor.signals import stop_on_signals

DRAIN_SECONDS: Final = 3.0
SWITCH_SECONDS: Final = 0.0005
"""Consumers query PostgreSQL often and briefly: none should wait Python's usual 5 ms to run after each answer."""


def _sign_as_install() -> tuple[Signer, Path | None]:
    home = Path(settings.PLACET_DATA_DIR)
    return install_signer(home), head_file(home)


def sequencer(sign_as: Callable[[], tuple[Signer, Path | None]] = _sign_as_install) -> None:
    """Assign positions, run projections behind them, and keep the transparency log."""
    _switch_quickly()
    stop = stop_on_signals()
    projecting = threading.Thread(target=Projector().run, args=(stop,), name="projections", daemon=True)
    signing = threading.Thread(
        target=retry_while_unavailable, args=(lambda: _keep_tree(sign_as, stop), stop), name="tree", daemon=True
    )
    projecting.start()
    signing.start()
    retry_while_unavailable(lambda: _sequence(stop), stop)
    projecting.join(DRAIN_SECONDS)
    signing.join(DRAIN_SECONDS)


def _keep_tree(sign_as: Callable[[], tuple[Signer, Path | None]], stop: threading.Event) -> None:
    with connect() as connection:
        TreeService(connection, *sign_as()).run(stop.is_set)


def _sequence(stop: threading.Event) -> None:
    with connect() as connection:
        Sequencer(connection).run(stop.is_set)


def load_models() -> None:
    """Load the sentence model in the background: only what needs it waits for it."""
    from moderation.signals.embedding import SentenceEmbedder
    from placet.text.embedder import set_embedder

    shared = set_embedder(SentenceEmbedder())
    threading.Thread(target=shared.embed, args=(["warm"],), name="models", daemon=True).start()


def model_consumers(hold_models: Callable[[], object] = load_models) -> None:
    """The consumers that need a model. This process holds the models."""
    hold_models()
    run_consumers("model-consumers", [one for one in flow.consumers() if one.requires_models])


def consumers() -> None:
    """All other consumers, and the outbox."""
    run_consumers("consumers", [one for one in flow.consumers() if not one.requires_models], OutboxThread)


def run_consumers(role: str, consumers: list[Consumer], outbox: type[OutboxThread] | None = None) -> None:
    """Run consumers until asked to stop. Under Kafka, all processes of one role share their events."""
    stop = stop_on_signals()
    _switch_quickly()
    transport = transport_of(role)
    subscribed = [(one, transport.subscribe(one.name, one.stored_types)) for one in consumers]
    retry_while_unavailable(transport.start, stop)
    threads: list[threading.Thread] = [ConsumerThread(one, events, connect, stop) for one, events in subscribed]
    threads += [outbox(connect, stop)] if outbox else []
    for thread in threads:
        thread.start()
    stop.wait()
    transport.stop()
    for thread in threads:
        thread.join(DRAIN_SECONDS)


def relay() -> None:
    """Publish the log to Apache Kafka, in order. Several may run: one leads."""
    from placet.eventlog.transports.kafka import KafkaCluster
    from placet.eventlog.transports.relay import Relay

    reduce_gc()
    stop = stop_on_signals()
    retry_while_unavailable(
        lambda: Relay(connect, KafkaCluster.of_settings(), [one.name for one in flow.consumers()]).run(stop), stop
    )


def generator() -> None:
    """Render clips, one at a time. The default engine is loaded before the first job."""
    from generator.registry import EngineRegistry
    from generator.worker import work
    from placet.media.storage import blobs, private
    from placet.processes.generation_queue import LogJobQueue

    stop = stop_on_signals()
    key = (Path(settings.PLACET_DATA_DIR) / "keys" / "watermark.key").read_bytes()
    queue = LogJobQueue(connect, blobs(), private(), key)
    engines = EngineRegistry()
    engines.loaded(settings.PLACET_DEFAULT_ENGINE)
    work(queue, engines, should_stop=stop.is_set, post_process=queue.post_process)


def scheduler() -> None:
    """Run the periodic jobs, at low priority."""
    from placet.media.storage import blobs
    from placet.operations.jobs.scheduler import Scheduler

    os.nice(10)
    Scheduler(connect, blobs()).run(stop_on_signals())


def _switch_quickly() -> None:
    """For a process with many threads: short switch intervals and rare garbage collections, which stop all threads."""
    sys.setswitchinterval(SWITCH_SECONDS)
    reduce_gc()


_ENTRY: Final[dict[str, Callable[[], None]]] = {
    "sequencer": sequencer,
    "consumers": consumers,
    "model-consumers": model_consumers,
    "generator": generator,
    "scheduler": scheduler,
    "relay": relay,
}


def run(role: str) -> None:
    """Run one role until it is asked to stop. Raises `KeyError` for an unknown one."""
    _ENTRY[role]()
