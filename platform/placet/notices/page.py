"""View model of the inbox: notices with their texts, and a check that no number is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import current_log
from placet.likeness.events import ClipRemoved
from placet.notices.queries import Notice, last_number, notices_of
from placet.notices.texts import stage_text

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice, and the actions that are possible."""

    notice: Notice
    text: str
    is_removed: bool
    is_mine: bool
    """The person is the requester."""

    @property
    def can_be_removed(self) -> bool:
        """A blocked attempt has no clip to take down."""
        return self.notice.stage != "blocked" and not self.is_removed


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of notices, newest first, and the number of the newest of all."""

    notices: tuple[NoticeView, ...]
    last: int

    @property
    def first(self) -> int:
        """The oldest number on this page."""
        return self.notices[-1].notice.number if self.notices else 0

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers that should be on this page and are not."""
        return missing([view.notice.number for view in self.notices])


def missing(numbers: Sequence[int]) -> tuple[int, ...]:
    """Numbers between the lowest and the highest that are absent. It must always be empty."""
    return tuple(sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))) if numbers else ()


def inbox(person: str, below: int | None = None) -> Inbox:
    """A page of one person's notices: the newest, or those below a number."""
    removed = {
        f.generation for f in current_log().read(stream_name(ClipRemoved, person)).facts if isinstance(f, ClipRemoved)
    }
    views = [
        NoticeView(notice, stage_text(notice.stage), notice.generation in removed, notice.requester == person)
        for notice in notices_of(person, PAGE_SIZE, below)
    ]
    return Inbox(tuple(views), last_number(person))
