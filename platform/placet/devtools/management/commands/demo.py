"""The guided demo, on the embedded default, over the processes of `make up`."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from placet.cli.actor import map_errors, running_install
from placet.cli.command import CommandFailed, PlacetCommand
from placet.devtools.demo.steps import STEPS
from placet.devtools.demo.summary import write_summary
from placet.devtools.demo.world import DemoBroken, World, end_run, this_run
from placet.runtime.supervisor.state import SupervisorState


class Command(PlacetCommand):
    help = "Run a guided demo: opt-out, likeness, clip, remix, refusals, review, revocation, verification"
    group = "Getting started"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from-scratch", action="store_true", help="start over instead of continuing an unfinished demo"
        )

    def answer(self, **options: Any) -> Mapping[str, Any]:
        folder = Path(settings.PLACET_DATA_DIR) / "demo"
        if options["from_scratch"]:
            end_run(folder)
        self.rows: list[tuple[str, str, float]] = []
        started = time.monotonic()
        try:
            with map_errors(), self._bar() as bar:
                summary = self._run(folder, bar, started)
        except DemoBroken as broken:
            raise CommandFailed(
                str(broken), "make demo, to continue; placet demo --from-scratch, to start over"
            ) from None
        end_run(folder)
        return summary

    def _run(self, folder: Path, bar: Progress, started: float) -> dict[str, Any]:
        task = bar.add_task("starting PostgreSQL, web, consumers and generator", total=len(STEPS) + 1)
        with running_install() as state:
            seconds = {"start": time.monotonic() - started}
            world = self._world(folder, state, bar, task)
            for step in STEPS:
                self._step(world, step, bar, task, seconds)
            begun = time.monotonic()
            verified = _verify(world)
            seconds["verify"] = time.monotonic() - begun
            self.rows.append(("Two engines verify the clip offline.", _in_words(verified), seconds["verify"]))
            seconds["total"] = time.monotonic() - started
            bar.advance(task)
            return write_summary(world, seconds, verified)

    def _step(self, world: World, step: Any, bar: Progress, task: Any, seconds: dict[str, float]) -> None:
        words = str(step.__doc__).strip()
        bar.update(task, description=words)
        begun = time.monotonic()
        outcome = world.retried(step)
        seconds[step.__name__] = time.monotonic() - begun
        self.rows.append((words, outcome, seconds[step.__name__]))
        bar.advance(task)

    def _world(self, folder: Path, state: SupervisorState, bar: Progress, task: Any) -> World:
        def report(phase: str) -> None:
            bar.update(task, phase=phase)

        return World(this_run(folder), state.origin, folder, report)

    def _bar(self) -> Progress:
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24),
            TextColumn("{task.completed}/{task.total}"), TextColumn("[dim]{task.fields[phase]}"), TimeElapsedColumn(),
        )  # fmt: skip
        return _Phased(*columns, console=self.console)

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("what happens", "how it ends", "s", title="Placet demo", show_lines=True)
        for words, outcome, seconds in self.rows:
            table.add_row(words, outcome, f"{seconds:.1f}")
        console = Console()
        console.print(table)
        console.print(f"{answer['clip']['path']}\n{Path(answer['clip']['path']).with_name('summary.json')}")
        console.print("To explore it: make up")


class _Phased(Progress):
    """A progress bar whose tasks begin without a phase."""

    def add_task(self, description: str, *args: Any, **fields: Any) -> TaskID:
        return super().add_task(description, *args, phase="", **fields)


def _verify(world: World) -> dict[str, Any]:
    from provenance.consumers import keys
    from provenance.pki.install_pki import ANCHORS
    from provenance.verification.verify import verify

    answers = {}
    for name in ("clip", "remix"):
        found = verify(world.folder / f"{name}.mp4", (keys() / ANCHORS).read_text())
        world.expect(found.is_good and found.agree, f"the {name} does not verify: {found.reasons}")
        engines = [f"{engine.name} {engine.version}" for engine in found.engines]
        answers[name] = {
            "integrity": found.integrity,
            "trust": found.trust,
            "standing": found.standing,
            "engines": engines,
        }
    return answers


def _in_words(verified: Mapping[str, Any]) -> str:
    clip = verified["clip"]
    words = ", ".join(f"{name} {clip[name]}" for name in ("integrity", "trust", "standing"))
    return f"{words}; {' and '.join(clip['engines'])}"
