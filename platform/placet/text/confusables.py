"""Confusables: folds one character to what a reader takes it for.

Sources: Unicode NFKC, NFD and character names (`unicodedata`); the short table of look-alikes is our own, from the
confusables of Unicode TR39 with the same shape in lower case.
"""

import re
import unicodedata
from functools import lru_cache

_CYRILLIC = dict(zip("авекмнорстухёіјѕһԁԛԝьгзп", "abekmhopctyxeijshdqwbr3n", strict=True))
_GREEK = dict(zip("αβγεηικνορςστυχωϲϳ", "abyenikvopcotuxwcj", strict=True))
_LATIN = dict(zip("ıſɑɡʟǀⅼ", "isaglll", strict=True)) | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
LOOK_ALIKES = str.maketrans(_CYRILLIC | _GREEK | _LATIN)

_LETTER_IN_NAME = re.compile(
    r"^(?:LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?|REGIONAL INDICATOR SYMBOL LETTER |"
    r"(?:CROSSED )?(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER )([A-Z])(?: WITH .*)?$"
)
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cc", "Co", "Cn"})
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # blank, but with a width


@lru_cache(maxsize=65_536)
def fold_character(char: str) -> str:
    """The folded character: lower-case Latin for a look-alike, "" if invisible, " " for any white space."""
    if char.isspace() or char in _FILLERS:
        return " "
    if unicodedata.category(char) == "Cs":
        return " "
    folded = unicodedata.normalize("NFKC", char).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", folded) if unicodedata.category(c) not in _UNSEEN)
    return "".join(_by_name(c) for c in unicodedata.normalize("NFC", bare).translate(LOOK_ALIKES))


def _by_name(char: str) -> str:
    if char.isascii():
        return char
    found = _LETTER_IN_NAME.match(unicodedata.name(char, ""))
    return found[1].lower() if found else char
