"""Events that a consumer could not take: look, take them again in order, or give one up for ever."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from placet.cli.actor import ActingCommand
from placet.cli.console import print_table
from placet.eventlog.consumers.dead_letter import dead_letters
from placet.eventlog.consumers.redrive import discard, redrive, retry_outbox
from placet.eventlog.consumers.runner import CONSUMERS
from placet.eventlog.store.connect import connect
from placet.people.queries import Person


class Command(ActingCommand):
    help = "Events that a consumer could not take: list, retry in order, or drop one for ever"
    group = "Operate"
    acts_as = "Omar"
    needs = "operations.mend"

    def arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self.verb(verbs, "list", "what is parked, stream by stream")
        retry = self.verb(verbs, "retry", "hand parked streams to their consumer again, in order")
        retry.add_argument("consumer", help="which consumer")
        retry.add_argument("--stream", default="", help="only this stream")
        dropped = self.verb(verbs, "drop", "give one event up, for ever; it is kept who did it, and why")
        dropped.add_argument("consumer", help="which consumer")
        dropped.add_argument("position", type=int, help="the event's position")
        dropped.add_argument("--why", required=True, help="the reason, kept beside your name; without personal data")
        again = self.verb(verbs, "retry-effects", "plan effects anew that were given up after 24 hours")
        again.add_argument("kind", help="which kind")

    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        with connect() as connection:
            match options["verb"]:
                case "retry":
                    _models_for(options["consumer"])
                    streams = [asdict(one) for one in redrive(connection, options["consumer"], options["stream"])]
                    return {"ok": not any(one["error"] for one in streams), "streams": streams}
                case "drop":
                    discard(connection, options["consumer"], options["position"], actor.person, options["why"])
                    return {"consumer": options["consumer"], "position": options["position"], "state": "dropped"}
                case "retry-effects":
                    return {"kind": options["kind"], "planned": retry_outbox(connection, options["kind"])}
            return {"parked": [asdict(one) for one in dead_letters(connection)]}

    def show(self, answer: Mapping[str, Any]) -> None:
        if "parked" not in answer:
            super().show(answer)
            return
        table = Table("consumer", "position", "stream", "event", "error", "tries", "since", box=None)
        for row in answer["parked"]:
            columns = ("consumer", "position", "stream", "type", "error_location", "attempts")
            table.add_row(*(str(row[c]) for c in columns), f"{row['failed_at']:%Y-%m-%d %H:%M}")
        print_table(table if answer["parked"] else "Nothing is parked.")


def _models_for(consumer: str) -> None:
    if consumer in CONSUMERS and CONSUMERS[consumer].requires_models:
        from placet.processes.services import load_models

        load_models()
