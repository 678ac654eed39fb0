import pytest

from placet.text.normalise import normalise
from placet.text.phrase_matcher import MatchForm, PhraseMatcher


def find(text: str, *phrases: str) -> list[tuple[str, str, MatchForm]]:
    book: PhraseMatcher[str] = PhraseMatcher()
    for phrase in phrases:
        book.add(phrase, phrase)
    return [(hit.key, text[hit.start : hit.end], hit.how) for hit in book.find(normalise(text))]


@pytest.mark.parametrize("text", ["Spider-Man", "spiderman", "spider man", "SPIDER_MAN", "sp\u0456derman"])
def test_a_phrase_is_found_in_its_usual_spellings(text: str) -> None:
    assert find(f"a {text} toy", "Spider-Man") == [("Spider-Man", text, MatchForm.PLAIN)]


@pytest.mark.parametrize("text", ["P1k4chu", "p i k a c h u", "p.i.k.a.c.h.u", "pikaaaachu", "p!kachu"])
def test_a_disguised_phrase_is_quoted_as_written(text: str) -> None:
    assert find(f"my {text}, runs", "Pikachu") == [("Pikachu", text, MatchForm.DISGUISED)]


def test_an_article_before_spaced_letters_hides_nothing() -> None:
    assert find("a p i k a c h u runs", "Pikachu") == [("Pikachu", "p i k a c h u", MatchForm.DISGUISED)]


def test_a_long_word_broken_in_two_is_found_without_certainty() -> None:
    assert find("the pika chu", "Pikachu") == [("Pikachu", "pika chu", MatchForm.SPLIT)]


def test_a_short_word_is_not_found_inside_others() -> None:
    assert find("a category of vacations, ca t", "cat") == []


def test_a_disguised_word_inside_another_is_found_without_certainty() -> None:
    assert find("xxp1k4chuxx", "Pikachu") == [("Pikachu", "p1k4chu", MatchForm.INSIDE)]


def test_a_plural_and_a_possessive_are_the_word() -> None:
    assert find("two pikachus", "Pikachu") == [("Pikachu", "pikachus", MatchForm.PLAIN)]
    assert find("pikachu's hat", "Pikachu") == [("Pikachu", "pikachu", MatchForm.PLAIN)]


def test_greek_is_found_in_capitals_too() -> None:
    assert [key for key, *_ in find("\u039d\u0399\u039a\u0397", "\u039d\u03af\u03ba\u03b7")] == [
        "\u039d\u03af\u03ba\u03b7"
    ]


def test_phrases_in_scripts_without_spaces_are_found() -> None:
    assert find("\u5927\u76ae\u5361\u4e18\u8dd1", "\u76ae\u5361\u4e18") == [
        ("\u76ae\u5361\u4e18", "\u76ae\u5361\u4e18", MatchForm.PLAIN)
    ]


def test_a_removed_phrase_is_not_found() -> None:
    book: PhraseMatcher[int] = PhraseMatcher()
    book.add("Pikachu", 1)
    book.add("Pikachu", 2)
    book.remove("pikachu", 1)
    assert [hit.key for hit in book.find(normalise("pikachu p1kachu"))] == [2, 2]
