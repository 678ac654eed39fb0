"""What a consumer keeps of streams between batches is never less than what the log holds."""

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
def test_a_stream_is_whole_however_little_is_kept_of_the_others(at_most: int, steps: Steps) -> None:
    """Of each step: how many events come to which streams, and which are read then, in this order."""
    log, known = current_log(), StreamCache(at_most)
    names = [f"account-{uuid.uuid4()}" for _ in range(STREAMS)]
    for news, asked in steps:
        for number, count in news.items():
            log.append(names[number], [EntryNoted("so it is")] * count, expected=ANY)
        seen = known.read(log, [names[number] for number in asked])
        for name, stream in seen.items():
            assert [event.version for event in stream.events] == [event.version for event in log.read(name)]
        assert len(known) <= max(at_most, *(len(stream.events) for stream in seen.values()))
