"""Base of every `placet` command: `--json`, a non-zero exit code on failure, an error with a hint."""

import json
import sys
from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandParser
from django.core.management.base import CommandError as DjangoCommandError
from rich.console import Console

from placet.runtime.install.earlier_release import InstallTooOld


class CommandFailed(DjangoCommandError):
    """What happened, and what to do next. Ends the command with exit code 1."""

    def __init__(self, message: str, hint: str, *, code: str = "failed") -> None:
        super().__init__(f"{message}\n  Next: {hint}")
        self.message = message
        self.hint = hint
        self.code = code


def failure_object(code: str, message: str, hint: str) -> dict[str, Any]:
    """What `--json` prints when a command fails."""
    return {"ok": False, "code": code, "message": message, "hint": hint}


class PlacetCommand(BaseCommand):
    """A command with output for people and a `--json` form of it.

    Override `arguments`, `answer` and perhaps `show`. Progress goes to `self.console` (stderr), so that under `--json`
    stdout stays one object. Called by `call_command`, it raises `CommandFailed`; from the command line it exits with 1.
    """

    group: ClassVar[str] = "Other"  # one of `cli.GROUPS`
    requires_system_checks: Any = []
    as_json: bool = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Usage lines name the command with hyphens, as it is typed."""
        return super().create_parser(prog_name, subcommand.replace("_", "-"), **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print exactly one JSON object")
        self.arguments(parser)

    def arguments(self, parser: ArgumentParser) -> None:
        """Arguments of this command beyond `--json`."""

    @abstractmethod
    def answer(self, **options: Any) -> Mapping[str, Any]:
        """Do the work and return one mapping. Raise `CommandFailed` to fail.

        An answer with `"ok": False` is shown and exits with 1. A long-running command calls `deliver` itself when it is
        ready, and returns an empty mapping at its end.
        """

    def show(self, answer: Mapping[str, Any]) -> None:
        """Output for people: one line per entry unless overridden."""
        for name, value in answer.items():
            self.stdout.write(f"{name}: {value}")

    @property
    def console(self) -> Console:
        return Console(stderr=True, highlight=False)

    def handle(self, **options: Any) -> None:
        self.as_json = bool(options["json"])
        try:
            answer = self._answer(**options)
        except CommandFailed as failure:
            if not getattr(self, "_called_from_command_line", False):
                raise
            self._report_failure(failure)
            sys.exit(1)
        if answer:
            self.deliver(answer)
        if answer.get("ok", True) is False:
            sys.exit(1)

    def _answer(self, **options: Any) -> Mapping[str, Any]:
        try:
            return self.answer(**options)
        except InstallTooOld as refused:
            raise CommandFailed(str(refused), refused.hint, code=refused.code) from None

    def deliver(self, answer: Mapping[str, Any]) -> None:
        """Print the answer in the requested form, now."""
        if self.as_json:
            self.stdout.write(json.dumps(answer, default=str, ensure_ascii=False))
        else:
            self.show(answer)
        self.stdout.flush()

    def _report_failure(self, failure: CommandFailed) -> None:
        if self.as_json:
            self.stdout.write(
                json.dumps(failure_object(failure.code, failure.message, failure.hint), ensure_ascii=False)
            )
        else:
            self.stderr.write(str(failure))
