"""The inbox as its page shows it: notices with the words for each, and a check that no number is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import current_log
from placet.likeness.events import ClipRemoved
from placet.notices.queries import Notice, last_number, notices_of
from placet.notices.texts import stage_text

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice, and what can be done about it."""

    notice: Notice
    text: str
    is_removed: bool
    is_mine: bool
    """The person asked for it themselves."""

    @property
    def can_be_removed(self) -> bool:
        """A blocked attempt has no bytes to take down."""
        return self.notice.stage != "blocked" and not self.is_removed


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of letters, newest first, and the number of the newest of all."""

    notices: tuple[NoticeView, ...]
    last: int

    @property
    def first(self) -> int:
        """The oldest number on this page."""
        return self.notices[-1].notice.number if self.notices else 0

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers that should be on this page and are not."""
        return missing([letter.notice.number for letter in self.notices])


def missing(numbers: Sequence[int]) -> tuple[int, ...]:
    """What lies between the lowest and the highest and is not there. Always empty, or something is very wrong."""
    return tuple(sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))) if numbers else ()


def inbox(person: str, below: int | None = None) -> Inbox:
    """A page of one person's notices, below a number or from the newest on."""
    gone = {
        f.generation for f in current_log().read(stream_name(ClipRemoved, person)).facts if isinstance(f, ClipRemoved)
    }
    letters = [
        NoticeView(notice, stage_text(notice.stage), notice.generation in gone, notice.requester == person)
        for notice in notices_of(person, A_PAGE, below)
    ]
    return Inbox(tuple(letters), last_number(person))
