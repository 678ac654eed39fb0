"""One supervisor per home: PostgreSQL, tables, the seeded world, then the children, for as long as it is wanted."""

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
DRAIN_SECONDS: Final = 3.5  # what is left of five seconds is PostgreSQL's
READY_SECONDS: Final = 60.0

ProgressCallback = Callable[[str], None]
Install = Callable[[Path], None]
Table = Callable[[Ports, Broker | None], Iterable[Child]]


class NotStarted(RuntimeError):
    """The supervisor gave up before anything was served. The text says where to look."""


class Supervisor:
    """Runs until `stop` is called. Call `run` from the main thread: children die with the thread that started them."""

    def __init__(
        self, home: Path, *, first_port: int = free_ports.FIRST, table: Table = children, install: Install = provision
    ) -> None:
        """`install` makes what is missing in `home` before anything starts."""
        self.home = home
        self.install = install
        self.first_port = first_port
        self.table = table
        self._stopping = threading.Event()

    def stop(self) -> None:
        """May be called from a signal handler: `run` drains and returns within about five seconds."""
        set_by_handler(self._stopping)

    def run(self, tell: ProgressCallback, ready: Callable[[SupervisorState], None]) -> None:
        """Raises `AlreadyRunning`, `InstallTooOld`, `NotStarted`, `PostgresUnavailable`, `NoFreePort`."""
        for sentence in renamed_settings():
            tell(sentence)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(self.home):
            if left := end_leftovers(self.home):
                tell(f"Ended {left} processes that an earlier start left behind.")
            self.install(self.home)
            rotate(self.home / "log" / "postgres.log")
            with self._database() as postgres:
                self._serve(postgres, tell, ready)

    @contextmanager
    def _database(self) -> Iterator[Postgres | None]:
        """The embedded server, or None where the site runs its own."""
        if os.environ.get("PLACET_DATABASE_URL"):
            yield None
            return
        with running_postgres(self.home) as server:
            yield server

    def _serve(
        self, postgres: Postgres | None, tell: ProgressCallback, ready: Callable[[SupervisorState], None]
    ) -> None:
        ports = self._ports(tell)
        broker = self._broker(ports)
        environment = self._environment(ports, broker)
        self._prepare(postgres, environment, tell)
        kept = [ManagedProcess(child, self._log(child), environment) for child in self.table(ports, broker)]
        origin, transport = environment["PLACET_ORIGIN"], environment["PLACET_TRANSPORT"]
        state = SupervisorState(os.getpid(), ports.web, ports.live, origin, transport=transport)
        try:
            self._supervise(kept, postgres, state, ready)
        finally:
            _drain(kept)

    def _supervise(
        self,
        kept: list[ManagedProcess],
        postgres: Postgres | None,
        state: SupervisorState,
        ready: Callable[[SupervisorState], None],
    ) -> None:
        given_up = time.monotonic() + READY_SECONDS
        while not self._stopping.is_set():
            if postgres and not postgres.is_running():
                postgres.start()
            due = kept if state.ready else kept[:1]  # the pages first: the others load for seconds
            changed = [one.check(time.monotonic()) for one in due]
            if any(changed):
                state = _with(state, kept, is_ready=state.ready)
                write_state(self.home, state)
            if not state.ready and answers(state.port):
                state = _with(state, kept, is_ready=True)
                write_state(self.home, state)
                ready(state)
            if not state.ready and time.monotonic() > given_up:
                raise NotStarted(f"The pages did not answer within {READY_SECONDS:.0f} s. See {self.home / 'log'}.")
            self._stopping.wait(TICK_SECONDS)

    def _ports(self, tell: ProgressCallback) -> Ports:
        ports = free_ports.choose(self.first_port)
        if ports.web != self.first_port:
            tell(f"Port {self.first_port} is taken: using {ports.web}.")
        return ports

    def _broker(self, ports: Ports) -> Broker | None:
        """Where Kafka wakes the consumers and no cluster was named: one of our own, its data made anew."""
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
            # glibc gives each of our threads an arena of its own, and none is ever given back
            "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
            MARK: str(self.home),
        }

    def _prepare(self, postgres: Postgres | None, environment: dict[str, str], tell: ProgressCallback) -> None:
        """Tables and the seeded world, in a process that ends: this one stays small. Nothing to do: no process."""
        mark = fingerprint()
        if postgres and is_prepared(postgres.admin_dsn("placet"), mark):
            return
        self._refuse_earlier_release()
        words = [sys.executable, "-m", "placet", "bootstrap"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and not self._stopping.is_set():
            raise NotStarted(f"Preparing the tables or the seeded world failed.\n{done.stderr.strip()}")
        if done.stdout.strip():
            tell(done.stdout.strip())
        if postgres and not done.returncode:
            note_prepared(postgres.admin_dsn("placet"), mark)

    def _refuse_earlier_release(self) -> None:
        """Raises `InstallTooOld`. A database that does not answer is reported by `placet bootstrap`."""
        with suppress(psycopg.OperationalError), psycopg.connect(dsn(self.home, "owner")) as connection:
            refuse_earlier_release(self.home, connection.cursor())

    def _log(self, child: Child) -> Path:
        return self.home / "log" / f"{child.role}.log"


def _with(state: SupervisorState, kept: list[ManagedProcess], *, is_ready: bool) -> SupervisorState:
    pids = {one.child.role: one.pid for one in kept if one.pid}
    return replace(state, ready=is_ready, children=pids)


def _drain(kept: list[ManagedProcess]) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    for one in kept:
        one.request_stop()
    for one in kept:
        one.force_stop(until)


def answers(port: int) -> bool:
    """The pages' process answers its health check."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
