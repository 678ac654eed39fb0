from datetime import UTC, datetime

import numpy as np
import pytest

from moderation.signals.embedding import SentenceEmbedder
from placet.kernel.ids import FilingId
from placet.rights.matching.matcher import (
    BLOCK_FROM,
    EVERYWHERE,
    HOLD_FROM,
    CannotMatch,
    OptOutEntry,
    OptOutIndex,
    ReviewReason,
    review_reason,
)
from placet.text.embeddings import RecordedEmbedder, Vectors
from placet.text.phrase_matcher import MatchForm
from placet.ui.region import UNKNOWN

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EMBEDDER = RecordedEmbedder()
LOOKS = "a yellow mouse with red cheeks"
PIKACHU = OptOutEntry(
    FilingId("f1"), ("Pikachu", "Electric Mouse"), LOOKS, frozenset({"generation"}), frozenset({EVERYWHERE})
)


def vector_of(text: str) -> Vectors:
    row: Vectors = EMBEDDER.embed([text])[0]
    return row


def at_cosine(text: str, cosine: float) -> Vectors:
    near = vector_of(text)
    orthogonal = vector_of("aside") - vector_of("aside") @ near * near
    return np.asarray(
        near * cosine + orthogonal / np.linalg.norm(orthogonal) * np.sqrt(1 - cosine**2), dtype=np.float32
    )


def index_with(*filings: OptOutEntry) -> OptOutIndex:
    index = OptOutIndex(EMBEDDER)
    for filing in filings or (PIKACHU,):
        index.add(filing)
    return index


def found(prompt: str, region: str = "FR", index: OptOutIndex | None = None) -> list[tuple[str, str, str]]:
    matches = (index or index_with()).match(prompt, vector_of(prompt), region, NOW)
    return [(match.kind, prompt[slice(*match.span)], match.outcome) for match in matches]


@pytest.mark.parametrize(
    "written", ["Pikachu", "PIKACHU", "p1k4chu", "P.i.k.a.c.h.u", "p\u0456k\u0430chu", "pi\u200bkachu"]
)
def test_a_name_is_found_in_every_spelling(written: str) -> None:
    assert found(f"a {written}, running") == [("name", written, "block")]


def test_an_alias_is_reported_as_an_alias() -> None:
    assert found("the electric mouse runs") == [("alias", "electric mouse", "block")]


def test_an_uncertain_name_is_held() -> None:
    assert found("pika chu") == [("name", "pika chu", "hold")]


@pytest.mark.parametrize("prompt", ["a category of scatter plots", "cats", "", "a red ball bouncing on the grass"])
def test_a_short_name_is_not_found_inside_other_words(prompt: str) -> None:
    cat = OptOutEntry(FilingId("f2"), ("Catt",), None, frozenset({"generation"}), frozenset({EVERYWHERE}))
    assert found(prompt, index=index_with(cat, PIKACHU)) == []


@pytest.mark.parametrize(
    ("cosine", "outcomes"),
    [(HOLD_FROM - 0.01, []), (HOLD_FROM + 0.01, ["hold"]), (BLOCK_FROM + 0.01, ["block"])],
)
def test_a_description_matches_by_meaning(cosine: float, outcomes: list[str]) -> None:
    matches = index_with().match("ball", at_cosine(LOOKS, cosine), "FR", NOW)
    assert [match.outcome for match in matches] == outcomes
    assert all(match.similarity == pytest.approx(cosine, abs=1e-3) and match.how is None for match in matches)


def test_an_ended_filing_matches_nothing() -> None:
    index = index_with()
    index.end(PIKACHU.id)
    index.end(PIKACHU.id)
    assert len(index) == 0
    assert index.match("pikachu", vector_of(LOOKS), "FR", NOW) == []


def test_a_filing_added_again_replaces_the_first() -> None:
    index = index_with(PIKACHU, OptOutEntry(PIKACHU.id, ("Zorblax",), None, PIKACHU.acts, PIKACHU.regions))
    assert found("pikachu and zorblax", index=index) == [("name", "zorblax", "block")]


def test_a_filing_applies_to_its_region_act_and_term() -> None:
    narrow = OptOutEntry(FilingId("f3"), ("Zorblax",), None, frozenset({"training"}), frozenset({"FR"}), until=NOW)
    assert not narrow.holds("training", "FR", NOW)
    assert narrow.holds("training", "FR", NOW.replace(year=2025))
    assert not narrow.holds("training", "DE", NOW.replace(year=2025))
    assert found("zorblax", index=index_with(narrow)) == []


def test_a_regional_filing_applies_to_an_unknown_region() -> None:
    narrow = OptOutEntry(FilingId("f3"), ("Zorblax",), None, frozenset({"generation"}), frozenset({"FR"}))
    assert narrow.holds("generation", UNKNOWN, NOW)
    assert not narrow.holds("generation", "DE", NOW)


def test_two_filings_of_one_name_both_match() -> None:
    other = OptOutEntry(FilingId("f4"), ("pikachu",), None, PIKACHU.acts, PIKACHU.regions)
    matches = index_with(PIKACHU, other).match("Pikachu", vector_of("x"), "FR", NOW)
    assert [(match.filing, match.how) for match in matches] == [("f1", MatchForm.PLAIN), ("f4", MatchForm.PLAIN)]


@pytest.mark.promise("P8")
def test_without_a_vector_nothing_passes() -> None:
    with pytest.raises(CannotMatch, match="nothing was matched"):
        index_with().match("a red ball", None, "FR", NOW)
    with pytest.raises(CannotMatch):
        index_with().match("a " * 60_000, vector_of("a"), "FR", NOW)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Bo", ReviewReason.TOO_SHORT),
        ("", ReviewReason.TOO_SHORT),
        ("\u732b", ReviewReason.TOO_SHORT),
        ("Cones", ReviewReason.ENGINE_WORDS),
        ("The Red Ball", ReviewReason.COMMON_WORDS),
        ("Apple", ReviewReason.COMMON_WORDS),
        ("\u0410pple", ReviewReason.COMMON_WORDS),
        ("Pikachu", None),
        ("King Zorblax", None),
        ("\u76ae\u5361\u4e18", None),
    ],
)
def test_a_name_of_everyday_words_waits_for_a_reviewer(name: str, reason: ReviewReason | None) -> None:
    assert review_reason(name, {"cone", "cube"}) == reason


@pytest.mark.models
def test_a_paraphrase_is_blocked_and_a_shared_trait_is_not() -> None:
    embedder = SentenceEmbedder()
    index = OptOutIndex(embedder)
    looks = "a square yellow sea sponge in brown trousers who lives in a pineapple under the sea"
    index.add(OptOutEntry(FilingId("f5"), ("Zorblax",), looks, PIKACHU.acts, PIKACHU.regions))
    paraphrases = ["a square yellow sponge with brown pants lives in an underwater pineapple"]
    shared_traits = [
        "a yellow sponge washes the dishes",
        "a red ball bouncing on the grass",
        "fish swim around a sea sponge",
    ]
    prompts = paraphrases + shared_traits
    outcomes = [
        [match.outcome for match in index.match(prompt, row, "FR", NOW)]
        for prompt, row in zip(prompts, embedder.embed(prompts), strict=True)
    ]
    assert outcomes == [["block"], [], [], ["hold"]]
