"""`platform/` is a source root named like one of Python's own modules: it must never become a module itself."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_has_only_folders() -> None:
    assert [path.name for path in (ROOT / "platform").iterdir() if not path.is_dir()] == []


def test_pythons_own_platform_is_intact_in_the_checkout() -> None:
    script = "import platform, uuid; print(platform.__file__); platform.system(); uuid.uuid4()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "platform")
    assert done.stdout.strip().endswith("platform.py")
