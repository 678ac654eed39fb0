"""Named reads of the review queue."""

from moderation.models import CaseRow


def open_cases(*, include_zero_tolerance: bool = False, limit: int = 100) -> list[CaseRow]:
    """Cases that wait, oldest first. What touches the floor is kept out of the ordinary queue."""
    rows = CaseRow.objects.filter(decision="")
    if not include_zero_tolerance:
        rows = rows.filter(is_zero_tolerance=False)
    return list(rows.order_by("opened_at")[:limit])


def case(case_id: str) -> CaseRow | None:
    """One case."""
    return CaseRow.objects.filter(case=case_id).first()


def open_zero_tolerance_cases(limit: int = 100) -> list[CaseRow]:
    """Cases that touch the floor and wait, oldest first: a queue of its own."""
    return list(CaseRow.objects.filter(decision="", is_zero_tolerance=True).order_by("opened_at")[:limit])


def next_case(after: str, reviewer: str) -> CaseRow | None:
    """The oldest open case that this reviewer may decide, other than the one before them."""
    rows = (row for row in open_cases() if str(row.case) != after and reviewer not in row.excluded_reviewers)
    return next(rows, None)
