"""Named reads of the desk."""

from moderation.models import CaseRow


def open_cases(*, with_floor: bool = False, limit: int = 100) -> list[CaseRow]:
    """Cases that wait, oldest first. What touches the floor is kept out of the ordinary queue."""
    rows = CaseRow.objects.filter(decision="")
    if not with_floor:
        rows = rows.filter(is_floor=False)
    return list(rows.order_by("opened_at")[:limit])


def case(case_id: str) -> CaseRow | None:
    """One case."""
    return CaseRow.objects.filter(case=case_id).first()
