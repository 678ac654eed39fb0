"""Generate the pages of `docs/` that come from the code."""

from collections.abc import Mapping
from typing import Any, Final

from placet.cli.command import CommandFailed, PlacetCommand
from placet.devtools.docgen import asyncapi, commands, events, flow, metrics
from placet.runtime.install.paths import CHECKOUT

PAGES: Final = {
    "flow.md": flow.page,
    "events.md": events.page,
    "commands.md": commands.page,
    "asyncapi.yaml": asyncapi.page,
    "metrics.md": metrics.page,
}


class Command(PlacetCommand):
    help = "Generate the pages of docs/ that come from the code: flow, events, commands, topics, metrics"
    group = "Internal"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        docs = CHECKOUT / "docs"
        if not docs.is_dir():
            raise CommandFailed(f"There is no {docs}: this is not a checkout.", "git clone")
        for name, page in PAGES.items():
            (docs / name).write_text(page())
        return {"ok": True, "pages": [str(docs / name) for name in PAGES]}

    def show(self, answer: Mapping[str, Any]) -> None:
        self.stdout.write("\n".join(answer["pages"]))
