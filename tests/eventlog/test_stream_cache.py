"""A consumer's stream cache never lacks events that the log has."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placet.eventlog.consumers.delivery import StreamCache
from placet.eventlog.store.log import ANY, current_log
from tests.eventlog.ledger import EntryNoted

STREAMS = 4
Steps = list[tuple[dict[int, int], list[int]]]
a_step = st.tuples(
    st.dictionaries(st.integers(0, STREAMS - 1), st.integers(1, 3)),
    st.lists(st.integers(0, STREAMS - 1), min_size=1, max_size=STREAMS, unique=True),
)


@pytest.mark.django_db
@pytest.mark.promise("P6")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(at_most=st.integers(1, 8), steps=st.lists(a_step, min_size=2, max_size=8))
def test_a_stream_is_complete_however_little_of_others_is_cached(at_most: int, steps: Steps) -> None:
    """Each step: how many events are appended to which streams, and which are then read, in order."""
    log, cache = current_log(), StreamCache(at_most)
    names = [f"account-{uuid.uuid4()}" for _ in range(STREAMS)]
    for appended, read in steps:
        for number, count in appended.items():
            log.append(names[number], [EntryNoted("entry")] * count, expected=ANY)
        streams = cache.read(log, [names[number] for number in read])
        for name, stream in streams.items():
            assert [event.version for event in stream.events] == [event.version for event in log.read(name)]
        assert len(cache) <= max(at_most, *(len(stream.events) for stream in streams.values()))
