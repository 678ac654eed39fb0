import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provenance.pki.install_pki import ANCHORS


def placet(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """The command from an empty folder, with a home that holds nothing."""
    place = Path(sys.executable).with_name("placet")
    environment = {"PATH": os.defpath, "HOME": str(folder), "PLACET_DATA_DIR": str(folder / "no-home")}
    return subprocess.run(
        [place, *arguments], capture_output=True, check=False, cwd=folder, env=environment, timeout=60
    )


def parsed(done: "subprocess.CompletedProcess[bytes]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def folder(tmp_path: Path, signed: bytes) -> Path:
    (tmp_path / "clip.mp4").write_bytes(signed)
    return tmp_path


def test_a_good_file_exits_with_zero_and_plain_words(folder: Path, keys: Path) -> None:
    done = placet(folder, "verify", "clip.mp4", "--anchors", str(keys / ANCHORS))
    assert done.returncode == 0, done.stderr
    assert b"the file is as it was signed" in done.stdout


def test_a_changed_file_exits_with_one_and_json(folder: Path, keys: Path, signed: bytes) -> None:
    (folder / "clip.mp4").write_bytes(signed[:-1] + b"!")
    done = placet(folder, "verify", "clip.mp4", "--anchors", str(keys / ANCHORS), "--json")
    assert done.returncode == 1
    assert parsed(done)["integrity"] == "bad"
    assert parsed(done)["ok"] is False


def test_without_anchors_the_error_names_the_option(folder: Path) -> None:
    done = placet(folder, "verify", "clip.mp4")
    assert done.returncode == 1
    assert done.stderr.strip().endswith(b"--anchors PEM")
