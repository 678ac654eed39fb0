"""The embedded PostgreSQL: created, started, recovered and stopped as a child of its caller; no TCP, scram only."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from placet.kernel.files import atomic_write
from placet.runtime.install.paths import make_secret
from placet.runtime.postgres.cluster import make_cluster, refuse_other_version
from placet.runtime.postgres.dsn import ROLES, dsn_file
from placet.runtime.postgres.paths import ClusterPaths, PostgresUnavailable, cluster_paths
from placet.runtime.postgres.roles import prepare_database, prepare_roles
from placet.runtime.supervisor.lockfile import Lock, Locked
from placet.runtime.supervisor.parent_death import die_with_parent

START_SECONDS: Final = 120  # crash recovery of a busy server takes its time
STOP_SECONDS: Final = 20
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
    """One server per home. `start` is safe after any crash, `stop` is fast, and both may be called again.

    The server dies with the thread that started it, so start it from the main thread of a long-running process.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.settings = {**SETTINGS, **(settings or {})}
        self.paths: ClusterPaths = cluster_paths(home)
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = Lock(home / "postgres" / "lock")

    def start(self) -> None:
        """The application's role can connect when this returns. Raises `PostgresUnavailable`."""
        if self.is_running():
            return
        self._take_lock()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        if not (self.paths.data / "PG_VERSION").exists():
            make_cluster(self.paths, self._secret("admin"))
        refuse_other_version(self.paths)
        stop_leftover(self.paths)
        self.process = self._launch()
        self._wait_until_ready()
        self._prepare()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, committed ones are on disk."""
        if self.process is not None:
            self._end(self.process)
            self.process = None
        self._lock.release()

    def _take_lock(self) -> None:
        self._lock.release()
        try:
            self._lock.acquire()
        except Locked:
            raise PostgresUnavailable(f"Another process runs the PostgreSQL of {self.home}.") from None

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_SECONDS)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def admin_dsn(self, database: str = "postgres") -> str:
        """For creating roles and databases; never passed to a child."""
        return make_conninfo(dsn_at(self.paths), user=ROLES["admin"], password=self._secret("admin"), dbname=database)

    def log_file(self) -> Path:
        folder = self.home / "log"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / "postgres.log"

    def _secret(self, role: str) -> str:
        return make_secret(self.home, f"postgres-{role}.secret")

    def _launch(self) -> "subprocess.Popen[bytes]":
        given = {**self.settings, "unix_socket_directories": str(self.paths.sockets)}
        words = [str(self.paths.binaries / "postgres"), "-D", str(self.paths.data)]
        words += [f"--{name}={value}" for name, value in given.items()]
        with self.log_file().open("ab") as log:
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.paths.root,
                start_new_session=True,  # the supervisor handles Ctrl-C in a terminal
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - only this ends it with its parent; it calls prctl alone
                **self.paths.as_user,
            )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not self.is_running():
                raise PostgresUnavailable(f"PostgreSQL ended while starting. Last log lines: {self._last_lines()}")
            try:
                psycopg.connect(self.admin_dsn(), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                self._refuse_other_keys(error)
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise PostgresUnavailable(f"PostgreSQL was not ready after {START_SECONDS} s. See {self.log_file()}.")

    def _refuse_other_keys(self, error: psycopg.OperationalError) -> None:
        if "password authentication failed" in str(error):
            raise PostgresUnavailable(
                f"The database in {self.paths.data} was created with other keys than those in {self.home / 'keys'}."
                f" Next: restore those keys, or delete the database with: rm -r {self.paths.root}"
            )

    def _last_lines(self) -> str:
        return "\n".join(self.log_file().read_text(errors="replace").splitlines()[-5:])

    def _prepare(self) -> None:
        prepare_roles(self.admin_dsn(), {ROLES[role]: self._secret(role) for role in ("app", "owner")})
        prepare_database(self.admin_dsn(), "placet")
        atomic_write(dsn_file(self.home), f"{dsn_at(self.paths)}\n".encode())


def dsn_at(paths: ClusterPaths) -> str:
    """The address of the server, without user or password."""
    return make_conninfo(host=str(paths.sockets), port=5432, dbname="placet")


def stop_leftover(paths: ClusterPaths) -> None:
    """End what an earlier server left on this data, and only then delete its pid file.

    The pid file guards against two servers on one data folder, so it may go only when no process uses the folder.
    """
    left = [process for process in psutil.process_iter() if _works_in(process, paths.data)]
    if head := next((process for process in left if process.pid == _written_pid(paths)), None):
        head.send_signal(signal.SIGINT)
        _, left = psutil.wait_procs(left, timeout=STOP_SECONDS)
    for orphan in left:
        orphan.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)
    (paths.data / "postmaster.pid").unlink(missing_ok=True)


def _written_pid(paths: ClusterPaths) -> int:
    try:
        return int((paths.data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return 0


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Every PostgreSQL process has its data folder as working directory, whatever its title says."""
    try:
        return process.name() == "postgres" and process.cwd() == str(data)
    except psutil.Error:
        return False


@contextmanager
def running_postgres(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A server for the time of the block."""
    server = Postgres(home, settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
