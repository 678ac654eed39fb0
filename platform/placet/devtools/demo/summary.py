"""The demo's result: `var/demo/summary.json`, next to the clips that it describes."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from placet.devtools.demo import steps
from placet.devtools.demo.world import World
from placet.studio.view_model import generation_view

PROMPTS = (
    steps.CLIP, steps.REMIX, steps.OPTED_OUT, steps.UNASKED, steps.UNCERTAIN, steps.SMUGGLED,
)  # fmt: skip


def write_summary(world: World, seconds: dict[str, float], verified: dict[str, Any]) -> dict[str, Any]:
    """Write the summary and return it."""
    views = {name: generation_view(generation) for name, generation in world.clips.items()}
    summary = {
        "clip": _file(world.folder / "clip.mp4", world.clips["clip"]),
        "remix": _file(world.folder / "remix.mp4", world.clips["remix"]),
        "prompts": list(PROMPTS),
        "generations": {
            name: {"id": t.id, "state": t.state, "standing": list(t.standing)} for name, t in views.items()
        },
        "verdicts": {name: t.verdicts for name, t in views.items()},
        "notices": world.notes["notices"],
        "refusals": {name: asdict(t.refusal) for name, t in views.items() if t.refusal},
        "filing": world.notes["filing"],
        "verified": verified,
        "receipts": world.notes["receipts"],
        "seconds": {step: round(s, 2) for step, s in seconds.items()},
    }
    whole = world.folder / "summary.json.new"
    whole.write_text(json.dumps(summary, indent=2, ensure_ascii=False, default=str))
    whole.replace(world.folder / "summary.json")
    return summary


def _file(path: Path, generation: str) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "generation": generation}
