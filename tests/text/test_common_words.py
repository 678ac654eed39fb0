from placet.text.common_words import common_words


def test_everyday_words_are_common_and_coined_names_are_not() -> None:
    assert {"red", "ball", "cat", "apple", "frozen", "king"} <= common_words()
    assert not {"pikachu", "zorblax", "elsa"} & common_words()
