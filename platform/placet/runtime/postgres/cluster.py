"""The data folder of the embedded PostgreSQL: made once, and never opened by programs of another version."""

import os
import shutil
import subprocess
from typing import Final

from placet.kernel.files import atomic_write
from placet.runtime.postgres.dsn import ROLES
from placet.runtime.postgres.paths import ClusterPaths, PostgresUnavailable

BUILTIN_LOCALE_SINCE: Final = 17


def make_cluster(place: ClusterPaths, admin_password: str) -> None:
    """`initdb` into a draft folder, moved into place when whole: a death in between leaves nothing half made."""
    draft = place.root / f"data-{os.getpid()}"
    password = place.root / f"password-{os.getpid()}"
    atomic_write(password, f"{admin_password}\n".encode())
    if place.user:
        os.chown(password, place.user.pw_uid, place.user.pw_gid)
    try:
        _run(place, "initdb", *_words(place), f"--pgdata={draft}", f"--pwfile={password}")
        draft.rename(place.data)
    finally:
        password.unlink()
        shutil.rmtree(draft, ignore_errors=True)


def refuse_other_version(place: ClusterPaths) -> None:
    """Raises `PostgresUnavailable` before a server of another version could touch the data."""
    written, running = int((place.data / "PG_VERSION").read_text()), major(place)
    if written != running:
        raise PostgresUnavailable(
            f"{place.data} was written by PostgreSQL {written}, the programs in {place.binaries} are {running}. "
            "Set PLACET_PG_BIN to the older ones, or restore a backup into a fresh PLACET_DATA_DIR."
        )


def major(place: ClusterPaths) -> int:
    return int(_run(place, "postgres", "--version").split()[2].split(".")[0])


def _words(place: ClusterPaths) -> list[str]:
    words = ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", f"--username={ROLES['admin']}"]
    if major(place) >= BUILTIN_LOCALE_SINCE:
        return [*words, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [*words, "--locale=C.UTF-8"]


def _run(place: ClusterPaths, program: str, *words: str) -> str:
    command = [str(place.binaries / program), *words]
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=place.root, **place.as_user
        )
    except FileNotFoundError:
        raise PostgresUnavailable(f"{command[0]} is missing. Run `make setup`.") from None
    except subprocess.CalledProcessError as failed:
        raise PostgresUnavailable(f"{program} failed: {failed.stderr.strip()}") from None
    return done.stdout
