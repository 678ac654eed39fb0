"""What a step of the demo can do. Every command id is derived from the run and the step's name.

So a demo that was killed, or whose processes were, continues where it stopped when it is run again.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection

from placet.cli.seed import person_of
from placet.cli.wait import wait_until_ended
from placet.eventlog.polling import WaitTimedOut, pause, wait_until
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.eventlog.store.log import EventLog, current_log
from placet.kernel.ids import GenerationId, PersonId
from placet.studio.commands import publish, request_generation
from placet.studio.request_input import GenerationInput, to_command
from placet.studio.view_model import GenerationView, generation_view

PATIENCE_SECONDS: Final = 240.0
ProgressCallback = Callable[[str], None]


class DemoBroken(RuntimeError):
    """A step did not end as expected. What was recorded stays; `placet timeline ID` shows what happened."""


@dataclass(slots=True)
class World:
    """One run of the demo over the running install."""

    run: str
    origin: str
    folder: Path
    report: ProgressCallback
    clips: dict[str, GenerationId] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def log(self) -> EventLog:
        return current_log()

    def id(self, step: str) -> str:
        """The command id of a step: the same each time this run is repeated."""
        return str(uuid.uuid5(uuid.UUID(self.run), step))

    def person(self, name: str) -> PersonId:
        """A person of the cast."""
        return person_of(name)

    def request(self, step: str, by: str, wanted: GenerationInput) -> GenerationView:
        """Request a clip, and follow it to its outcome."""
        command = to_command(wanted, self.person(by), self.id(step), settings.PLACET_DEFAULT_REGION)
        request_generation(self.log, command)
        self.clips[step] = command.generation
        return self.follow(command.generation)

    def follow(self, generation: GenerationId) -> GenerationView:
        """Wait for the outcome, whichever process dies meanwhile."""
        shown = {"phase": ""}

        def show(_found: GenerationView, progress: Any) -> None:
            phase = f"{progress.phase} {progress.done_0_1:.0%}" if progress else _found.state
            if phase != shown["phase"]:
                shown["phase"] = phase
                self.report(phase)

        return wait_until_ended(generation, pause, PATIENCE_SECONDS, show)

    def publish(self, step: str) -> GenerationView:
        """Publish a draft and wait until it is in the feed."""
        clip = self.clips[step]
        by = generation_view(clip).requested_by
        publish(self.log, clip, by, self.id(f"{step}, published"))
        self.wait(lambda: generation_view(clip).state != "draft", f"{step} was not published in time")
        return generation_view(clip)

    def wait(self, is_so: Callable[[], bool], otherwise: str) -> None:
        """Wait until `is_so`. Raises `DemoBroken`."""
        try:
            wait_until(is_so, pause, PATIENCE_SECONDS)
        except WaitTimedOut:
            raise DemoBroken(otherwise) from None

    def retried(self, step: Callable[["World"], str]) -> str:
        """Run a step, again if PostgreSQL was unavailable: a command takes effect once, however often it is sent."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return step(self)
            except (*DATABASE_UNAVAILABLE, OSError) as lost:
                if time.monotonic() > give_up:
                    raise DemoBroken("PostgreSQL did not come back. See `placet doctor`.") from lost
                connection.close()
                time.sleep(0.3)

    def expect(self, is_so: object, otherwise: str) -> None:
        """Raises `DemoBroken` unless `is_so`."""
        if not is_so:
            raise DemoBroken(otherwise)


def this_run(folder: Path) -> str:
    """The unfinished run, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run.json"
    if path.exists():
        return str(json.loads(path.read_text())["run"])
    run = str(uuid.uuid4())
    path.write_text(json.dumps({"run": run}))
    return run


def end_run(folder: Path) -> None:
    """The next demo begins a new run."""
    (folder / "run.json").unlink(missing_ok=True)


def portrait(name: str) -> bytes:
    """One of the two free portraits that come with Placet."""
    return (files("placet.devtools.demo") / "portraits" / f"{name}.jpg").read_bytes()
