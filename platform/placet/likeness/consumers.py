"""Consumers of the likeness room: enrolment, the consent check and the face check."""

import io
import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PIL import Image

from placet.eventlog.consumers.delivery import Delivery, UnitOfWork
from placet.eventlog.consumers.runner import consume
from placet.eventlog.encryption.vault import SubjectErased
from placet.eventlog.projections.freshness import wait_until_applied
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import RecordedEvent
from placet.likeness import events as e
from placet.likeness import face_check, face_templates, faces
from placet.likeness.consent import Consent, Objection, consent_of
from placet.likeness.projections import CONSENTS
from placet.media.blobs import Area
from placet.media.errors import BlobMissing, UnreadableMedia
from placet.media.sandbox_client import normalise_image, read_frames
from placet.media.storage import blobs, private
from placet.people.commands import following
from placet.people.events import FollowStarted
from placet.studio.events import GenerationRendered, GenerationRequested, RecheckRequested, attempt_for, is_cancelled

FRAMES_PER_SECOND: Final = 2.0
MAX_FRAMES: Final = 12
GALLERY: Final = face_templates.Gallery()


@consume(e.EnrolmentRequested, name="likeness.enrol", requires_models=True, batch_size=4)
def enrol(fact: e.EnrolmentRequested, delivery: Delivery) -> None:
    """An unusable portrait is refused with a code; any other failure is retried, then becomes a dead letter."""
    name = str(uuid.uuid5(uuid.UUID(delivery.event_id), "template"))
    try:
        picture = _pixels(normalise_image(private().open(fact.person, fact.portrait)))
        stored = face_templates.keep(private(), fact.person, faces.template_of(picture), name)
    except (BlobMissing, SubjectErased):
        if not private().vault.is_erased(fact.person):
            raise
        return
    except (faces.NoTemplate, UnreadableMedia) as refusal:
        stream = delivery.read(stream_name(e.EnrolmentRequested, fact.person))
        delivery.append(
            stream.name, [e.EnrolmentRefused(fact.person, refusal.code, str(refusal))], expected=stream.version
        )
        return
    consent = delivery.read(consent_of(fact.person))
    enrolled = e.LikenessEnrolled(fact.person, stored.name, stored.commitment, faces.MODEL)
    delivery.append(consent.name, [enrolled], expected=consent.version)


def _load_consents(events: Sequence[RecordedEvent], gathered: UnitOfWork) -> None:
    gathered.preload(event.stream for event in events if isinstance(event.fact, RecheckRequested))
    requests = [e.fact if isinstance(e.fact, GenerationRequested) else gathered.read(e.stream).facts[0] for e in events]
    gathered.preload(consent_of(person) for request in requests for person in request.cameos)


@consume(
    GenerationRequested, RecheckRequested, name="likeness.check_consent", never_skips=True, prefetch=_load_consents
)
def check_consent(fact: GenerationRequested | RecheckRequested, delivery: Delivery) -> None:
    """Never skips: without a verdict on consent the generation waits."""
    attempt = attempt_for(fact, "consent")
    if attempt is None:
        return
    request: GenerationRequested = delivery.request_of(fact)
    read_versions: dict[str, int] = {}
    objections = [o for person in request.cameos if (o := _objection(request, person, read_versions, delivery))]
    if request.unknown_likeness:
        objections.append(UNKNOWN_NAME)
    verdict = _cameo_verdict(request, attempt, read_versions, objections)
    delivery.answer(stream_name(e.ConsentChecked, fact.generation), verdict, attempt)


@consume(GenerationRendered, name="likeness.check_faces", requires_models=True, never_skips=True, batch_size=2)
def check_faces(fact: GenerationRendered, delivery: Delivery) -> None:
    """Never skips: a clip whose frames cannot be read is not cleared."""
    wait_until_applied(CONSENTS.name, delivery.event.position)
    facts = delivery.read(stream_name(GenerationRequested, fact.generation)).facts
    if is_cancelled(facts):
        return
    request: GenerationRequested = facts[0]
    frames = read_frames(
        blobs().read(fact.sha256, Area.QUARANTINE), max_frames=MAX_FRAMES, per_second=FRAMES_PER_SECOND
    )
    faces_by_frame = [(frame.second, faces.find_faces(frame.pixels)) for frame in frames]
    found = face_check.compare_faces(faces_by_frame, GALLERY.all(), set(request.cameos))
    delivery.append(stream_name(e.FacesChecked, fact.generation), [face_check.verdict(fact, found)], expected=0)


UNKNOWN_NAME: Final = Objection(
    "likeness_unknown", "no likeness of that name is enrolled", "Leave the likeness out, or invite the person to enrol."
)


def _objection(
    request: GenerationRequested, person: str, read_versions: dict[str, int], delivery: Delivery
) -> Objection | None:
    stream = delivery.read(consent_of(person))
    read_versions[stream.name] = stream.version
    consent = Consent.replay_cached(stream)
    are_mutuals = consent.level == "mutuals" and _are_mutuals(request.requested_by, person, read_versions, delivery)
    return consent.objection(request.requested_by, person, are_mutuals=are_mutuals)


def _are_mutuals(one: str, other: str, read_versions: dict[str, int], delivery: Delivery) -> bool:
    follows = [delivery.read(stream_name(FollowStarted, who)) for who in (one, other)]
    read_versions.update({stream.name: stream.version for stream in follows})
    return other in following(follows[0].facts) and one in following(follows[1].facts)


def _cameo_verdict(
    request: GenerationRequested, attempt: int, read_versions: dict[str, int], objections: list[Objection]
) -> e.ConsentChecked:
    common: dict[str, Any] = {"versions": {"consent": "1"}, "features": {"cameos": len(request.cameos)}}
    if not objections:
        return e.ConsentChecked(request.generation, "consent", attempt, "clear", read_versions, **common)
    first = objections[0]
    return e.ConsentChecked(
        request.generation, "consent", attempt, "block", read_versions, code=first.code, rule=first.rule,
        claimant="the person whose likeness it is", what_would_pass=first.what_would_pass, **common,
    )  # fmt: skip


def _pixels(png: bytes) -> faces.Picture:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))
