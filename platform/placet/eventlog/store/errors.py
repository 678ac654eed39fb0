"""Errors of the log. After each of them nothing was written; the message says what to do."""

from collections.abc import Mapping


class LogError(Exception):
    """Root of the log's errors."""


class WrongExpectedVersion(LogError):
    """The stream has changed since it was read. Nothing was written; read it and decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}; nothing was written. Read again and retry.")
        self.stream, self.expected, self.actual = stream, expected, actual


class PreconditionFailed(LogError):
    """A stream that the decision rests on has changed. Nothing was written; read it and decide again."""

    def __init__(self, moved: Mapping[str, tuple[int, int]]) -> None:
        difference = ", ".join(f"{s} changed from version {read} to {now}" for s, (read, now) in sorted(moved.items()))
        super().__init__(f"precondition failed: {difference}; nothing was written")
        self.moved = dict(moved)


class Conflict(LogError):
    """Another writer was first. Nothing was written; retry the whole command."""


class MixedStream(LogError):
    """A fact was appended to a stream of another room or kind."""
