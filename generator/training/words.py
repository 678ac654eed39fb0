"""Tokenizer: every word of the grammar is one token. An end token follows, so that no prompt is empty."""

from typing import Final

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from generator.engines.diffusion.grammar import COLOURS, FORMS, PHRASES
from generator.training.modules import WORDS

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"


def vocabulary() -> list[str]:
    """All tokens in order; the first three are special."""
    forms = [form.format(a="an a", colour="", shape="", motion="", floor="") for form in FORMS]
    phrases = [words for ways in PHRASES.values() for words in ways]
    words = " ".join([*COLOURS, *forms, *phrases]).replace(",", " , ").split()
    return [PAD, END, UNKNOWN, *sorted(set(words))]


def tokenizer() -> PreTrainedTokenizerFast:
    inner = Tokenizer(WordLevel({word: n for n, word in enumerate(vocabulary())}, unk_token=UNKNOWN))
    inner.normalizer = Lowercase()
    inner.pre_tokenizer = Whitespace()
    inner.post_processor = TemplateProcessing(single=f"$A {END}", special_tokens=[(END, 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        model_max_length=WORDS,
        padding_side=SIDE,
    )


SIDE: Final = "left"
"""The pipeline sets this for every tokenizer."""
