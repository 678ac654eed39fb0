"""Takes a snapshot with read-only queries, over this thread's Django connection."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection

from placet.config import flow
from placet.eventlog.projections.runner import PROJECTIONS
from placet.eventlog.store.versions import every_version, is_unknown_version
from placet.operations.monitoring import queries as q
from placet.operations.monitoring.snapshot import (
    Backlog,
    ComponentProgress,
    Disk,
    GenerationJobs,
    JobStatus,
    Keys,
    Snapshot,
)
from placet.runtime.supervisor.process_table import role_names
from placet.studio.jobs import LEASE_SECONDS

OVERDUE_SECONDS: Final = 60.0


def take_snapshot() -> Snapshot:
    """The current state. Raises Django's `OperationalError` while PostgreSQL is unavailable."""
    last = int(_rows(q.LAST)[0][0])
    leased, overrun_seconds, waiting, oldest = _rows(q.GENERATION_JOBS)[0]
    projections = {name: frozenset(target.folds) for name, target in PROJECTIONS.items()}
    consumers = {one.name: one.types for one in flow.consumers()}
    return Snapshot(
        position=last,
        transport=settings.PLACET_TRANSPORT,
        sequencer=Backlog(*_rows(q.PENDING)[0]),
        projections=_components(projections, last, takes_all=True),
        consumers=_components(consumers, last, takes_all=False),
        followers=_followers(last),
        dead_letters={row[0]: Backlog(row[1], row[2]) for row in _rows(q.DEAD_LETTERS)},
        outbox=_nested(_rows(q.OUTBOX)),
        outbox_overdue={
            row[0]: Backlog(row[1], row[2]) for row in _rows(q.OUTBOX_OVERDUE, {"seconds": OVERDUE_SECONDS})
        },
        generation_jobs=GenerationJobs(
            leased, max(0.0, overrun_seconds + LEASE_SECONDS) if leased else 0.0, Backlog(waiting, oldest)
        ),
        cases=Backlog(*_rows(q.CASES)[0]),
        processes=dict(_rows(q.PROCESSES)),
        up_seconds=_rows(q.UP, {"roles": list(role_names(settings.PLACET_TRANSPORT))})[0][0],
        keys=_keys(),
        disk=_disk(Path(settings.PLACET_DATA_DIR)),
        jobs={row[0]: JobStatus(row[1], json.loads(row[2])) for row in _rows(q.JOBS)},
    )


def _components(wanted: Mapping[str, frozenset[str]], last: int, *, takes_all: bool) -> dict[str, ComponentProgress]:
    """Progress by name; `wanted` has the event types of each. `takes_all`: each event of the log counts."""
    reached = {row[0]: (row[1], row[2]) for row in _rows(q.REACHED)}
    found = {name: reached.get(name, (0, None)) for name in wanted}
    parameters = {
        "names": list(wanted),
        "positions": [position for position, _ in found.values()],
        "types": ["" if takes_all else ",".join(sorted(every_version(types))) for types in wanted.values()],
    }
    return {
        name: _component(
            name, found[name], last, seconds, next_type if is_unknown_version(next_type, wanted[name]) else ""
        )
        for name, seconds, next_type in _rows(q.OLDEST_UNPROCESSED, parameters)
    }


def _followers(last: int) -> dict[str, ComponentProgress]:
    reached = dict(_rows(q.FOLLOWERS, {"relays": settings.PLACET_TRANSPORT == "kafka"}))
    parameters = {"names": list(reached), "positions": list(reached.values()), "types": [""] * len(reached)}
    oldest = {name: seconds for name, seconds, _ in _rows(q.OLDEST_UNPROCESSED, parameters)}
    return {name: _component(name, (reached[name], None), last, oldest[name], "") for name in reached}


def _component(
    name: str, reached: tuple[int, int | None], last: int, seconds: float, unknown: str
) -> ComponentProgress:
    position, version = reached
    is_outdated = name in PROJECTIONS and version not in {None, PROJECTIONS[name].version}
    return ComponentProgress(position, max(0, last - position), round(seconds, 3), is_outdated, unknown)


def _nested(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in rows:
        found.setdefault(kind, {})[state] = count
    return found


def _keys() -> Keys | None:
    from provenance.pki.install_pki import key_age

    try:
        age = key_age(Path(settings.PLACET_DATA_DIR) / "keys" / "pki")
    except FileNotFoundError:
        return None
    return Keys(age.days_old, age.days_left, age.expires_at)


def _disk(home: Path) -> Disk:
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    usage = shutil.disk_usage(existing)
    return Disk(usage.free, round(usage.free / usage.total, 4))


def _rows(query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or {})
        return list(cursor.fetchall())
