"""The face check: which faces a clip shows, and whether each belongs to a person who consents to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from placet.kernel.verdict import CheckOutcome
from placet.likeness import faces
from placet.likeness.events import FacesChecked
from placet.studio.events import GenerationRendered

SUGGESTION = "A picture without a face, or a likeness whose person has approved you."


@dataclass(slots=True)
class FaceFindings:
    """Findings in one clip. Seconds are of the clip; distances are to the nearest enrolled template."""

    strangers: list[dict[str, Any]] = field(default_factory=list)
    uncertain: list[dict[str, Any]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    """Enrolled people who are visible and not among the cameos."""
    faces_seen: int = 0
    frames_seen: int = 0
    nearest: float = 9.0


def compare_faces(
    faces_by_frame: Sequence[tuple[float, Sequence[faces.Face]]],
    gallery: Mapping[str, faces.Template],
    consenting: set[str],
) -> FaceFindings:
    """Compare every face of every frame with everyone enrolled. Faces of people in `consenting` are no finding."""
    found = FaceFindings(frames_seen=len(faces_by_frame))
    for second, visible in faces_by_frame:
        for face in visible:
            found.faces_seen += 1
            _judge(found, second, face, gallery, consenting)
    return found


def _judge(
    found: FaceFindings, second: float, face: faces.Face, gallery: Mapping[str, faces.Template], consenting: set[str]
) -> None:
    person, distance = _nearest(face, gallery)
    found.nearest = min(found.nearest, distance)
    evidence = {"second": round(second, 3), "box": list(face.box), "distance": round(distance, 3)}
    if distance <= faces.MATCH_WITHIN and person in consenting:
        return
    if distance <= faces.MATCH_WITHIN:
        found.matched.add(person)
        found.strangers.append(evidence)
    elif distance <= faces.REVIEW_WITHIN and person in consenting:
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
    """A recognisable face without consent blocks the clip; an uncertain one is held for a reviewer."""
    features = {
        "faces": found.faces_seen,
        "frames": found.frames_seen,
        "nearest": round(found.nearest, 4),
        "match_within": faces.MATCH_WITHIN,
        "review_within": faces.REVIEW_WITHIN,
        "matched_persons": sorted(found.matched),
    }
    read_versions: dict[str, int] = {}
    versions = {"faces": faces.MODEL}
    if found.strangers:
        return FacesChecked(
            fact.generation, "faces", 1, "block", read_versions, code="face_without_consent",
            rule="every recognisable face needs its person's consent to this clip", evidence=tuple(found.strangers),
            claimant="the person whose face it is",
            what_would_pass=SUGGESTION,
            features=features, versions=versions,
        )  # fmt: skip
    outcome: CheckOutcome = "hold" if found.uncertain else "clear"
    return FacesChecked(
        fact.generation, "faces", 1, outcome, read_versions, code="face_uncertain" if found.uncertain else "",
        rule="a face is near a person's, but not near enough to be sure" if found.uncertain else "",
        evidence=tuple(found.uncertain), features=features, versions=versions,
    )  # fmt: skip
