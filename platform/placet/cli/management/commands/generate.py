"""Request a clip and wait for the outcome."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from placet.cli.actor import WAIT_SECONDS, ActingCommand, command_id, parse_uuid, read_file
from placet.cli.generation_report import print_outcome, to_answer
from placet.cli.wait import Show, wait_until_ended, wait_until_projected
from placet.people.queries import Person
from placet.studio.commands import request_generation
from placet.studio.request_input import SIZES, GenerationInput, to_command
from placet.studio.view_model import GenerationView, JobProgress, done_0_1


class Command(ActingCommand):
    help = "Request a clip of 1 to 10 seconds and wait for the draft or the refusal"
    group = "Actions"
    needs = "generation.create"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt", help='what to show, for example "a red ball bounces on grass"')
        parser.add_argument(
            "--likeness", action="append", default=[], metavar="NAME", help="show this person; repeat for more"
        )
        parser.add_argument("--parent", metavar="ID", help="remix this clip")
        parser.add_argument(
            "--extend", action="store_true", help="continue where the parent ends instead of remixing it"
        )
        parser.add_argument("--image", metavar="FILE", help="start from this picture")
        parser.add_argument("--seconds", type=float, default=4.0, help="length of the clip (default 4)")
        parser.add_argument("--size", choices=sorted(SIZES), default="portrait", help="picture size (default portrait)")
        parser.add_argument(
            "--engine",
            choices=settings.ENGINES,
            default="",
            help="engine that renders the clip (default: the install's)",
        )
        parser.add_argument(
            "--wait", type=float, default=WAIT_SECONDS, help="seconds to wait for the outcome (default 300)"
        )

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        parent = options["parent"] and parse_uuid(options["parent"], "clip", "placet feed")
        image = read_file(options["image"]) if options["image"] else None
        names = tuple(options["likeness"])
        request = GenerationInput(
            options["prompt"], names, parent or None, options["extend"], image, options["seconds"], options["size"],
            options["engine"],
        )  # fmt: skip
        generation = request_generation(
            self.log, to_command(request, actor.person, command_id(), settings.PLACET_DEFAULT_REGION)
        )
        with self._bar() as bar:
            view = wait_until_ended(generation, self.tick, options["wait"], _show_progress(bar))
        wait_until_projected(self.tick)
        return {"ok": view.state != "failed", **to_answer(view)}

    def show(self, answer: Mapping[str, Any]) -> None:
        print_outcome(answer)

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description:<22}"), BarColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console, transient=True)


def _show_progress(bar: Progress) -> Show:
    task = bar.add_task("requested", total=1.0)

    def show(view: GenerationView, job: JobProgress | None) -> None:
        bar.update(task, completed=done_0_1(view.state, job), description=job.phase if job else view.state)

    return show
