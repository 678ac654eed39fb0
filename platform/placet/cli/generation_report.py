"""The end of a generation as its asker is told: one object, and a few lines."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from placet.cli.console import print_table
from placet.cli.export_clips import shown_to_asker
from placet.studio.view_model import GenerationView


def to_answer(told: GenerationView) -> dict[str, Any]:
    """One object: the end of a generation, as its asker is told."""
    return {
        "id": told.id,
        "state": told.state,
        "verdicts": told.verdicts,
        "refusal": asdict(told.refusal) if told.refusal else None,
        "held": told.held,
        "failure": told.failure,
        "nearest": list(told.nearest),
        "file": shown_to_asker(told),
    }


def print_outcome(answer: Mapping[str, Any]) -> None:
    """What it came to, why, and where the file is."""
    print_table(f"{answer['state']}  {answer['id']}")
    for name, value in (answer["refusal"] or answer["held"] or answer["failure"] or {}).items():
        if value:
            print_table(f"  {name.replace('_', ' ')}: {_plain(value)}")
    if answer["nearest"]:
        print_table(f"  The engine cannot draw this. Nearest: {'; '.join(answer['nearest'])}")
    if answer["file"]:
        print_table(f"  {answer['file']}")


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "; ".join(", ".join(f"{name} {found}" for name, found in one.items()) for one in value)
