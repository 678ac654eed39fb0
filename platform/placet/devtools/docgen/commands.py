"""`docs/commands.md`, drawn from the commands themselves: what each does and which words it takes."""

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.core.management import load_command_class

from placet.cli.command import PlacetCommand
from placet.cli.main import GROUPS, command_files

HEAD: Final = """# Commands

Drawn from `management/commands/` in `platform/placet/cli` and `platform/placet/devtools` by `placet pages`. `placet`
lies in `.venv/bin`; the same commands, with underscores, are under `manage.py`.

Every command takes `--json`: standard output is then exactly one JSON object, and progress goes to standard error. A
command that did not do what it says ends with a code other than 0, and its error ends with the command to run next.
"""
WIDTH: Final = 120
EVERYWHERE: Final = frozenset({
    "help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks",
    "json",
})  # fmt: skip
"""What Django gives every command, and `--json`."""


def page() -> str:
    """The whole page. Imports every command."""
    commands = [(name, load_command_class(f"placet.{app_of(path)}", name)) for name, path in command_files().items()]
    lines = [HEAD]
    for group in (*GROUPS, *sorted({str(getattr(c, "group", "Other")) for _, c in commands} - set(GROUPS))):
        ours = [(n, c) for n, c in commands if isinstance(c, PlacetCommand) and c.group == group]
        lines += [f"## {group}\n"] if ours else []
        lines += [line for name, command in ours for line in _command(name, command)]
    return "\n".join(lines)


def app_of(path: Path) -> str:
    """The app whose `management/commands/` holds this file."""
    return path.parents[2].name


def _command(name: str, command: PlacetCommand) -> Iterator[str]:
    spoken = name.replace("_", "-")
    parser = command.create_parser("placet", name)
    yield f"### placet {spoken}\n"
    yield _wrapped(f"{command.help}.") + "\n"
    words = list(_words(parser))
    yield from [*words, ""] if words else []


def _words(parser: argparse.ArgumentParser, told: frozenset[str] = EVERYWHERE, indent: str = "") -> Iterator[str]:
    actions = parser._actions  # noqa: SLF001  argparse tells its arguments in no other way
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from _verbs(action, told | {other.dest for other in actions})
        elif action.dest not in told:
            yield _wrapped(f"{indent}- `{_shape(action)}` {action.help or ''}", f"{indent}  ")


def _verbs(action: "argparse._SubParsersAction[argparse.ArgumentParser]", told: frozenset[str]) -> Iterator[str]:
    helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
    for verb, parser in action.choices.items():
        yield _wrapped(f"- `{verb}` {helps.get(verb, '')}", "  ")
        yield from _words(parser, told, "  ")


def _shape(action: argparse.Action) -> str:
    name = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return name if action.nargs != "?" else f"[{name}]"
    if action.nargs == 0:
        return action.option_strings[-1]
    return f"{action.option_strings[-1]} {name}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text.rstrip(), WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
