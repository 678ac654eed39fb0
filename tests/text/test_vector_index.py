import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from placet.text.vector_index import VectorIndex

STEPS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=120)


@given(STEPS)
def test_what_was_set_and_not_dropped_is_found(steps: list[tuple[int, bool]]) -> None:
    rows: VectorIndex[int] = VectorIndex(41)
    kept = set()
    for key, is_set in steps:
        if is_set:
            rows.set(key, np.eye(41, dtype=np.float32)[key])
            kept.add(key)
        else:
            rows.drop(key)
            kept.discard(key)
    assert len(rows) == len(kept)
    assert {key for key in range(41) if rows.nearest(np.eye(41, dtype=np.float32)[key], 0.9) == [(key, 1.0)]} == kept


def test_the_nearest_comes_first() -> None:
    rows: VectorIndex[str] = VectorIndex(2)
    rows.set("far", np.array([0.6, 0.8], dtype=np.float32))
    rows.set("near", np.array([1, 0], dtype=np.float32))
    assert [key for key, _ in rows.nearest(np.array([1, 0], dtype=np.float32), 0.5)] == ["near", "far"]
