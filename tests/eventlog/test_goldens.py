"""What was once written is read for ever: one golden per event type and version, never edited, never taken away."""

import base64
import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fixtures.events.make_goldens import FOLDER, ROOT, load_types, place
from placet.eventlog.encryption.vault import FileVault
from placet.eventlog.store import codec
from placet.eventlog.store.event import BY_CLASS, ERASED, EventType
from placet.eventlog.store.upcast import UPCASTERS

EVENT_ID = "0c7a4d36-2f0b-4d7e-9f0e-2a3d7c1b5e90"
KNOWN = load_types()
GOLDENS = sorted(FOLDER.glob("*/*/*.json"))


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path, b"k" * 32)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def stored(found: dict[str, Any], vault: FileVault) -> bytes | None:
    """The golden's sealed fields as the log holds them."""
    segments = [
        {
            "ciphertext": base64.b64encode(
                vault.encrypt(subject, codec.canonical(hidden), codec._bound_to(EVENT_ID, found["type"], subject))
            ).decode(),
            "fields": sorted(hidden),
            "subject": subject,
        }
        for subject, hidden in sorted(found["encrypted"].items())
    ]
    return codec.canonical(segments) if segments else None


def decoded(found: dict[str, Any], vault: FileVault) -> Any:
    return codec.decode(found["type"], found["data"].encode(), stored(found, vault), EVENT_ID, vault)


def plain(fact: Any) -> Any:
    return json.loads(codec.canonical(dataclasses.asdict(fact)))


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
def test_every_type_has_a_golden(kind: EventType) -> None:
    assert place(kind.name).exists(), "to make it: .venv/bin/python fixtures/events/make_goldens.py"


def test_every_folder_is_of_a_type_that_can_still_be_read() -> None:
    named = {f"{folder.parent.name}.{folder.name}" for folder in FOLDER.glob("*/*") if folder.is_dir()}
    assert named <= {kind.name for kind in KNOWN} | set(UPCASTERS)
    assert {read(path)["type"] for path in GOLDENS} == named


@pytest.mark.promise("P7")
@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.parent.name)
def test_every_golden_reads_as_the_newest_fact(path: Path, vault: FileVault) -> None:
    found = read(path)
    fact = decoded(found, vault)
    assert type(fact) in BY_CLASS
    if found["type"] not in UPCASTERS:
        assert plain(fact) == found["fact"]


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
def test_the_same_fact_gives_the_same_bytes_again(kind: EventType, vault: FileVault) -> None:
    if kind.name in UPCASTERS:
        return
    found = read(place(kind.name))
    clear, sealed = codec.encode(decoded(found, vault), EVENT_ID, vault)
    assert clear == found["data"].encode()
    assert bool(sealed) == bool(found["encrypted"])
    secrets = [text.encode() for hidden in found["encrypted"].values() for text in hidden.values()]
    assert not any(secret in clear + (sealed or b"") for secret in secrets)


@pytest.mark.promise("P9")
@pytest.mark.parametrize("path", [p for p in GOLDENS if read(p)["encrypted"]], ids=lambda path: path.parent.parent.name)
def test_after_an_erasure_the_rest_still_reads(path: Path, vault: FileVault) -> None:
    found = read(path)
    sealed = stored(found, vault)
    for subject in found["encrypted"]:
        vault.destroy(subject)
    fact = codec.decode(found["type"], found["data"].encode(), sealed, EVENT_ID, vault)
    assert all(getattr(fact, field) is ERASED for hidden in found["encrypted"].values() for field in hidden)


def test_no_golden_was_edited_or_taken_away() -> None:
    released = _git("describe", "--tags", "--abbrev=0", "--match=v*")
    references = [commit for commit in ("HEAD", released) if commit and _git("rev-parse", commit)]
    if not references:
        pytest.skip("no history here to compare the goldens with: run this test in a clone")
    assert {name: changed for name in references if (changed := changed_since(name))} == {}, (
        "make a new version instead"
    )


def changed_since(commit: str) -> list[str]:
    """Goldens that are not as they were at this commit."""
    listed = _git("ls-tree", "-r", "--name-only", commit, "--", "fixtures/events/").splitlines()
    kept = {name: _git("show", f"{commit}:{name}") for name in listed if name.endswith(".json")}
    return [name for name, text in kept.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if words[0] == "show" else done.stdout.strip() if done.returncode == 0 else ""
