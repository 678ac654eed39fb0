"""The import contracts can fail: a contract that nothing breaks proves nothing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    "cli", "config", "devtools", "eventlog", "feed", "kernel", "likeness", "media", "notices", "operations", "people",
    "processes", "rights", "runtime", "studio", "text", "ui", "web",
]  # fmt: skip
ROOMS = ["moderation", "provenance", "generator", *(f"placet/{name}" for name in FOLDERS)]
GOOD = {
    "placet/studio/events.py": "import placet.eventlog.store.event",
    "placet/eventlog/store/__init__.py": "",
    "placet/eventlog/store/event.py": "import dataclasses",
    "placet/rights/decide.py": "import placet.studio.events",
    "placet/likeness/faces.py": "import face_recognition",
    "placet/media/reading.py": "import av",
    "moderation/signals/__init__.py": "",
    "moderation/signals/embedding.py": "import torch",
    "placet/eventlog/transports/__init__.py": "",
    "placet/eventlog/transports/kafka.py": "import kafka",
    "generator/worker.py": "import generator.evaluation",
    **{f"generator/{name}/__init__.py": "" for name in ("engines", "evaluation", "training")},
}
PURE = ["append_tree", "leaf", "monitor", "receipt", "signed_note", "tiles", "tree", "tree_head", "verify"]
GOOD |= {f"placet/eventlog/proofs/{name}.py": "" for name in ["__init__", *PURE]}
ONE_BREACH_PER_CONTRACT = {
    "placet/eventlog/breach.py": "import placet.config",
    "placet/runtime/breach.py": "import placet.people",
    "placet/kernel/breach.py": "import placet.eventlog",
    "placet/studio/commands.py": "",
    "placet/rights/breach.py": "import placet.studio.commands",
    "placet/likeness/events.py": "import django",
    "placet/media/breach.py": "import torch, c2pa",
    "placet/studio/breach.py": "import kafka",
    "placet/eventlog/proofs/verify.py": "import django",
    "generator/evaluation/breach.py": "import generator.training",
    "moderation/breach.py": "import face_recognition, av, pymerkle",
}


def verdicts(folder: Path, files: dict[str, str]) -> list[str]:
    """KEPT or BROKEN per contract, for a small tree with the rooms' names."""
    rooms = {f"{room}/__init__.py": "" for room in ["placet", *ROOMS]}
    for name, text in (rooms | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text}\n")
    linter = Path(sys.executable).with_name("lint-imports")
    words = [str(linter), "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return [word for line in done.stdout.splitlines() for word in line.split() if word in {"KEPT", "BROKEN"}]


def test_a_tree_that_follows_the_contracts_passes(tmp_path: Path) -> None:
    assert set(verdicts(tmp_path, GOOD)) == {"KEPT"}


def test_each_contract_can_break(tmp_path: Path) -> None:
    found = verdicts(tmp_path, GOOD | ONE_BREACH_PER_CONTRACT)
    assert len(found) == 13
    assert set(found) == {"BROKEN"}
