"""Queries of the review queue."""

from moderation.models import CaseRow


def open_cases(*, include_zero_tolerance: bool = False, limit: int = 100) -> list[CaseRow]:
    """Open cases, oldest first. Zero-tolerance cases are not in the ordinary queue."""
    rows = CaseRow.objects.filter(decision="")
    if not include_zero_tolerance:
        rows = rows.filter(is_zero_tolerance=False)
    return list(rows.order_by("opened_at")[:limit])


def case(case_id: str) -> CaseRow | None:
    """One case."""
    return CaseRow.objects.filter(case=case_id).first()


def open_zero_tolerance_cases(limit: int = 100) -> list[CaseRow]:
    """Open zero-tolerance cases, oldest first: a queue of their own."""
    return list(CaseRow.objects.filter(decision="", is_zero_tolerance=True).order_by("opened_at")[:limit])


def next_case(after: str, reviewer: str) -> CaseRow | None:
    """The oldest open case that this reviewer may decide, other than `after`."""
    rows = (row for row in open_cases() if str(row.case) != after and reviewer not in row.excluded_reviewers)
    return next(rows, None)
