"""Remix: an edit overrides what it names in the parent's prompt, and the rest stays."""

from dataclasses import replace

from generator.engines.scene.grammar import Part, SceneRequest


def over(base: SceneRequest, edit: SceneRequest) -> SceneRequest:
    """The base with the edit applied."""
    return SceneRequest(
        parts=_parts(base.parts, edit),
        loose=edit.loose.filled(base.loose),
        motion=edit.motion or base.motion,
        floor=edit.floor or base.floor,
        backdrop=edit.backdrop or base.backdrop,
        style=edit.style or base.style,
        unread=base.unread + tuple(word for word in edit.unread if word not in base.unread),
    )


def _parts(base: tuple[Part, ...], edit: SceneRequest) -> tuple[Part, ...]:
    if not edit.parts:
        return tuple(edit.loose.filled(part) for part in base)
    if not base:
        return edit.parts
    if edit.swapped:
        return tuple(edit.parts[0].filled(part) if part.shape in edit.swapped else part for part in base)
    if edit.adds:
        return base + edit.parts
    return _named(base, edit.parts)


def _named(base: tuple[Part, ...], named: tuple[Part, ...]) -> tuple[Part, ...]:
    """Changes parts that the base has in place; otherwise the named parts replace the base and inherit its looks."""
    by_shape = {part.shape: part for part in named}
    if by_shape.keys() <= {part.shape for part in base}:
        return tuple(by_shape.get(part.shape, part).filled(part) for part in base)
    looks = [replace(part, count=None) for part in base]
    return tuple(part.filled(looks[min(i, len(looks) - 1)]) for i, part in enumerate(named))
