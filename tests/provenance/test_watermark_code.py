import numpy as np
import pytest

from provenance.watermark.code import WORD_BITS, payload_of, word_of

KEY = b"k" * 32
NOISE = np.random.default_rng(7)


@pytest.mark.parametrize("payload", [0, 1, 0x0123456789ABCDEF, 2**64 - 1])
def test_a_whole_word_reads_as_its_payload(payload: int) -> None:
    assert payload_of(word_of(payload, KEY), KEY) == payload


def test_a_word_with_every_tenth_bit_wrong_is_corrected() -> None:
    word = word_of(0xFEEDFACECAFEBEEF, KEY)
    word[::10] *= -1
    assert payload_of(word, KEY) == 0xFEEDFACECAFEBEEF


def test_noise_is_never_read_as_a_payload() -> None:
    words = NOISE.normal(size=(300, WORD_BITS)).astype(np.float32)
    assert [payload_of(word, KEY) for word in words] == [None] * 300


def test_a_half_destroyed_word_is_refused_rather_than_guessed() -> None:
    found = {payload_of(word_of(5, KEY) + NOISE.normal(0, 2.5, WORD_BITS).astype(np.float32), KEY) for _ in range(100)}
    assert found <= {None, 5}


def test_another_key_reads_nothing() -> None:
    assert payload_of(word_of(5, KEY), b"another key") is None


def test_a_payload_of_more_than_64_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        word_of(2**64, KEY)
