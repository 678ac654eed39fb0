"""What the log refuses, and why. Each says what was kept (always: nothing was written) and what to do."""

from collections.abc import Mapping


class LogError(Exception):
    """Root of the log's own refusals."""


class WrongExpectedVersion(LogError):
    """The stream has moved since it was read. Nothing was written; read it again and decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}; nothing was written. Read again and retry.")
        self.stream, self.expected, self.actual = stream, expected, actual


class PreconditionFailed(LogError):
    """A stream that the decision rests on has moved. Nothing was written; look at the difference and decide again."""

    def __init__(self, moved: Mapping[str, tuple[int, int]]) -> None:
        difference = ", ".join(f"{s} from {given} to {now}" for s, (given, now) in sorted(moved.items()))
        super().__init__(f"the ground moved: {difference}; nothing was written")
        self.moved = dict(moved)


class Conflict(LogError):
    """Two writers met at commit. Nothing was written; retry the whole command."""


class MixedStream(LogError):
    """A fact of one room appended to a stream of another, or of another kind."""
