"""Every golden, old versions upcast, is taken by each projection, consumer and state that answers its type."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from fixtures.events.make_goldens import load_types
from placet.eventlog.consumers.runner import CONSUMERS
from placet.eventlog.encryption.vault import FileVault
from placet.eventlog.projections.runner import PROJECTIONS, ProjectionRows
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
    """Rows that are all there, blank, so that a fold runs to its end whatever came before."""

    def _read(self, table: type[models.Model], keys: Any) -> dict[str, models.Model]:
        return {str(key): table(pk=key) for key in keys}


def happened(path: Path, vault: FileVault) -> RecordedEvent:
    """A golden as it would come from the log."""
    found = read(path)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    stream = f"{stream_kind(found['type'])}-{EVENT_ID}"
    row = (7, EVENT_ID, stream, 3, found["type"], found["data"].encode(), stored(found, vault))
    return RecordedEvent((*row, b"", EVENT_ID, EVENT_ID, None, None, at), vault)


def stream_kind(stored_type: str) -> str:
    return next(kind.stream_kind for kind in BY_CLASS.values() if kind.name == newest_name(stored_type))


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path, b"k" * 32)


@pytest.mark.promise("P7")
@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_each_projection_that_folds_the_type_folds_its_golden(path: Path, vault: FileVault) -> None:
    event = happened(path, vault)
    for target in PROJECTIONS.values():
        fold = target.fold_of(event.type)
        if fold is None or target.name.split(".")[0] not in OF_THE_PRODUCT:
            continue
        rows = AnyRows()
        fold(event.fact, event, rows)
        assert {type(row) for row in rows._held.values() if row} <= set(target.tables)


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_each_consumer_that_answers_the_type_is_handed_a_fact_of_its_own(path: Path, vault: FileVault) -> None:
    event = happened(path, vault)
    for consumer in CONSUMERS.values():
        if newest_name(event.type) in consumer.types:
            assert event.type in consumer.answers
            assert BY_CLASS[type(event.fact)].name in consumer.types


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.parent.name}.{path.parent.name}")
def test_the_states_that_decisions_are_made_from_take_the_golden(path: Path, vault: FileVault) -> None:
    fact, kind = happened(path, vault).fact, stream_kind(read(path)["type"])
    if kind == "generation":
        request = next(p for p in GOLDENS if read(p)["type"].startswith("studio.generation_requested."))
        generation = Generation()
        generation.apply(happened(request, vault).fact)
        generation.apply(fact)
        assert generation.required_request.generation
    elif kind == "consent":
        Consent().apply(fact)
    assert canonical(BY_CLASS[type(fact)].name)
