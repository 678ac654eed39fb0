"""Dead letters: list events that a consumer could not process, redrive them in order, or discard one."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from placet.cli.actor import ActingCommand
from placet.cli.console import print_table
from placet.eventlog.consumers.dead_letter import dead_letters
from placet.eventlog.consumers.redrive import discard, redrive
from placet.eventlog.consumers.runner import CONSUMERS
from placet.eventlog.store.connect import connect
from placet.people.queries import Person


class Command(ActingCommand):
    help = "List, redrive or discard events that a consumer could not process"
    group = "Operations"
    acts_as = "Omar"
    needs = "operations.manage"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self.verb(verbs, "list", "list dead letters by stream")
        retry = self.verb(verbs, "redrive", "process the dead letters of a consumer again, in order")
        retry.add_argument("consumer", help="name of the consumer")
        retry.add_argument("--stream", default="", help="only this stream")
        dropped = self.verb(verbs, "discard", "discard one event for good; your name and reason are kept")
        dropped.add_argument("consumer", help="name of the consumer")
        dropped.add_argument("position", type=int, help="position of the event")
        dropped.add_argument("--reason", required=True, help="reason, kept with your name; no personal data")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        with connect() as connection:
            match options["verb"]:
                case "redrive":
                    _models_for(options["consumer"])
                    streams = [asdict(one) for one in redrive(connection, options["consumer"], options["stream"])]
                    return {"ok": not any(one["error"] for one in streams), "streams": streams}
                case "discard":
                    discard(connection, options["consumer"], options["position"], actor.person, options["reason"])
                    return {"consumer": options["consumer"], "position": options["position"], "state": "discarded"}
            return {"dead_letters": [asdict(one) for one in dead_letters(connection)]}

    def show(self, answer: Mapping[str, Any]) -> None:
        if "dead_letters" not in answer:
            super().show(answer)
            return
        table = Table("consumer", "position", "stream", "event", "error", "attempts", "since", box=None)
        for row in answer["dead_letters"]:
            columns = ("consumer", "position", "stream", "type", "error_location", "attempts")
            table.add_row(*(str(row[c]) for c in columns), f"{row['failed_at']:%Y-%m-%d %H:%M}")
        print_table(table if answer["dead_letters"] else "No dead letters.")


def _models_for(consumer: str) -> None:
    if consumer in CONSUMERS and CONSUMERS[consumer].requires_models:
        from placet.processes.services import load_models

        load_models()
