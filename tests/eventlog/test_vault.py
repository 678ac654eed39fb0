"""Keys per subject: encrypt, decrypt, and destroy for good, also while others encrypt."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from placet.eventlog.encryption.key_cache import LEASE_SECONDS
from placet.eventlog.encryption.vault import TOMBSTONE, FileVault, SubjectErased
from placet.eventlog.polling import pause, wait_until
from tests.eventlog.vault_process import MASTER
from tests.support.cast import ANA, BEN


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", MASTER)


def encryptor(vault: FileVault, subject: str, *kind: str) -> "subprocess.Popen[bytes]":
    """A running process that encrypts. Unbuffered: no line is read ahead."""
    words = [sys.executable, "-m", "tests.eventlog.vault_process", str(vault.folder), subject, *kind]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def next_of(process: "subprocess.Popen[bytes]") -> tuple[float, bytes]:
    """(time before, ciphertext) of the next encryption."""
    assert process.stdout is not None
    at, encrypted = process.stdout.readline().decode().split()
    return float(at), bytes.fromhex(encrypted)


def rest_of(process: "subprocess.Popen[bytes]") -> list[tuple[float, bytes]]:
    """(time before, ciphertext) of every further encryption, once the process was refused."""
    out, _ = process.communicate(timeout=120)
    *lines, last = out.decode().splitlines()
    assert last == "refused"
    return [(float(at), bytes.fromhex(encrypted)) for at, encrypted in (line.split() for line in lines)]


@pytest.mark.promise("P9")
def test_after_destroy_nothing_is_decrypted_or_encrypted(vault: FileVault) -> None:
    encrypted = vault.encrypt(ANA, b"hello", b"here")
    assert vault.decrypt(ANA, encrypted, b"here") == b"hello"
    vault.destroy(ANA)
    assert vault.decrypt(ANA, encrypted, b"here") is None
    with pytest.raises(SubjectErased):
        vault.encrypt(ANA, b"again", b"here")
    assert (vault.folder / ANA).read_bytes() == TOMBSTONE


def test_somebody_elses_key_stays(vault: FileVault) -> None:
    encrypted = vault.encrypt(BEN, b"hello", b"here")
    vault.destroy(ANA)
    assert vault.decrypt(BEN, encrypted, b"here") == b"hello"


def test_a_subject_without_a_key_gets_none_after_an_erasure(vault: FileVault) -> None:
    vault.destroy(ANA)
    with pytest.raises(SubjectErased):
        vault.encrypt(ANA, b"first", b"here")


@pytest.mark.promise("P9")
def test_another_vault_with_the_key_cannot_use_it_after_destroy(vault: FileVault) -> None:
    encrypted = vault.encrypt(ANA, b"hello", b"here")
    other = FileVault(vault.folder, MASTER)
    assert other.decrypt(ANA, encrypted, b"here") == b"hello"
    vault.destroy(ANA)
    assert other.decrypt(ANA, encrypted, b"here") is None


def test_a_cached_key_is_dropped_without_further_use(vault: FileVault) -> None:
    vault.encrypt(ANA, b"hello", b"here")
    assert vault._keys._entries
    wait_until(lambda: not vault._keys._entries, pause, 120)


def test_destroy_completes_after_one_that_died(vault: FileVault) -> None:
    encrypted = vault.encrypt(ANA, b"hello", b"here")
    half = vault.folder / f".new-{ANA}-killed"
    half.write_bytes((vault.folder / ANA).read_bytes())  # left by a killed process: the same key
    vault.destroy(ANA)
    vault.destroy(ANA)
    assert vault.decrypt(ANA, encrypted, b"here") is None
    assert not half.exists()


@pytest.mark.promise("P9")
def test_no_encryption_succeeds_after_destroy_returns(vault: FileVault) -> None:
    for _ in range(3):
        encryptors = [encryptor(vault, ANA) for _ in range(3)]
        done = [next_of(process) for process in encryptors]  # all three are encrypting now
        vault.destroy(ANA)
        acknowledged = time.monotonic()
        done += [encryption for process in encryptors for encryption in rest_of(process)]
        assert max(at for at, _ in done) < acknowledged
        assert {vault.decrypt(ANA, encrypted, b"race") for _, encrypted in done} == {None}
        (vault.folder / ANA).unlink()  # the next round starts fresh
        vault.forget_cached()


def test_the_race_detects_a_careless_encryptor(vault: FileVault) -> None:
    vault.encrypt(ANA, b"hello", b"here")
    careless = encryptor(vault, ANA, "careless")
    next_of(careless)
    vault.destroy(ANA)
    acknowledged = time.monotonic()
    while next_of(careless)[0] <= acknowledged:  # fails when it ends before
        pass
    careless.kill()
    careless.communicate()


def test_an_encryptor_that_sleeps_through_an_erasure_is_refused(vault: FileVault) -> None:
    asleep = encryptor(vault, ANA)
    next_of(asleep)
    asleep.send_signal(signal.SIGSTOP)
    try:
        destroyer = subprocess.Popen(
            [sys.executable, "-c", DESTROY.format(folder=str(vault.folder), subject=ANA)],
        )
        time.sleep(2 * LEASE_SECONDS)
    finally:
        asleep.send_signal(signal.SIGCONT)  # if it slept while encrypting, the destroyer has waited for it
    assert destroyer.wait(120) == 0
    acknowledged = time.monotonic()
    assert max((at for at, _ in rest_of(asleep)), default=0.0) < acknowledged


DESTROY = """
from pathlib import Path
from placet.eventlog.encryption.vault import FileVault
FileVault(Path({folder!r}), b"k" * 32).destroy({subject!r})
"""
