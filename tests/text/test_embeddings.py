from collections.abc import Sequence

import numpy as np
import pytest

from placet.text.embeddings import CachingEmbedder, RecordedEmbedder, Vectors, cosine


class Counting(RecordedEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed(texts)


def test_a_recorded_row_has_length_one() -> None:
    row = np.zeros(384, dtype=np.float32)
    row[3] = 2
    assert RecordedEmbedder({"ball": row}).embed(["ball"])[0, 3] == 1


def test_unrecorded_texts_are_similar_only_to_themselves() -> None:
    one, same, other = RecordedEmbedder().embed(["a ball", "a ball", "a cube \ud800"])
    assert cosine(one, same) == pytest.approx(1)
    assert abs(cosine(one, other)) < 0.3


def test_no_texts_give_no_rows() -> None:
    assert CachingEmbedder(RecordedEmbedder()).embed([]).shape == (0, 384)


def test_a_cached_text_is_embedded_once() -> None:
    counting = Counting()
    shared = CachingEmbedder(counting)
    first = shared.embed(["a", "b", "a"])
    assert np.array_equal(shared.embed(["a", "b", "a"]), first)
    assert counting.asked == ["a", "b"]


def test_only_the_last_vectors_are_cached() -> None:
    counting = Counting()
    shared = CachingEmbedder(counting, size=2)
    shared.embed(["a", "b", "c"])
    shared.embed(["c", "a"])
    assert counting.asked == ["a", "b", "c", "a"]


def test_the_stand_in_is_named_as_no_model() -> None:
    assert "no-model" in RecordedEmbedder().name
