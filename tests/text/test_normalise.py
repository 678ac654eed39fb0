import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.text.normalise import MAX_CHARACTERS, normalise, skeleton, skeleton_places

DISGUISES = [
    "Pikachu",
    "\uff30ikachu",
    "\u0440ik\u0430\u0441hu",  # Cyrillic er, a, es
    "\U0001d4f9\U0001d4f2\U0001d4f4\U0001d4ea\U0001d4ec\U0001d4f1\U0001d4fe",  # mathematical script
    "pi\u200bka\u202echu",
    "p\u00ed\u0137a\u0301ch\u00fc",
    "P1k4chu!",
    "p|k@chu",
    "p i k a c h u",
    "p.i.k.a.c.h.u",
    "p_i-k * a_c-h.u",
]


@pytest.mark.parametrize("written", DISGUISES)
def test_a_disguised_word_reads_as_the_word(written: str) -> None:
    read = normalise(f"({written}) runs")
    assert [token.text for token in read.unmasked] == ["pikachu", "runs"]


def test_a_token_names_the_characters_that_were_written() -> None:
    text = "look: P1k\u200b4chu, now"
    token = normalise(text).unmasked[1]
    assert (token.text, text[token.start : token.end]) == ("pikachu", "P1k\u200b4chu")


def test_undisguised_text_is_read_once() -> None:
    read = normalise("A red ball, bouncing on the grass; 24 frames.")
    assert read.unmasked is read.tokens


def test_the_squeezed_form_has_no_separators() -> None:
    assert normalise("pi-ka ch\u00fc").squeezed == "pikachu"


def test_scripts_without_spaces_are_read_by_character() -> None:
    assert [token.text for token in normalise("\u76ae\u5361\u4e18").tokens] == ["\u76ae", "\u5361", "\u4e18"]


@pytest.mark.parametrize("text", ["\ud800", "\0", "", " ", "a\ud83d", "\u0301", "\U000e0041"])
def test_broken_text_does_not_stop_normalisation(text: str) -> None:
    assert normalise(f"cat {text} dog").tokens[0].text == "cat"


def test_text_beyond_the_limit_is_cut_and_flagged() -> None:
    read = normalise("a1 " * MAX_CHARACTERS)
    assert read.is_cut
    assert read.unmasked[-1].end <= MAX_CHARACTERS


ANY_TEXT = st.text(st.characters(), max_size=60)


@given(ANY_TEXT)
def test_every_token_lies_within_the_text_in_order(text: str) -> None:
    for tokens in (normalise(text).tokens, normalise(text).unmasked):
        assert all(0 <= token.start < token.end <= len(text) for token in tokens)
        assert all(token.start <= place < token.end for token in tokens for place in token.places)
        assert [token.start for token in tokens] == sorted(token.start for token in tokens)


@given(st.text("abcdefghijkmnopqrstuvwxyz", min_size=4, max_size=12), st.sampled_from([".", " ", "_", " * ", "-"]))
def test_letters_written_apart_are_joined(word: str, gap: str) -> None:
    assert normalise(gap.join(word)).unmasked[0].text == word


@given(ANY_TEXT)
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(ANY_TEXT)
def test_a_skeleton_keeps_its_positions(text: str) -> None:
    assert "".join(char for _, char in skeleton_places(text)) == skeleton(text)
