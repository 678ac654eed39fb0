"""Stored events stay readable: one golden per event type and version, never edited, never removed."""

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
    """The golden's encrypted fields as the log stores them."""
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
    assert place(kind.name).exists(), "to create it: .venv/bin/python fixtures/events/make_goldens.py"


def test_every_folder_belongs_to_a_readable_type() -> None:
    types = {f"{folder.parent.name}.{folder.name}" for folder in FOLDER.glob("*/*") if folder.is_dir()}
    assert types <= {kind.name for kind in KNOWN} | set(UPCASTERS)
    assert {read(path)["type"] for path in GOLDENS} == types


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
    clear, encrypted = codec.encode(decoded(found, vault), EVENT_ID, vault)
    assert clear == found["data"].encode()
    assert bool(encrypted) == bool(found["encrypted"])
    secrets = [text.encode() for hidden in found["encrypted"].values() for text in hidden.values()]
    assert not any(secret in clear + (encrypted or b"") for secret in secrets)


@pytest.mark.promise("P9")
@pytest.mark.parametrize("path", [p for p in GOLDENS if read(p)["encrypted"]], ids=lambda path: path.parent.parent.name)
def test_after_an_erasure_the_rest_still_reads(path: Path, vault: FileVault) -> None:
    found = read(path)
    encrypted = stored(found, vault)
    for subject in found["encrypted"]:
        vault.destroy(subject)
    fact = codec.decode(found["type"], found["data"].encode(), encrypted, EVENT_ID, vault)
    assert all(getattr(fact, field) is ERASED for hidden in found["encrypted"].values() for field in hidden)


def test_no_golden_was_edited_or_removed() -> None:
    if not references(ROOT):
        pytest.skip("no git history to compare the goldens with: run this test in a clone")
    assert silent_changes(ROOT) == {}, "make a new version instead"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A main branch with two goldens, and a branch of it that is checked out."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    write(tmp_path, "kept", "old")
    write(tmp_path, "studio.clip_made", "old")
    changelog(tmp_path, "nothing")
    commit(tmp_path)
    git(tmp_path, "checkout", "--quiet", "-b", "work")
    return tmp_path


def write(repository: Path, base: str, text: str) -> Path:
    path = repository / "fixtures" / "events" / base / "v1" / "example.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def changelog(repository: Path, events: str) -> None:
    added = "## [Unreleased]\n\n### Added\n\n- `studio.clip_made.v1`"
    text = f"{added}\n\n### Events\n\n- {events}\n\n## [1.0.0]\n\n### Events\n\n- `kept.v1`\n"
    (repository / "CHANGELOG.md").write_text(text)


def commit(repository: Path) -> None:
    git(repository, "add", "--all")
    author = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    git(repository, *author, "commit", "--quiet", "--allow-empty", "--message=a change")


def test_a_silent_edit_is_found_even_when_committed(repository: Path) -> None:
    assert silent_changes(repository) == {}
    write(repository, "studio.clip_made", "new")
    assert list(silent_changes(repository).values()) == [["studio.clip_made.v1"]]
    commit(repository)
    assert list(silent_changes(repository).values()) == [["studio.clip_made.v1"]]


def test_a_removed_golden_is_found(repository: Path) -> None:
    write(repository, "studio.clip_made", "old").unlink()
    commit(repository)
    assert list(silent_changes(repository).values()) == [["studio.clip_made.v1"]]


def test_a_new_golden_is_no_change(repository: Path) -> None:
    write(repository, "studio.clip_made.again", "new")
    commit(repository)
    assert silent_changes(repository) == {}


def test_before_the_first_tag_a_change_may_be_named_in_the_changelog(repository: Path) -> None:
    write(repository, "studio.clip_made", "new")
    changelog(repository, "changed: `studio.clip_made.v1`")
    commit(repository)
    assert silent_changes(repository) == {}
    write(repository, "kept", "new")
    commit(repository)
    assert list(silent_changes(repository).values()) == [["kept.v1"]]


def test_after_the_first_tag_no_change_is_allowed(repository: Path) -> None:
    git(repository, "tag", "v1.0.0", "main")
    write(repository, "studio.clip_made", "new")
    changelog(repository, "changed: `studio.clip_made.v1`")
    commit(repository)
    assert silent_changes(repository)["v1.0.0"] == ["studio.clip_made.v1"]


def test_on_the_main_branch_the_last_commit_is_checked(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "main")
    commit(repository)
    write(repository, "studio.clip_made", "new")
    commit(repository)
    assert list(silent_changes(repository).values()) == [["studio.clip_made.v1"]]


def silent_changes(repository: Path) -> dict[str, list[str]]:
    """Commit -> types whose golden has changed since. Before the first tag, types in the changelog are left out."""
    allowed = "" if latest_tag(repository) else events_of_unreleased(repository)
    found = {
        reference: [name for name in changed_since(repository, reference) if f"`{name}`" not in allowed]
        for reference in references(repository)
    }
    return {reference: names for reference, names in found.items() if names}


def references(repository: Path) -> list[str]:
    """The merge base with the main branch, else the latest tag, else the parent, else HEAD; the latest tag always."""
    head = git(repository, "rev-parse", "HEAD")
    bases = [git(repository, "merge-base", "HEAD", branch) for branch in ("origin/main", "main")]
    earlier = [base for base in bases if base and base != head]
    tag = latest_tag(repository)
    parent = git(repository, "rev-parse", "--verify", "HEAD~1")
    chosen = (*earlier, tag, parent, head)
    return list(dict.fromkeys(name for name in (next(filter(None, chosen), ""), tag) if name))


def latest_tag(repository: Path) -> str:
    return git(repository, "describe", "--tags", "--abbrev=0", "--match=v*")


def changed_since(repository: Path, reference: str) -> list[str]:
    """Types whose golden was edited or removed since this commit, in the working tree too."""
    listed = git(repository, "ls-tree", "-r", "--name-only", reference, "--", "fixtures/events/").splitlines()
    paths = [name for name in listed if name.endswith(".json")]
    before = {name: git(repository, "show", f"{reference}:{name}") for name in paths}
    return [type_of(name) for name, text in before.items() if not is_same(repository / name, text)]


def is_same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text().strip() == text


def type_of(path: str) -> str:
    *_, base, version, _file = path.split("/")
    return f"{base}.{version}"


def events_of_unreleased(repository: Path) -> str:
    """The text under "### Events" of the Unreleased section."""
    text = (repository / "CHANGELOG.md").read_text()
    unreleased = text.partition("## [Unreleased]")[2].partition("\n## ")[0]
    return unreleased.partition("### Events")[2].partition("\n### ")[0]


def git(repository: Path, *words: str) -> str:
    """The output of git, stripped; empty when it fails."""
    done = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
