"""Queries of the studio."""

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
    """Generations that show a person, descendants included, as of a position. Raises `ProjectionLagging`."""
    wait_until_applied(GENERATIONS.name, position)
    rows = GenerationLinkRow.objects.filter(kind="person", target=person)
    if requested_by is not None:
        rows = rows.filter(requested_by=requested_by)
        own = [str(g) for g in rows.values_list("generation", flat=True)]
        return sorted({*own, *_descendants(own)})
    return [str(g) for g in rows.values_list("generation", flat=True)]


def not_yet_revoked(person: str, position: int, requested_by: str | None = None) -> list[str]:
    """Generations that show a person and that she has not yet revoked, as of a position. Raises `ProjectionLagging`.

    A clip of several people may be revoked once by each of them.
    """
    rows = GenerationRow.objects.filter(generation__in=depicting(person, position, requested_by))
    return [
        str(generation)
        for generation, cameos, restrictions in rows.values_list("generation", "cameos", "restrictions")
        if cameos != [person] or REVOKED not in restrictions.values()
    ]


def involving(person: str, position: int) -> list[str]:
    """Generations that a person requested or that show them, as of a position. Raises `ProjectionLagging`."""
    depicted = depicting(person, position)
    requested = GenerationRow.objects.filter(requested_by=person).values_list("generation", flat=True)
    return sorted({*depicted, *(str(g) for g in requested)})


def with_descendants(generation: str, position: int) -> list[str]:
    """A generation and all that descends from it, as of a position. Raises `ProjectionLagging`."""
    wait_until_applied(GENERATIONS.name, position)
    return [generation, *_descendants([generation])]


def _descendants(generations: Iterable[str]) -> list[str]:
    rows = GenerationLinkRow.objects.filter(kind="ancestor", target__in=list(generations))
    return [str(g) for g in rows.values_list("generation", flat=True)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a clip may be shown now, and if not, why."""

    state: str
    requested_by: str
    sha256: str
    reasons: tuple[str, ...]
    excluded_territories: tuple[str, ...]
    """Territories in which the licence of its engine forbids to show it."""

    @property
    def is_visible(self) -> bool:
        """Published, and no restriction is open."""
        return self.state == "published" and not self.reasons


def standing(generation_id: str) -> Standing | None:
    """The standing of a clip, read from the log so that the lag of a projection never shows a revoked clip.

    A revocation or removal by a person shown counts from the moment it is acknowledged, before the cascade reaches
    this clip.
    """
    log = current_log()
    generation = Generation.replay(log.read(stream_of(generation_id)))
    if generation.request is None:
        return None
    reasons = {*generation.restrictions.values(), *_revoked(log, generation), *_removed(log, generation)}
    sha256 = generation.signed.sha256 if generation.signed else ""
    return Standing(
        generation.state,
        generation.required_request.requested_by,
        sha256,
        tuple(sorted(reasons)),
        generation.excluded_territories,
    )


def _revoked(log: EventLog, generation: Generation) -> set[str]:
    reasons = set()
    for stream, version in generation.read_versions.items():
        for event in log.read(stream, after=version) if stream.startswith("consent-") else ():
            match event.fact:
                case ConsentRevoked():
                    reasons.add(REVOKED)
                case GrantRevoked(to=requester) if requester == generation.required_request.requested_by:
                    reasons.add(REVOKED)
    return reasons


def _removed(log: EventLog, generation: Generation) -> set[str]:
    """The restriction of a person shown who has taken down this clip or an ancestor of it."""
    request = generation.required_request
    concerned = {request.generation, *request.ancestors}
    removals = log.read_many(stream_name(ClipRemoved, person) for person in request.cameos) if request.cameos else {}
    is_removed = any(fact.generation in concerned for stream in removals.values() for fact in stream.facts)
    return {"removed_by_person"} if is_removed else set()


def of_requester(person: str, limit: int = 50) -> list[GenerationRow]:
    """Generations of a requester, newest first."""
    return list(GenerationRow.objects.filter(requested_by=person).order_by("-requested_at")[:limit])


def row(generation_id: str) -> GenerationRow | None:
    """One generation from the read model."""
    return GenerationRow.objects.filter(Q(generation=generation_id)).first()


@dataclass(frozen=True, slots=True)
class GenerationWithPrompt:
    """A row with its prompt, decrypted from the log."""

    row: GenerationRow
    prompt: str


def with_prompts(rows: list[GenerationRow]) -> list[GenerationWithPrompt]:
    """The rows with their prompts."""
    streams = current_log().read_many(stream_of(str(r.generation)) for r in rows)
    return [GenerationWithPrompt(r, str(streams[stream_of(str(r.generation))].facts[0].prompt)) for r in rows]
