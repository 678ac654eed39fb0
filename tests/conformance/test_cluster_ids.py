"""Cluster ids are valid arguments of the broker's commands."""

import uuid

import pytest

from placet.runtime.kafka import broker


@pytest.mark.parametrize("first", [0x00, 0x7F, 0xF8, 0xFB, 0xFF])
def test_no_cluster_id_looks_like_an_option(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=bytes([first]) * 16))
    name = broker._cluster_id()
    assert len(name) == 22
    assert not name.startswith("-")
