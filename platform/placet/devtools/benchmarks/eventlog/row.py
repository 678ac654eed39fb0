"""One line of a bench: ours beside the reference, from the same run."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is ours / reference. `judged`: the row that a goal speaks of. `control`: one that must fail."""

    case: str
    ours: float
    unit: str
    goal: str = ""
    reference: float | None = None
    reference_name: str = ""
    ratio: float | None = None
    judged: bool = False
    control: bool = False
    missed: int | None = None
    lost: int | None = None
    p95_ms: float | None = None
    cpu_ms_each: dict[str, float] | None = None
    """What one of them costs in CPU milliseconds, by part."""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Without what is not known."""
        return {k: v for k, v in asdict(self).items() if v is not None and v is not False and v != ""}


def median(values: list[float]) -> float:
    """The middle one."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def percentile(values: list[float], share_0_1: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share_0_1))] if ordered else 0.0
