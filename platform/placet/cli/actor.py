"""Commands with an actor: the actor, the running install, and refusals reported with a hint."""

import uuid
from abc import abstractmethod
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings

from placet.cli.command import CommandFailed, PlacetCommand
from placet.cli.remediation import HINTS
from placet.eventlog.polling import Tick, WaitTimedOut, pause
from placet.eventlog.store.codec import NotStorable
from placet.eventlog.store.log import EventLog, current_log
from placet.kernel import ids
from placet.kernel.refusal import Refusal
from placet.media.errors import MediaError
from placet.people.authorization import require_permission, transient_account
from placet.people.models import Account
from placet.people.queries import Person, find_by_name
from placet.runtime.supervisor.attach import attach_to
from placet.runtime.supervisor.ensure_running import ensure_running
from placet.runtime.supervisor.state import SupervisorState
from placet.runtime.supervisor.supervisor import NotStarted

WAIT_SECONDS = 300.0


class ActingCommand(PlacetCommand):
    """A command that one person gives, run in this process on the database of the running install.

    Override `arguments` and `act`. `tick` is for tests: it runs the flow in place of the processes.
    """

    acts_as: ClassVar[str] = "Ben"
    needs: ClassVar[str] = "health.view"
    """The permission that the actor needs, by its name in `people/permissions.py`."""
    stealth_options = ("tick",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as", dest="actor", default=self.acts_as, metavar="NAME", help=_as_help(self.acts_as))

    def verb(self, verbs: Any, name: str, text: str) -> ArgumentParser:
        """One verb of a command that has several; `--json` and `--as` may follow it."""
        parser: ArgumentParser = verbs.add_parser(name, help=text, description=text)
        parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print exactly one JSON object")
        parser.add_argument("--as", dest="actor", default=SUPPRESS, metavar="NAME", help=_as_help(self.acts_as))
        return parser

    @abstractmethod
    def act(self, actor: Person, **options: Any) -> Mapping[str, Any]:
        """Do the work. May raise any `Refusal`; it is reported with its hint."""

    @property
    def log(self) -> EventLog:
        return current_log()

    def answer(self, **options: Any) -> Mapping[str, Any]:
        tick: Tick | None = options.pop("tick", None)
        with map_errors(), nullcontext() if tick else running_install():
            self.tick: Tick = tick or pause
            actor = find_by_name(options.pop("actor"))
            self.account: Account = transient_account(actor)
            require_permission(self.account, self.needs)
            return self.act(actor, **options)


@contextmanager
def running_install() -> Iterator[SupervisorState]:
    """Yields the running install, or starts one for the time of this context; this process uses its database."""
    home = Path(settings.PLACET_DATA_DIR)
    with ensure_running(home) as state:
        attach_to(home, state)
        yield state


@contextmanager
def map_errors() -> Iterator[None]:
    """Turns refusals and other expected errors into `CommandFailed` with a hint."""
    try:
        yield
    except (Refusal, MediaError) as refusal:
        raise CommandFailed(refusal.message, HINTS.get(refusal.code, refusal.hint), code=refusal.code) from None
    except NotStorable as refusal:
        raise CommandFailed(str(refusal), "send valid Unicode text", code="not_storable") from None
    except WaitTimedOut:
        message = "Timed out; it continues in the background."
        raise CommandFailed(message, "placet status", code="still_waiting") from None
    except NotStarted as refusal:
        raise CommandFailed(str(refusal), "placet doctor", code="not_started") from None


def command_id() -> str:
    """A fresh id: each call is a new command."""
    return str(uuid.uuid4())


def parse_uuid(text: str, what: str, hint: str) -> str:
    """A well-formed id. Raises `CommandFailed`; `hint` is the command that lists the right ones."""
    try:
        return ids.parse_uuid(text)
    except ids.MalformedId as malformed:
        raise CommandFailed(f"{text!r} is not the id of a {what}.", hint, code=malformed.code) from None


def read_file(path: str) -> bytes:
    """The bytes of a file. Raises `CommandFailed`."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandFailed(f"{path} cannot be read: {reason}.", f"ls -l {path}", code="file_unreadable") from None


def _as_help(default: str) -> str:
    return f"user to act as, by name (default {default})"
