"""One supervisor per home: PostgreSQL, tables and seed data, then the children, until it is stopped."""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from placet.runtime.install.earlier_release import refuse_earlier_release
from placet.runtime.install.provision import provision
from placet.runtime.install.renamed_settings import renamed_settings
from placet.runtime.install.schema_fingerprint import fingerprint, is_prepared, note_prepared
from placet.runtime.kafka.broker import Broker, BrokerMissing
from placet.runtime.postgres.dsn import dsn
from placet.runtime.postgres.server import Postgres, running_postgres
from placet.runtime.supervisor import ports as free_ports
from placet.runtime.supervisor.managed_process import MARK, ManagedProcess, end_leftovers, rotate
from placet.runtime.supervisor.process_table import HOST, Child, Ports, children
from placet.runtime.supervisor.signals import set_by_handler
from placet.runtime.supervisor.state import EMBEDDED, SupervisorState, only_one, write_state

TICK_SECONDS: Final = 0.1
DRAIN_SECONDS: Final = 3.5  # of five seconds; the rest is PostgreSQL's
READY_SECONDS: Final = 60.0

ProgressCallback = Callable[[str], None]
Install = Callable[[Path], None]
Table = Callable[[Ports, Broker | None], Iterable[Child]]


class NotStarted(RuntimeError):
    """The supervisor gave up before anything was served. The text says which log to read."""


class Supervisor:
    """Runs until `stop` is called. Call `run` from the main thread: children die with the thread that started them."""

    def __init__(
        self, home: Path, *, first_port: int = free_ports.FIRST, table: Table = children, install: Install = provision
    ) -> None:
        """`install` creates what is missing in `home` before anything starts."""
        self.home = home
        self.install = install
        self.first_port = first_port
        self.table = table
        self._stopping = threading.Event()

    def stop(self) -> None:
        """May be called from a signal handler: `run` drains and returns within about five seconds."""
        set_by_handler(self._stopping)

    def run(self, report: ProgressCallback, ready: Callable[[SupervisorState], None]) -> None:
        """Raises `AlreadyRunning`, `InstallTooOld`, `NotStarted`, `PostgresUnavailable`, `NoFreePort`."""
        for sentence in renamed_settings():
            report(sentence)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(self.home):
            if left := end_leftovers(self.home):
                report(f"Ended {left} processes that an earlier start left running.")
            self.install(self.home)
            rotate(self.home / "log" / "postgres.log")
            with self._database() as postgres:
                self._serve(postgres, report, ready)

    @contextmanager
    def _database(self) -> Iterator[Postgres | None]:
        """The embedded server, or None where the site runs its own."""
        if os.environ.get("PLACET_DATABASE_URL"):
            yield None
            return
        with running_postgres(self.home) as server:
            yield server

    def _serve(
        self, postgres: Postgres | None, report: ProgressCallback, ready: Callable[[SupervisorState], None]
    ) -> None:
        ports = self._ports(report)
        broker = self._broker(ports)
        environment = self._environment(ports, broker)
        self._prepare(postgres, environment, report)
        managed = [ManagedProcess(child, self._log(child), environment) for child in self.table(ports, broker)]
        origin, transport = environment["PLACET_ORIGIN"], environment["PLACET_TRANSPORT"]
        state = SupervisorState(os.getpid(), ports.web, ports.live, origin, transport=transport)
        try:
            self._supervise(managed, postgres, state, ready)
        finally:
            _drain(managed)

    def _supervise(
        self,
        managed: list[ManagedProcess],
        postgres: Postgres | None,
        state: SupervisorState,
        ready: Callable[[SupervisorState], None],
    ) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._stopping.is_set():
            if postgres and not postgres.is_running():
                postgres.start()
            due = managed if state.ready else managed[:1]  # the web process first: the others take seconds to load
            changed = [one.check(time.monotonic()) for one in due]
            if any(changed):
                state = _with(state, managed, is_ready=state.ready)
                write_state(self.home, state)
            if not state.ready and is_responding(state.port):
                state = _with(state, managed, is_ready=True)
                write_state(self.home, state)
                ready(state)
            if not state.ready and time.monotonic() > deadline:
                raise NotStarted(f"The pages did not respond within {READY_SECONDS:.0f} s. See {self.home / 'log'}.")
            self._stopping.wait(TICK_SECONDS)

    def _ports(self, report: ProgressCallback) -> Ports:
        ports = free_ports.choose(self.first_port)
        if ports.web != self.first_port:
            report(f"Port {self.first_port} is taken: using {ports.web}.")
        return ports

    def _broker(self, ports: Ports) -> Broker | None:
        """A broker of our own, with new data, where Kafka is the transport and no cluster is configured."""
        if not ports.broker:
            return None
        broker = Broker(self.home, ports.broker, ports.controller)
        try:
            broker.recreate()
        except BrokerMissing as missing:
            raise NotStarted(str(missing)) from missing
        return broker

    def _environment(self, ports: Ports, broker: Broker | None) -> dict[str, str]:
        return {
            **os.environ,
            **({"PLACET_KAFKA_BOOTSTRAP_SERVERS": broker.address} if broker else {}),
            "PLACET_DATA_DIR": str(self.home),
            "PLACET_TRANSPORT": os.environ.get("PLACET_TRANSPORT", EMBEDDED),
            "PLACET_ORIGIN": os.environ.get("PLACET_ORIGIN", f"http://localhost:{ports.web}"),
            "PLACET_SSE_ORIGIN": os.environ.get("PLACET_SSE_ORIGIN", f"http://localhost:{ports.live}"),
            "PYTHONUNBUFFERED": "1",
            # glibc gives each thread an arena of its own and never returns one
            "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
            MARK: str(self.home),
        }

    def _prepare(self, postgres: Postgres | None, environment: dict[str, str], report: ProgressCallback) -> None:
        """Tables and seed data, in a process that ends, so that this one stays small. Skipped when up to date."""
        mark = fingerprint()
        if postgres and is_prepared(postgres.admin_dsn("placet"), mark):
            return
        self._refuse_earlier_release()
        words = [sys.executable, "-m", "placet", "bootstrap"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and not self._stopping.is_set():
            raise NotStarted(f"Preparing the tables or the seed data failed.\n{done.stderr.strip()}")
        if done.stdout.strip():
            report(done.stdout.strip())
        if postgres and not done.returncode:
            note_prepared(postgres.admin_dsn("placet"), mark)

    def _refuse_earlier_release(self) -> None:
        """Raises `InstallTooOld`. A database that does not answer is reported by `placet bootstrap`."""
        with suppress(psycopg.OperationalError), psycopg.connect(dsn(self.home, "owner")) as connection:
            refuse_earlier_release(self.home, connection.cursor())

    def _log(self, child: Child) -> Path:
        return self.home / "log" / f"{child.role}.log"


def _with(state: SupervisorState, managed: list[ManagedProcess], *, is_ready: bool) -> SupervisorState:
    pids = {one.child.role: one.pid for one in managed if one.pid}
    return replace(state, ready=is_ready, children=pids)


def _drain(managed: list[ManagedProcess]) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    for one in managed:
        one.request_stop()
    for one in managed:
        one.force_stop(until)


def is_responding(port: int) -> bool:
    """Whether the web process responds to its health check."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
