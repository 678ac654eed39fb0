"""Keys per subject: sealed and opened, destroyed once and for all, whoever is at work meanwhile."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from placet.eventlog.encryption.key_cache import LEASE_SECONDS
from placet.eventlog.encryption.vault import TOMBSTONE, FileVault, SubjectErased
from tests.eventlog.vault_process import MASTER
from tests.support.cast import ANA, BEN


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", MASTER)


def sealer(vault: FileVault, subject: str, *kind: str) -> "subprocess.Popen[bytes]":
    """A process that seals; it is at work when this returns. Unbuffered: no line is taken in beyond the one read."""
    words = [sys.executable, "-m", "tests.eventlog.vault_process", str(vault.folder), subject, *kind]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def seals(process: "subprocess.Popen[bytes]") -> list[tuple[float, bytes]]:
    """(moment before it, what it gave) of every seal, once the process has been refused."""
    out, _ = process.communicate(timeout=60)
    *lines, last = out.decode().splitlines()
    assert last == "refused"
    return [(float(at), bytes.fromhex(sealed)) for at, sealed in (line.split() for line in lines)]


@pytest.mark.promise("P9")
def test_what_was_sealed_is_gone_with_the_key_and_nothing_is_sealed_again(vault: FileVault) -> None:
    sealed = vault.encrypt(ANA, b"hello", b"here")
    assert vault.decrypt(ANA, sealed, b"here") == b"hello"
    vault.destroy(ANA)
    assert vault.decrypt(ANA, sealed, b"here") is None
    with pytest.raises(SubjectErased):
        vault.encrypt(ANA, b"again", b"here")
    assert (vault.folder / ANA).read_bytes() == TOMBSTONE


def test_somebody_elses_key_stays(vault: FileVault) -> None:
    sealed = vault.encrypt(BEN, b"hello", b"here")
    vault.destroy(ANA)
    assert vault.decrypt(BEN, sealed, b"here") == b"hello"


def test_who_never_had_a_key_gets_none_after_an_erasure(vault: FileVault) -> None:
    vault.destroy(ANA)
    with pytest.raises(SubjectErased):
        vault.encrypt(ANA, b"first", b"here")


@pytest.mark.promise("P9")
def test_another_vault_that_holds_the_key_cannot_use_it_after_the_acknowledgement(vault: FileVault) -> None:
    sealed = vault.encrypt(ANA, b"hello", b"here")
    other = FileVault(vault.folder, MASTER)
    assert other.decrypt(ANA, sealed, b"here") == b"hello"
    vault.destroy(ANA)
    assert other.decrypt(ANA, sealed, b"here") is None


def test_a_cached_key_leaves_the_memory_though_nobody_asks_again(vault: FileVault) -> None:
    vault.encrypt(ANA, b"hello", b"here")
    assert vault._keys._held
    until = time.monotonic() + 10 * LEASE_SECONDS
    while vault._keys._held and time.monotonic() < until:
        time.sleep(0.05)
    assert not vault._keys._held


def test_a_destroyer_that_died_in_the_middle_is_followed_by_another(vault: FileVault) -> None:
    sealed = vault.encrypt(ANA, b"hello", b"here")
    half = vault.folder / f".new-{ANA}-killed"
    half.write_bytes((vault.folder / ANA).read_bytes())  # a maker that was killed left the same key
    vault.destroy(ANA)
    vault.destroy(ANA)
    assert vault.decrypt(ANA, sealed, b"here") is None
    assert not half.exists()


@pytest.mark.promise("P9")
def test_sealers_race_a_destroyer_and_after_its_word_no_seal_succeeds(vault: FileVault) -> None:
    for _ in range(3):
        sealers = [sealer(vault, ANA) for _ in range(3)]
        time.sleep(0.1)
        vault.destroy(ANA)
        acknowledged = time.monotonic()
        done = [seal for process in sealers for seal in seals(process)]
        assert len(done) > 3, "the race had no power: nobody had sealed"
        assert max(at for at, _ in done) < acknowledged
        assert {vault.decrypt(ANA, sealed, b"race") for _, sealed in done} == {None}
        (vault.folder / ANA).unlink()  # the next round begins anew
        vault.forget_cached()


def test_the_race_would_show_a_sealer_that_takes_no_care(vault: FileVault) -> None:
    vault.encrypt(ANA, b"hello", b"here")
    careless = sealer(vault, ANA, "careless")
    time.sleep(0.1)
    vault.destroy(ANA)
    acknowledged = time.monotonic()
    assert max(at for at, _ in seals(careless)) > acknowledged


def test_a_sealer_that_sleeps_through_the_erasure_wakes_up_to_a_refusal(vault: FileVault) -> None:
    asleep = sealer(vault, ANA)
    time.sleep(0.05)
    asleep.send_signal(signal.SIGSTOP)
    try:
        destroyer = subprocess.Popen(
            [sys.executable, "-c", DESTROY.format(folder=str(vault.folder), subject=ANA)],
        )
        time.sleep(2 * LEASE_SECONDS)
    finally:
        asleep.send_signal(signal.SIGCONT)  # if it slept inside a seal, the destroyer has waited for it
    assert destroyer.wait(30) == 0
    acknowledged = time.monotonic()
    assert max(at for at, _ in seals(asleep)) < acknowledged


DESTROY = """
from pathlib import Path
from placet.eventlog.encryption.vault import FileVault
FileVault(Path({folder!r}), b"k" * 32).destroy({subject!r})
"""
