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
    WhyHuman,
    needs_a_human,
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
    aside = vector_of("aside") - vector_of("aside") @ near * near
    return np.asarray(near * cosine + aside / np.linalg.norm(aside) * np.sqrt(1 - cosine**2), dtype=np.float32)


def index_with(*filings: OptOutEntry) -> OptOutIndex:
    index = OptOutIndex(EMBEDDER)
    for filing in filings or (PIKACHU,):
        index.add(filing)
    return index


def met(prompt: str, region: str = "FR", index: OptOutIndex | None = None) -> list[tuple[str, str, str]]:
    matches = (index or index_with()).match(prompt, vector_of(prompt), region, NOW)
    return [(match.kind, prompt[slice(*match.span)], match.outcome) for match in matches]


@pytest.mark.parametrize(
    "written", ["Pikachu", "PIKACHU", "p1k4chu", "P.i.k.a.c.h.u", "p\u0456k\u0430chu", "pi\u200bkachu"]
)
def test_a_name_is_met_and_quoted_however_it_is_written(written: str) -> None:
    assert met(f"a {written}, running") == [("name", written, "block")]


def test_an_alias_says_that_it_is_one() -> None:
    assert met("the electric mouse runs") == [("alias", "electric mouse", "block")]


def test_a_name_that_may_be_chance_is_held() -> None:
    assert met("pika chu") == [("name", "pika chu", "hold")]


@pytest.mark.parametrize("prompt", ["a category of scatter plots", "cats", "", "a red ball bouncing on the grass"])
def test_a_short_name_is_not_met_inside_other_words(prompt: str) -> None:
    cat = OptOutEntry(FilingId("f2"), ("Catt",), None, frozenset({"generation"}), frozenset({EVERYWHERE}))
    assert met(prompt, index=index_with(cat, PIKACHU)) == []


@pytest.mark.parametrize(
    ("cosine", "outcomes"),
    [(HOLD_FROM - 0.01, []), (HOLD_FROM + 0.01, ["hold"]), (BLOCK_FROM + 0.01, ["block"])],
)
def test_a_description_is_met_by_meaning(cosine: float, outcomes: list[str]) -> None:
    matches = index_with().match("ball", at_cosine(LOOKS, cosine), "FR", NOW)
    assert [match.outcome for match in matches] == outcomes
    assert all(match.similarity == pytest.approx(cosine, abs=1e-3) and match.how is None for match in matches)


def test_an_ended_filing_is_met_no_more() -> None:
    index = index_with()
    index.end(PIKACHU.id)
    index.end(PIKACHU.id)
    assert len(index) == 0
    assert index.match("pikachu", vector_of(LOOKS), "FR", NOW) == []


def test_a_filing_added_again_replaces_the_first() -> None:
    index = index_with(PIKACHU, OptOutEntry(PIKACHU.id, ("Zorblax",), None, PIKACHU.acts, PIKACHU.regions))
    assert met("pikachu and zorblax", index=index) == [("name", "zorblax", "block")]


def test_a_filing_holds_in_its_region_for_its_act_and_until_its_end() -> None:
    narrow = OptOutEntry(FilingId("f3"), ("Zorblax",), None, frozenset({"training"}), frozenset({"FR"}), until=NOW)
    assert not narrow.holds("training", "FR", NOW)
    assert narrow.holds("training", "FR", NOW.replace(year=2025))
    assert not narrow.holds("training", "DE", NOW.replace(year=2025))
    assert met("zorblax", index=index_with(narrow)) == []


def test_where_nobody_knows_the_region_a_filing_for_some_holds() -> None:
    narrow = OptOutEntry(FilingId("f3"), ("Zorblax",), None, frozenset({"generation"}), frozenset({"FR"}))
    assert narrow.holds("generation", UNKNOWN, NOW)
    assert not narrow.holds("generation", "DE", NOW)


def test_two_filings_of_one_name_are_both_named() -> None:
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
    ("name", "why"),
    [
        ("Bo", WhyHuman.TOO_SHORT),
        ("", WhyHuman.TOO_SHORT),
        ("\u732b", WhyHuman.TOO_SHORT),
        ("Cones", WhyHuman.ENGINE_WORDS),
        ("The Red Ball", WhyHuman.COMMON_WORDS),
        ("Apple", WhyHuman.COMMON_WORDS),
        ("\u0410pple", WhyHuman.COMMON_WORDS),
        ("Pikachu", None),
        ("King Zorblax", None),
        ("\u76ae\u5361\u4e18", None),
    ],
)
def test_a_name_that_would_block_everyday_prompts_waits_for_a_person(name: str, why: WhyHuman | None) -> None:
    assert needs_a_human(name, {"cone", "cube"}) == why


@pytest.mark.models
def test_asking_in_other_words_is_met_and_sharing_a_trait_is_not_blocked() -> None:
    embedder = SentenceEmbedder()
    index = OptOutIndex(embedder)
    looks = "a square yellow sea sponge in brown trousers who lives in a pineapple under the sea"
    index.add(OptOutEntry(FilingId("f5"), ("Zorblax",), looks, PIKACHU.acts, PIKACHU.regions))
    asking = ["a square yellow sponge with brown pants lives in an underwater pineapple"]
    sharing = ["a yellow sponge washes the dishes", "a red ball bouncing on the grass", "fish swim around a sea sponge"]
    outcomes = [
        [match.outcome for match in index.match(prompt, row, "FR", NOW)]
        for prompt, row in zip(asking + sharing, embedder.embed(asking + sharing), strict=True)
    ]
    assert outcomes == [["block"], [], [], ["hold"]]
