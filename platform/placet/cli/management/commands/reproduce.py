"""Render a clip again from the log and compare it with its recipe."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from generator.ports import GenerationRequest, RawClip
from placet.cli.actor import ActingCommand, parse_uuid
from placet.cli.command import CommandFailed
from placet.eventlog.encryption.vault import SubjectErased
from placet.media.errors import BlobMissing
from placet.media.storage import private
from placet.people.authorization import require_permission
from placet.people.permissions import ResourceContext
from placet.people.queries import Person
from placet.processes.generation_request import request_of
from placet.studio.generation import Generation, stream_of

EXPLAINS: Final = ("engine", "call", "device", "versions")
"""Parts of a recipe that may differ from today's; then the same prompt may give other pictures."""


class Command(ActingCommand):
    help = "Render a clip again from the log and compare its frames and sound with the recorded recipe"
    group = "Verify"
    acts_as = "Cleo"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the generation")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:  # noqa: ARG002  its rights are the account's
        found = Generation.replay(self.log.read(stream_of(parse_uuid(options["id"], "generation", "placet feed"))))
        if found.request is None:
            raise CommandFailed(f"There is no generation {options['id']}.", "placet feed", code="generation_not_found")
        require_permission(self.account, "generation.view", ResourceContext(owner=found.required_request.requested_by))
        if found.rendered is None:
            raise CommandFailed(
                f"No clip was rendered: the generation is {found.state}.", "placet timeline ID", code="not_made"
            )
        try:
            request = request_of(found, self.log, private())
        except (BlobMissing, SubjectErased):
            request = None
        if request is None or not request.prompt:
            raise CommandFailed(
                "The requester was erased, and the prompt with them.", "placet timeline ID", code="erased"
            )
        then, now = found.rendered.recipe, self._rendered_again(request).recipe
        same = {name: then["raw"][name] == now["raw"][name] for name in ("frames_sha256", "pcm_sha256")}
        return {
            "ok": all(same.values()),
            "id": str(found.required_request.generation),
            "same": {"pictures": same["frames_sha256"], "sound": same["pcm_sha256"]},
            "then": then["raw"],
            "now": now["raw"],
            "differs": differing({k: then.get(k) for k in EXPLAINS}, {k: now.get(k) for k in EXPLAINS}),
        }

    def show(self, answer: Mapping[str, Any]) -> None:
        for part, is_same in answer["same"].items():
            self.stdout.write(f"{part}: {'the same, bit for bit' if is_same else 'not the same'}")
        for name, (then, now) in answer["differs"].items():
            self.stdout.write(f"  {name} was {then}, is {now}")

    def _rendered_again(self, request: GenerationRequest) -> RawClip:
        from generator.registry import engine_named

        engine = engine_named(request.engine)
        columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task("load", total=1.0)
            engine.load()
            return engine.generate(
                request, lambda phase, done: bar.update(task, completed=done, description=phase), lambda: None
            )


def differing(then: Any, now: Any, name: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two recipes differ: `engine.version` -> (then, now)."""
    if not isinstance(then, Mapping) or not isinstance(now, Mapping):
        return {} if then == now else {name: (then, now)}
    keys = sorted({*then, *now})
    return {
        path: pair
        for key in keys
        for path, pair in differing(then.get(key), now.get(key), f"{name}.{key}".lstrip(".")).items()
    }
