"""Checks of this machine: one table, each problem with the command that fixes it."""

import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psycopg

from placet.operations.doctor import heavy_checks as heavy
from placet.runtime.install.provision import KEYS, SECRETS
from placet.runtime.kafka.broker import BrokerMissing, is_wanted, jars, java
from placet.runtime.postgres.dsn import dsn
from placet.runtime.supervisor.ports import FIRST, is_free
from placet.runtime.supervisor.state import read_state, transport_in

Health = Literal["ok", "warning", "failed"]
NEEDED_GIB: Final = 5
ROOMY_GIB: Final = 20
CLOCK_SECONDS: Final = 2.0
KEY_DAYS: Final = 365
SET_CLOCK: Final = "timedatectl set-ntp true"


@dataclass(frozen=True)
class CheckResult:
    """One row. `hint` is empty only where `health` is `ok`."""

    name: str
    health: Health
    message: str
    hint: str = ""


Check = Callable[[Path], CheckResult]


def examine(home: Path) -> list[CheckResult]:
    """Runs every check in parallel; those that load heavy libraries do it in child processes."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda check: check(home), CHECKS))


def is_fit(findings: Iterable[CheckResult]) -> bool:
    return all(finding.health != "failed" for finding in findings)


def python_version(_home: Path) -> CheckResult:
    version = platform.python_version()
    if version.startswith("3.11."):
        return CheckResult("Python", "ok", version)
    return CheckResult("Python", "failed", f"{version}; 3.11 is needed", "apt-get install python3.11 python3.11-venv")


def disk(home: Path) -> CheckResult:
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free / 2**30
    message = f"{free:.0f} GiB free under {existing}"
    hint = "set PLACET_DATA_DIR to a folder on a larger disk"
    if free < NEEDED_GIB:
        return CheckResult("Disk", "failed", message, hint)
    return CheckResult("Disk", "ok", message) if free >= ROOMY_GIB else CheckResult("Disk", "warning", message, hint)


def keys(home: Path) -> CheckResult:
    """All keys exist, only their owner can read them, and the session key is at most a year old."""
    files = [home / "keys" / name for name in (*SECRETS, *KEYS)]
    if missing := [path.name for path in files if not path.exists()]:
        return CheckResult("Keys", "warning", f"not created yet: {', '.join(missing)}", "make setup")
    if exposed := [path for path in files if path.stat().st_mode & 0o077]:
        paths = " ".join(str(path) for path in exposed)
        return CheckResult("Keys", "failed", "others can read some keys", f"chmod 600 {paths}")
    session_key = files[0]
    days = (time.time() - session_key.stat().st_mtime) / 86_400
    message = f"{len(files)} keys, mode 0600; the session key is {days:.0f} days old"
    hint = f"rm {session_key} && make setup  (everybody signs in again)"
    return CheckResult("Keys", "ok", message) if days <= KEY_DAYS else CheckResult("Keys", "warning", message, hint)


def ports(home: Path) -> CheckResult:
    if state := read_state(home):
        return CheckResult("Ports", "ok", f"Placet runs at {state.origin}")
    if is_free(FIRST):
        return CheckResult("Ports", "ok", f"{FIRST} is free")
    return CheckResult("Ports", "warning", f"{FIRST} is taken: `placet up` takes the next", "placet up --port 8100")


def postgresql(home: Path) -> CheckResult:
    """PostgreSQL answers, and its clock agrees with this process's."""
    try:
        with psycopg.connect(dsn(home), connect_timeout=3, autocommit=True) as connection:
            asked = time.time()
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8, version()").fetchone()
    except psycopg.OperationalError:
        if os.environ.get("PLACET_DATABASE_URL"):
            return CheckResult(
                "PostgreSQL", "failed", "PLACET_DATABASE_URL does not answer", 'psql "$PLACET_DATABASE_URL"'
            )
        return CheckResult("PostgreSQL", "warning", "not running; it starts with the rest", "placet up")
    assert row is not None
    version, apart = str(row[1]).split(" on ")[0], abs(row[0] - asked)
    if apart > CLOCK_SECONDS:
        return CheckResult(
            "PostgreSQL", "failed", f"{version}, its clock is {apart:.1f} s away", "timedatectl set-ntp true"
        )
    return CheckResult("PostgreSQL", "ok", f"{version}, clocks {apart * 1000:.0f} ms apart")


def clock(_home: Path) -> CheckResult:
    """The wall clock runs as fast as the monotonic one: a step would break terms and deadlines."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.2)
    drift = abs((time.time() - wall) - (time.monotonic() - steady))
    if drift > 0.05:
        return CheckResult("Clock", "failed", f"stepped by {drift:.2f} s during the check", SET_CLOCK)
    return CheckResult("Clock", "ok", f"steady (UTC {time.strftime('%Y-%m-%d %H:%M', time.gmtime())})")


def chromium(_home: Path) -> CheckResult:
    if found := shutil.which("chromium") or shutil.which("chromium-browser"):
        return CheckResult("Chromium", "ok", found)
    return CheckResult("Chromium", "warning", "missing; only browser tests need it", "apt-get install chromium")


def kafka(home: Path) -> CheckResult:
    if transport_in(home) != "kafka":
        return CheckResult("Kafka", "ok", "not needed: the embedded transport is used")
    found = CheckResult(*heavy.run_probe("Kafka"))
    return _own_broker() if found.health == "failed" and is_wanted() and not read_state(home) else found


def _own_broker() -> CheckResult:
    """Our own broker starts with the rest, if its parts are installed."""
    try:
        java(), jars()
    except BrokerMissing as missing:
        return CheckResult("Kafka", "failed", missing.message, missing.hint)
    return CheckResult("Kafka", "warning", "not running; it starts with the rest", "placet up")


def heavy_check(name: str) -> Check:
    return lambda _home: CheckResult(*heavy.run_probe(name))


CHECKS: Final[tuple[Check, ...]] = (
    python_version,
    disk,
    clock,
    ports,
    keys,
    postgresql,
    heavy_check("Codecs"),
    heavy_check("Models"),
    heavy_check("Faces"),
    chromium,
    kafka,
)
