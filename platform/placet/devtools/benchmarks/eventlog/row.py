"""One line of a benchmark: ours and the reference, from the same run."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is ours / reference. `judged`: a row with a goal. `control`: a row that must fail."""

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
    """CPU milliseconds of one item, by part."""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Without empty fields."""
        return {k: v for k, v in asdict(self).items() if v is not None and v is not False and v != ""}


def median(values: list[float]) -> float:
    """The middle value; the upper one of an even number."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def percentile(values: list[float], share_0_1: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share_0_1))] if ordered else 0.0
