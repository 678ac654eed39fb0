"""One command against real processes, from an empty home: it starts what it needs, and stops it again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.media.sandbox_client import probe
from placet.runtime.postgres.paths import cluster_paths, remove_cluster
from placet.runtime.supervisor.state import read_state

pytestmark = [pytest.mark.processes, pytest.mark.models]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    remove_cluster(cluster_paths(tmp_path / "home"))


def placet(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PLACET_DATA_DIR": str(home)}
    command = [sys.executable, "-m", "placet", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_in_an_empty_home_a_prompt_becomes_a_signed_clip(home: Path) -> None:
    done = placet(home, "generate", "a red ball bounces on grass", "--seconds", "1", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["state"], set(answer["verdicts"].values())) == ("draft", {"clear"})
    clip = Path(answer["file"]).read_bytes()
    assert b"jumb" in clip, "the manifest is in the file"
    assert probe(clip).picture_seconds == pytest.approx(1, abs=0.05)
    assert read_state(home) is None
    assert "sign-in" not in (home / "log" / "supervisor.log").read_text()
