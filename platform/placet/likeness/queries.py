"""Queries of the likeness room."""

from placet.likeness.models import LikenessRow, UseRow


def likeness_of(person: str) -> LikenessRow:
    """The current consent of a person; an empty row when they never enrolled."""
    return LikenessRow.objects.filter(person=person).first() or LikenessRow(person=person)


def enrolled() -> list[LikenessRow]:
    """Everyone with an enrolled likeness."""
    return list(LikenessRow.objects.filter(is_enrolled=True).order_by("person"))


def uses_of(person: str, limit: int = 200) -> list[UseRow]:
    """Uses of a person's likeness, newest first."""
    return list(UseRow.objects.filter(person=person).order_by("-number")[:limit])
