"""Signed notes and tree heads, renamedst the published example of the format."""

import base64

import pytest

from placet.eventlog.proofs.signed_note import InvalidKey, InvalidNote, Signer, Verifier, read_verifier
from placet.eventlog.proofs.tree_head import TreeHead, parse_head, parse_head_unverified, verify_head

KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OURS = Signer("placet.invalid/0011223344556677", b"\x07" * 32)


def test_the_published_example_is_signed_byte_for_byte() -> None:
    signer = Signer("PeterNeumann", SEED)
    assert signer.verifier.text == KEY
    assert signer.signed(TEXT) == f"{TEXT}\n{LINE}"
    assert read_verifier(KEY).opened(f"{TEXT}\n{LINE}") == TEXT


@pytest.mark.promise("P5")
def test_a_note_with_one_changed_byte_is_refused() -> None:
    note = f"{TEXT}\n{LINE}"
    for at in range(len(note)):
        changed = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
        with pytest.raises(InvalidNote):
            read_verifier(KEY).opened(changed)


@pytest.mark.parametrize("at", range(len(KEY)))
def test_a_key_with_one_changed_byte_is_refused(at: int) -> None:
    with pytest.raises(InvalidKey):
        read_verifier(KEY[:at] + chr(ord(KEY[at]) + 1) + KEY[at + 1 :])


def test_signatures_of_others_are_ignored() -> None:
    note = OURS.signed(TEXT)
    both = note + Signer("witness", b"\x01" * 32).signed(TEXT).rpartition("\n\n")[2]
    assert OURS.verifier.opened(both) == TEXT
    with pytest.raises(InvalidNote):
        OURS.verifier.opened(Signer("witness", b"\x01" * 32).signed(TEXT))


def test_a_head_of_three_lines_round_trips() -> None:
    head = TreeHead(OURS.name, 20_852_163, b"\x05" * 32)
    assert verify_head(head.signed(OURS), OURS.verifier) == head == parse_head_unverified(head.signed(OURS))
    assert head.text.splitlines()[:2] == [OURS.name, "20852163"]


def test_a_head_of_another_log_is_refused_though_the_key_signed_it() -> None:
    with pytest.raises(InvalidNote):
        verify_head(TreeHead("somebody.else", 1, b"\x05" * 32).signed(OURS), OURS.verifier)


@pytest.mark.parametrize(
    "text", ["", "o\n1\n", "o\n01\nAA==\n", "o\n-1\nAA==\n", "o\n1\nAA==\n", "\n1\nAA==\n", "o\n1\nAA==", "o\nx\ny\n"]
)
def test_malformed_heads_are_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        parse_head(text)


def test_the_same_key_under_a_new_name_has_another_id() -> None:
    renamed = Verifier(f"{OURS.name}/2", OURS.verifier.public)
    assert renamed.key_id != OURS.verifier.key_id
    with pytest.raises(InvalidNote):
        renamed.opened(OURS.signed(TEXT))
