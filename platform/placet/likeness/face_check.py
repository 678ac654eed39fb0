"""Which faces a clip shows, and whether each belongs to someone who assented to this clip. Pure but for distances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from placet.kernel.verdict import CheckOutcome
from placet.likeness import faces
from placet.likeness.events import FacesChecked
from placet.studio.events import GenerationRendered

ADVICE = "A picture without a face, or a likeness whose person has approved you."


@dataclass(slots=True)
class FaceFindings:
    """What was seen. Seconds are of the clip; distances to the nearest enrolled template."""

    strangers: list[dict[str, Any]] = field(default_factory=list)
    uncertain: list[dict[str, Any]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    """Enrolled persons who were seen and are not asked for."""
    faces_seen: int = 0
    frames_seen: int = 0
    nearest: float = 9.0


def compare_faces(
    looks: Sequence[tuple[float, Sequence[faces.Face]]], gallery: Mapping[str, faces.Template], assented: set[str]
) -> FaceFindings:
    """Compare every face of every frame with everyone enrolled. A face of someone in `assented` is no finding."""
    found = FaceFindings(frames_seen=len(looks))
    for second, seen in looks:
        for face in seen:
            found.faces_seen += 1
            _judge(found, second, face, gallery, assented)
    return found


def _judge(
    found: FaceFindings, second: float, face: faces.Face, gallery: Mapping[str, faces.Template], assented: set[str]
) -> None:
    person, distance = _nearest(face, gallery)
    found.nearest = min(found.nearest, distance)
    evidence = {"second": round(second, 3), "box": list(face.box), "distance": round(distance, 3)}
    if distance <= faces.MATCH_WITHIN and person in assented:
        return
    if distance <= faces.MATCH_WITHIN:
        found.matched.add(person)
        found.strangers.append(evidence)
    elif distance <= faces.REVIEW_WITHIN and person in assented:
        found.uncertain.append(evidence)
    else:
        found.strangers.append(evidence)


def _nearest(face: faces.Face, gallery: Mapping[str, faces.Template]) -> tuple[str, float]:
    distances = [
        (faces.compare(face, template), person) for person, template in gallery.items() if template.model == face.model
    ]
    distance, person = min(distances, default=(9.0, ""))
    return person, distance


def verdict(fact: GenerationRendered, found: FaceFindings) -> FacesChecked:
    """Any recognisable face without a consent record stops the clip; an uncertain one is a person's to decide."""
    features = {
        "faces": found.faces_seen,
        "frames": found.frames_seen,
        "nearest": round(found.nearest, 4),
        "match_within": faces.MATCH_WITHIN,
        "review_within": faces.REVIEW_WITHIN,
        "matched_persons": sorted(found.matched),
    }
    ground: dict[str, int] = {}
    versions = {"faces": faces.MODEL}
    if found.strangers:
        return FacesChecked(
            fact.generation, "faces", 1, "block", ground, code="face_without_consent",
            rule="every recognisable face needs its person's consent to this clip", evidence=tuple(found.strangers),
            claimant="the person whose face it is",
            what_would_pass=ADVICE,
            features=features, versions=versions,
        )  # fmt: skip
    outcome: CheckOutcome = "hold" if found.uncertain else "clear"
    return FacesChecked(
        fact.generation, "faces", 1, outcome, ground, code="face_uncertain" if found.uncertain else "",
        rule="a face is near a person's, but not near enough to be sure" if found.uncertain else "",
        evidence=tuple(found.uncertain), features=features, versions=versions,
    )  # fmt: skip
