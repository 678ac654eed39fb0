"""Every `placet …` in a message, docstring or page is a command that exists, with options that it takes."""

import ast
import re
import shlex
from argparse import ArgumentParser
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class

from placet.cli.main import command_files
from placet.devtools.docgen.commands import app_of
from placet.runtime.supervisor.process_table import CARRIERS, ROLES
from tests.architecture.test_docs import ROOMS_OUTSIDE, ROOT, sources

NAMED = re.compile(r"`placet ([^`]+)`")
DJANGO = {"migrate", "makemigrations", "spectacular", "check", "shell"}
PAST = ("CHANGELOG.md", "docs/adr/")
"""Pages about earlier releases, in their words."""


def named_commands() -> list[tuple[str, str]]:
    """(file, command without `placet`), in product strings and in pages."""
    found = []
    for path in sources(".py", ".md"):
        name = str(path.relative_to(ROOT))
        if path.suffix == ".md" and not name.startswith(PAST):
            found += [(name, words) for words in NAMED.findall(path.read_text())]
        elif path.suffix == ".py" and name.split("/", maxsplit=1)[0] in {"platform", *ROOMS_OUTSIDE}:
            found += [(name, words) for text in _strings(path) for words in NAMED.findall(text)]
    return found


def _strings(path: Path) -> list[str]:
    """The string constants of a module; a value in an f-string is `X`."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return texts


@cache
def parser_of(command: str) -> ArgumentParser:
    path = command_files()[command]
    parser: Any = load_command_class(f"placet.{app_of(path)}", command).create_parser("placet", command)
    return parser  # type: ignore[no-any-return]  # Django types it as its own subclass


def wrong(words: str) -> str:
    """Why there is no such command; empty when there is. Only names, verbs and options are compared."""
    command, *rest = shlex.split(words.replace("…", "").replace("\n", " "))
    if command.startswith("<") or command in DJANGO:
        return ""
    if command.replace("-", "_") not in command_files():
        return f"no command {command!r}"
    return _wrong_words(parser_of(command.replace("-", "_")), rest)


def _wrong_words(parser: ArgumentParser, words: list[str]) -> str:
    options = {option for action in parser._actions for option in action.option_strings}
    positionals = [action for action in parser._actions if not action.option_strings]
    verbs = next((action.choices for action in positionals if isinstance(action.choices, dict)), None)
    for at, word in enumerate(words):
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                return f"no option {word!r}"
        elif verbs is not None:
            return _wrong_words(verbs[word], words[at + 1 :]) if word in verbs else _no_verb(word)
        elif at == 0 and word.islower() and positionals and positionals[0].dest == "role":
            return _no_role(word)
    return ""


def _no_verb(word: str) -> str:
    return "" if re.fullmatch(r"[A-Z<.].*", word) else f"no verb {word!r}"


def _no_role(word: str) -> str:
    return "" if word in {*ROLES, *CARRIERS} or word.startswith("<") else f"no role {word!r}"


def test_every_command_that_is_named_exists() -> None:
    named = named_commands()
    assert len(named) > 50
    assert [f"{file}: `placet {words}`: {why}" for file, words in named if (why := wrong(words))] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("statsu", "no command 'statsu'"),
        ("status --wacth", "no option '--wacth'"),
        ("likeness enroll FILE", "no verb 'enroll'"),
        ("likeness enrol FILE --quick", "no option '--quick'"),
        ("serve nobody", "no role 'nobody'"),
    ],
)
def test_a_planted_mistake_is_found(words: str, why: str) -> None:
    assert wrong(words) == why


def test_a_correct_command_passes() -> None:
    assert wrong("likeness enrol portrait.jpg --as Ana --json") == ""
