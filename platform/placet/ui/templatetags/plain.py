"""Template filter: codes as readable text."""

from django import template

register = template.Library()


@register.filter
def plain(code: object) -> str:
    """`names_a_fight` as "names a fight"."""
    return str(code).replace("_", " ")
