"""Named reads of the studio."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from placet.eventlog.projections.freshness import wait_until_applied
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog, current_log
from placet.likeness.events import ClipRemoved, ConsentRevoked, GrantRevoked
from placet.studio.generation import Generation, stream_of
from placet.studio.models import GenerationLinkRow, GenerationRow
from placet.studio.projections import GENERATIONS

REVOKED: Final = "consent_revoked"
HAS_BYTES: Final = frozenset({"draft", "published"})


def depicting(person: str, position: int, requested_by: str | None = None) -> list[str]:
    """Generations that show a person, descendants included, as of a position. Raises `Behind`."""
    wait_until_applied(GENERATIONS.name, position)
    rows = GenerationLinkRow.objects.filter(kind="person", target=person)
    if requested_by is not None:
        rows = rows.filter(requested_by=requested_by)
        own = [str(g) for g in rows.values_list("generation", flat=True)]
        return sorted({*own, *_descendants(own)})
    return [str(g) for g in rows.values_list("generation", flat=True)]


def not_yet_revoked(person: str, position: int, requested_by: str | None = None) -> list[str]:
    """Generations that show a person and do not stand withdrawn by her alone, as of a position. Raises `Behind`.

    Where two persons are shown, each withdraws for herself.
    """
    rows = GenerationRow.objects.filter(generation__in=depicting(person, position, requested_by))
    return [
        str(generation)
        for generation, cameos, restrictions in rows.values_list("generation", "cameos", "restrictions")
        if cameos != [person] or REVOKED not in restrictions.values()
    ]


def involving(person: str, position: int) -> list[str]:
    """Generations that a person asked for or that show them, as of a position. Raises `Behind`."""
    shown = depicting(person, position)
    asked = GenerationRow.objects.filter(requested_by=person).values_list("generation", flat=True)
    return sorted({*shown, *(str(g) for g in asked)})


def with_descendants(generation: str, position: int) -> list[str]:
    """A generation and all that descends from it, as of a position. Raises `Behind`."""
    wait_until_applied(GENERATIONS.name, position)
    return [generation, *_descendants([generation])]


def _descendants(generations: Iterable[str]) -> list[str]:
    rows = GenerationLinkRow.objects.filter(kind="ancestor", target__in=list(generations))
    return [str(g) for g in rows.values_list("generation", flat=True)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a clip may be shown now, and why not."""

    state: str
    requested_by: str
    sha256: str
    reasons: tuple[str, ...]
    excluded_territories: tuple[str, ...]
    """Territories in which its maker's licence does not let it be shown."""

    @property
    def is_visible(self) -> bool:
        """Published, and nothing stands against it."""
        return self.state == "published" and not self.reasons


def standing(generation_id: str) -> Standing | None:
    """The standing of a clip from the log itself, so that no projection's lag can show what was withdrawn.

    Besides its own open reasons, what anyone it shows has withdrawn or removed counts from the moment it is
    acknowledged, before the cascade has reached this clip.
    """
    log = current_log()
    generation = Generation.replay(log.read(stream_of(generation_id)))
    if generation.request is None:
        return None
    reasons = {*generation.restrictions.values(), *_revoked(log, generation), *_removed(log, generation)}
    sha256 = generation.signed.sha256 if generation.signed else ""
    return Standing(
        generation.state, generation.asked.requested_by, sha256, tuple(sorted(reasons)), generation.excluded_territories
    )


def _revoked(log: EventLog, generation: Generation) -> set[str]:
    withdrawn = set()
    for stream, version in generation.read_versions.items():
        for event in log.read(stream, after=version) if stream.startswith("consent-") else ():
            match event.fact:
                case ConsentRevoked():
                    withdrawn.add(REVOKED)
                case GrantRevoked(to=requester) if requester == generation.asked.requested_by:
                    withdrawn.add(REVOKED)
    return withdrawn


def _removed(log: EventLog, generation: Generation) -> set[str]:
    """Whether a person shown has taken this clip, or one that it was made from, out of sight."""
    asked = generation.asked
    concerned = {asked.generation, *asked.ancestors}
    removals = log.read_many(stream_name(ClipRemoved, person) for person in asked.cameos) if asked.cameos else {}
    gone = any(fact.generation in concerned for stream in removals.values() for fact in stream.facts)
    return {"removed_by_person"} if gone else set()


def of_requester(person: str, limit: int = 50) -> list[GenerationRow]:
    """What somebody asked for, newest first."""
    return list(GenerationRow.objects.filter(requested_by=person).order_by("-requested_at")[:limit])


def row(generation_id: str) -> GenerationRow | None:
    """One generation as it stands in the read model."""
    return GenerationRow.objects.filter(Q(generation=generation_id)).first()


@dataclass(frozen=True, slots=True)
class GenerationWithPrompt:
    """A row with the prompt that it began with, opened from the log."""

    row: GenerationRow
    prompt: str


def with_prompts(rows: list[GenerationRow]) -> list[GenerationWithPrompt]:
    """The rows with their prompts."""
    streams = current_log().read_many(stream_of(str(r.generation)) for r in rows)
    return [GenerationWithPrompt(r, str(streams[stream_of(str(r.generation))].facts[0].prompt)) for r in rows]
