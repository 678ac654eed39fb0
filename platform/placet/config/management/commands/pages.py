"""Writes the pages of `docs/` that are drawn from the code."""

from collections.abc import Mapping
from typing import Any, Final

from placet.config import asyncapi_page, commands_page, events_page, flow_page
from placet.config.command import CommandFailed, PlacetCommand
from placet.config.home import CHECKOUT

PAGES: Final = {
    "flow.md": flow_page.page,
    "events.md": events_page.page,
    "commands.md": commands_page.page,
    "asyncapi.yaml": asyncapi_page.page,
}


class Command(PlacetCommand):
    help = "Write the pages of docs/ that are drawn from the code: flow, events, commands, topics"
    group = "Inner workings"

    def answer(self, **_options: Any) -> Mapping[str, Any]:
        docs = CHECKOUT / "docs"
        if not docs.is_dir():
            raise CommandFailed(f"There is no {docs}: this is not a checkout.", "git clone")
        for name, page in PAGES.items():
            (docs / name).write_text(page())
        return {"ok": True, "pages": [str(docs / name) for name in PAGES]}

    def show(self, answer: Mapping[str, Any]) -> None:
        self.stdout.write("\n".join(answer["pages"]))
