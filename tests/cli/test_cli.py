import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from placet.cli.command import CommandFailed
from placet.cli.main import overview


def placet(*words: str, home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PLACET_DATA_DIR": str(home)}
    command = [sys.executable, "-m", "placet", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_without_arguments_it_lists_the_commands_in_groups() -> None:
    lines = overview().splitlines()
    assert lines.index("Getting started:") < lines.index("Internal:")
    assert any(line.startswith("  doctor ") for line in lines)


def test_a_failure_is_one_object_and_an_exit_code(tmp_path: Path) -> None:
    done = placet("serve", "nobody", "--json", home=tmp_path)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    assert answer["hint"].startswith("placet serve sequencer")


def test_a_failure_ends_with_the_next_command(tmp_path: Path) -> None:
    done = placet("serve", "nobody", home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("  Next: placet serve")


def test_invalid_arguments_are_one_object_too(tmp_path: Path) -> None:
    done = placet("cases", "--json", home=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["hint"]) == (2, "placet cases --help")


def test_without_a_database_the_hint_is_to_start_one(tmp_path: Path) -> None:
    done = placet("bootstrap", home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "  Next: placet up"
    assert "Traceback" not in done.stderr


def test_help_creates_no_file(tmp_path: Path) -> None:
    placet("--help", home=tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_call_from_code_raises() -> None:
    with pytest.raises(CommandFailed, match="Unknown role"):
        call_command("serve", "nobody")
