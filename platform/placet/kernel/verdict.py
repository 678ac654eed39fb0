"""Verdict: what a machine check found, with the same fields in every room."""

from dataclasses import dataclass, field
from typing import Any, Literal

from placet.kernel.ids import GenerationId

CheckOutcome = Literal["clear", "hold", "block"]
Check = Literal["policy", "consent", "prompt_rights", "quality", "faces", "output_rights"]


@dataclass(frozen=True)
class Verdict:
    """One check's result for one attempt at a generation.

    `read_versions`: stream -> version. `evidence`: spans as offsets into the prompt, or seconds into the clip, never
    the text. `features`: every value and threshold that was compared. `versions`: policies and models.
    """

    generation: GenerationId
    check: Check
    attempt: int
    outcome: CheckOutcome
    read_versions: dict[str, int] = field(default_factory=dict)
    code: str = ""
    rule: str = ""
    evidence: tuple[dict[str, Any], ...] = ()
    claimant: str = ""
    what_would_pass: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    is_zero_tolerance: bool = False
