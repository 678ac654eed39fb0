"""Every golden, old versions upcast, is read by each projection, consumer and aggregate of its type."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from fixtures.events.make_goldens import load_types
from placet.eventlog.consumers.runner import CONSUMERS
from placet.eventlog.encryption.vault import FileVault
from placet.eventlog.projections.runner import PROJECTIONS, Projection, ProjectionRows
from placet.eventlog.store.codec import canonical
from placet.eventlog.store.event import BY_CLASS
from placet.eventlog.store.log import RecordedEvent
from placet.eventlog.store.upcast import newest_name
from placet.likeness.consent import Consent
from placet.studio.generation import Generation
from tests.eventlog.test_goldens import EVENT_ID, GOLDENS, read, stored

load_types()
OF_THE_PRODUCT = {"people", "likeness", "rights", "studio", "notices", "feed", "moderation", "provenance"}


class AnyRows(ProjectionRows):
    """Every row exists, blank: a fold runs to its end without earlier events."""

    def _read(self, table: type[models.Model], keys: Any) -> dict[str, models.Model]:
        return {str(key): table(pk=key) for key in keys}


def recorded(path: Path, vault: FileVault) -> RecordedEvent:
    """A golden as a recorded event."""
    found = read(path)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    stream = f"{stream_kind(found['type'])}-{EVENT_ID}"
    row = (7, EVENT_ID, stream, 3, found["type"], found["data"].encode(), stored(found, vault))
    return RecordedEvent((*row, b"", EVENT_ID, EVENT_ID, None, None, at), vault)


def stream_kind(stored_type: str) -> str:
    return next(kind.stream_kind for kind in BY_CLASS.values() if kind.name == newest_name(stored_type))


def test_some_goldens_have_a_projection_and_a_consumer() -> None:
    """Else the tests below would check nothing."""
    types = {newest_name(read(path)["type"]) for path in GOLDENS}
    folded = {name for target in PROJECTIONS.values() if _is_of_the_product(target) for name in target.folds}
    consumed = {name for consumer in CONSUMERS.values() for name in consumer.types}
    assert len(types & folded) > 10
    assert len(types & consumed) > 10


def _is_of_the_product(target: Projection) -> bool:
    return target.name.split(".")[0] in OF_THE_PRODUCT


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path, b"k" * 32)


@pytest.mark.promise("P7")
@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_each_projection_that_folds_the_type_folds_its_golden(path: Path, vault: FileVault) -> None:
    event = recorded(path, vault)
    for target in PROJECTIONS.values():
        fold = target.fold_of(event.type)
        if fold is None or not _is_of_the_product(target):
            continue
        rows = AnyRows()
        fold(event.fact, event, rows)
        assert {type(row) for row in rows._cached.values() if row} <= set(target.tables)


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_each_consumer_of_the_type_receives_its_fact(path: Path, vault: FileVault) -> None:
    event = recorded(path, vault)
    for consumer in CONSUMERS.values():
        if newest_name(event.type) in consumer.types:
            assert event.type in consumer.stored_types
            assert BY_CLASS[type(event.fact)].name in consumer.types


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_the_aggregates_apply_the_golden(path: Path, vault: FileVault) -> None:
    fact, kind = recorded(path, vault).fact, stream_kind(read(path)["type"])
    if kind == "generation":
        request = next(p for p in GOLDENS if read(p)["type"].startswith("studio.generation_requested."))
        generation = Generation()
        generation.apply(recorded(request, vault).fact)
        generation.apply(fact)
        assert generation.required_request.generation
    elif kind == "consent":
        Consent().apply(fact)
    assert canonical(BY_CLASS[type(fact)].name)
