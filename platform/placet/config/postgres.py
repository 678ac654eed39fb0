"""The embedded PostgreSQL: made, started, recovered and stopped as a child of whoever calls; no TCP, scram only."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from placet.config.database import ROLES, dsn_file
from placet.config.home import make_secret, write_private
from placet.config.leash import leash
from placet.config.postgres_place import Place, PostgresUnavailable, place_for
from placet.config.postgres_roles import prepare_database, prepare_roles

START_SECONDS: Final = 120  # crash recovery of a busy server takes its time
STOP_SECONDS: Final = 20
BUILTIN_LOCALE_SINCE: Final = 17
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "log_line_prefix": "%m [%p] ",
    "log_parameter_max_length_on_error": "0",
    "idle_in_transaction_session_timeout": "60s",
}


class Postgres:
    """One server per home. `start` is safe after any death; `stop` is fast; both may be called again.

    The server dies with the thread that started it, so start it from the main thread of a process that stays.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.settings = {**SETTINGS, **(settings or {})}
        self.place: Place = place_for(home)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Ready for the application's role when it returns. Raises `PostgresUnavailable`."""
        if self.is_running():
            return
        if not (self.place.data / "PG_VERSION").exists():
            self._make_cluster()
        self._refuse_other_version()
        stop_leftover(self.place)
        self.process = self._launch()
        self._wait_until_ready()
        self._prepare()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, committed ones are on disk."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)
        self.process = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def admin_dsn(self, database: str = "postgres") -> str:
        """For making roles and databases: never handed to a child."""
        return make_conninfo(dsn_at(self.place), user=ROLES["admin"], password=self._secret("admin"), dbname=database)

    def log_file(self) -> Path:
        folder = self.home / "log"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / "postgres.log"

    def _secret(self, role: str) -> str:
        return make_secret(self.home, f"postgres-{role}.secret")

    def _make_cluster(self) -> None:
        """`initdb` into a draft folder, moved into place when whole: a death in between leaves nothing half made."""
        draft = self.place.root / f"data-{os.getpid()}"
        password = self.place.root / f"password-{os.getpid()}"
        write_private(password, f"{self._secret('admin')}\n".encode())
        if self.place.user:
            os.chown(password, self.place.user.pw_uid, self.place.user.pw_gid)
        try:
            self._run("initdb", *self._initdb_words(), f"--pgdata={draft}", f"--pwfile={password}")
            draft.rename(self.place.data)
        finally:
            password.unlink()
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb_words(self) -> list[str]:
        words = ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", f"--username={ROLES['admin']}"]
        if self._major() >= BUILTIN_LOCALE_SINCE:
            return [*words, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return [*words, "--locale=C.UTF-8"]

    def _major(self) -> int:
        return int(self._run("postgres", "--version").split()[2].split(".")[0])

    def _refuse_other_version(self) -> None:
        written, running = int((self.place.data / "PG_VERSION").read_text()), self._major()
        if written != running:
            raise PostgresUnavailable(
                f"{self.place.data} was written by PostgreSQL {written}, the programs in {self.place.binaries} are "
                f"{running}. Set PLACET_PG_BIN to the older ones, or restore a backup into a fresh PLACET_HOME."
            )

    def _launch(self) -> "subprocess.Popen[bytes]":
        given = {**self.settings, "unix_socket_directories": str(self.place.sockets)}
        words = [str(self.place.binaries / "postgres"), "-D", str(self.place.data)]
        words += [f"--{name}={value}" for name, value in given.items()]
        with self.log_file().open("ab") as log:
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.place.root,
                start_new_session=True,  # Ctrl-C in a terminal is the supervisor's to answer
                preexec_fn=leash(signal.SIGINT),  # noqa: PLW1509 - the only way to outlive no parent; it calls prctl alone
                **self.place.as_user,
            )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not self.is_running():
                raise PostgresUnavailable(f"PostgreSQL ended while starting. Its last words: {self._last_words()}")
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.admin_dsn(), connect_timeout=2).close()
                return
            time.sleep(0.05)
        self.stop()
        raise PostgresUnavailable(f"PostgreSQL was not ready after {START_SECONDS} s. See {self.log_file()}.")

    def _last_words(self) -> str:
        return "\n".join(self.log_file().read_text(errors="replace").splitlines()[-5:])

    def _prepare(self) -> None:
        prepare_roles(self.admin_dsn(), {ROLES[role]: self._secret(role) for role in ("app", "owner")})
        prepare_database(self.admin_dsn(), "placet")
        write_private(dsn_file(self.home), f"{dsn_at(self.place)}\n".encode())

    def _run(self, program: str, *words: str) -> str:
        command = [str(self.place.binaries / program), *words]
        root = self.place.root
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(
                command, capture_output=True, text=True, check=True, cwd=root, **self.place.as_user
            )
        except FileNotFoundError:
            raise PostgresUnavailable(f"{command[0]} is missing. Run `make setup`.") from None
        except subprocess.CalledProcessError as failed:
            raise PostgresUnavailable(f"{program} failed: {failed.stderr.strip()}") from None
        return done.stdout


def dsn_at(place: Place) -> str:
    """Where the server listens, without user or password."""
    return make_conninfo(host=str(place.sockets), port=5432, dbname="placet")


def stop_leftover(place: Place) -> None:
    """End a server that an earlier life left on this data; forget a pid file whose process is gone or another's."""
    pid_file = place.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    if _is_postgres_of(place, pid):
        leftover = psutil.Process(pid)
        leftover.send_signal(signal.SIGINT)
        try:
            leftover.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            leftover.send_signal(signal.SIGQUIT)
            leftover.wait(STOP_SECONDS)
        return
    pid_file.unlink(missing_ok=True)


def _is_postgres_of(place: Place, pid: int) -> bool:
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return str(place.data) in words


@contextmanager
def running_postgres(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A server for as long as the block lasts."""
    server = Postgres(home, settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
