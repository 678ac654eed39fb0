"""Small files are found again. Tables may be long."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
TABLES = {"settings.py", "urls.py", "flow.py"}


def test_no_file_is_longer_than_an_idea() -> None:
    sizes = sorted(((lines_of(path), path.relative_to(ROOT)) for path in sources()), reverse=True)
    for lines, path in sizes[:10]:
        print(f"{lines:5} {path}")  # noqa: T201 - shown with -s
    assert [str(path) for lines, path in sizes if lines > LONGEST and path.name not in TABLES] == []


def sources() -> list[Path]:
    """What git knows of, so that nothing made by a run is counted."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if "migrations/" not in name and (ROOT / name).exists()]


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())
