"""The outcome of a generation as its requester sees it: one object, and a few lines."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from placet.cli.console import print_table
from placet.cli.export_clips import shown_to_requester
from placet.studio.view_model import GenerationView


def to_answer(view: GenerationView) -> dict[str, Any]:
    """The outcome as one object."""
    return {
        "id": view.id,
        "state": view.state,
        "verdicts": view.verdicts,
        "refusal": asdict(view.refusal) if view.refusal else None,
        "held": view.held,
        "failure": view.failure,
        "nearest": list(view.nearest),
        "file": shown_to_requester(view),
    }


def print_outcome(answer: Mapping[str, Any]) -> None:
    """Print the outcome, the reasons and the path of the file."""
    print_table(f"{answer['state']}  {answer['id']}")
    for name, value in (answer["refusal"] or answer["held"] or answer["failure"] or {}).items():
        if value:
            print_table(f"  {name.replace('_', ' ')}: {_plain(value)}")
    if answer["nearest"]:
        print_table(f"  The engine cannot render this. Nearest: {'; '.join(answer['nearest'])}")
    if answer["file"]:
        print_table(f"  {answer['file']}")


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "; ".join(", ".join(f"{name} {found}" for name, found in one.items()) for one in value)
