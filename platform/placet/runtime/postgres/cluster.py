"""The data folder of the embedded PostgreSQL: created once, never opened by programs of another version."""

import os
import shutil
import subprocess
from typing import Final

from placet.kernel.files import atomic_write
from placet.runtime.postgres.dsn import ROLES
from placet.runtime.postgres.paths import ClusterPaths, PostgresUnavailable

BUILTIN_LOCALE_SINCE: Final = 17


def make_cluster(paths: ClusterPaths, admin_password: str) -> None:
    """`initdb` into a temporary folder, renamed when complete: a crash leaves nothing half made."""
    draft = paths.root / f"data-{os.getpid()}"
    password = paths.root / f"password-{os.getpid()}"
    atomic_write(password, f"{admin_password}\n".encode())
    if paths.user:
        os.chown(password, paths.user.pw_uid, paths.user.pw_gid)
    try:
        _run(paths, "initdb", *_words(paths), f"--pgdata={draft}", f"--pwfile={password}")
        draft.rename(paths.data)
    finally:
        password.unlink()
        shutil.rmtree(draft, ignore_errors=True)


def refuse_other_version(paths: ClusterPaths) -> None:
    """Raises `PostgresUnavailable` before a server of another version could touch the data."""
    written, running = int((paths.data / "PG_VERSION").read_text()), major(paths)
    if written != running:
        raise PostgresUnavailable(
            f"{paths.data} was written by PostgreSQL {written}, the programs in {paths.binaries} are {running}. "
            "Set PLACET_PG_BIN to the older ones, or restore a backup into a new PLACET_DATA_DIR."
        )


def major(paths: ClusterPaths) -> int:
    return int(_run(paths, "postgres", "--version").split()[2].split(".")[0])


def _words(paths: ClusterPaths) -> list[str]:
    words = ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", f"--username={ROLES['admin']}"]
    if major(paths) >= BUILTIN_LOCALE_SINCE:
        return [*words, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [*words, "--locale=C.UTF-8"]


def _run(paths: ClusterPaths, program: str, *words: str) -> str:
    command = [str(paths.binaries / program), *words]
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=paths.root, **paths.as_user
        )
    except FileNotFoundError:
        raise PostgresUnavailable(f"{command[0]} is missing. Run `make setup`.") from None
    except subprocess.CalledProcessError as failed:
        raise PostgresUnavailable(f"{program} failed: {failed.stderr.strip()}") from None
    return done.stdout
