"""Signing consumer: the last step that changes the bytes. No draft exists before two engines verify it as good."""

import hashlib
import hmac
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from django.conf import settings

from moderation.events import PolicyChecked
from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.consumers.runner import consume
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import Stream
from placet.media.blobs import Area
from placet.media.storage import blobs
from placet.studio import events as studio
from provenance.c2pa.manifest import ClipClaims, Parent
from provenance.c2pa.sign import Signed, sign_clip
from provenance.events import ClipSigned
from provenance.pki.install_pki import ANCHORS
from provenance.verification.verify import verify

TITLE: Final = "Made with Placet"


class NotVerified(RuntimeError):
    """The engines do not verify the newly signed file as good: it is not kept, and no draft exists."""


@consume(studio.OutputApproved, name="provenance.sign_clip", never_skips=True, batch_size=1)
def sign(fact: studio.OutputApproved, delivery: Delivery) -> None:
    """Retries until signed and verified, else there is no draft. A retry gives other bytes; the first event counts."""
    generation = delivery.read(stream_name(studio.GenerationRequested, fact.generation))
    if studio.is_cancelled(generation.facts):
        return
    made = next(f for f in reversed(generation.facts) if isinstance(f, studio.GenerationRendered))
    with tempfile.TemporaryDirectory(dir=blobs().root, prefix=".sign-") as folder:
        place = Path(folder) / "clip.mp4"
        source = blobs().path(made.sha256, Area.QUARANTINE)
        signed = sign_clip(source, place, _claims(generation, made, delivery), keys())
        engines = _verified(place)
        failpoint("sign.verified")
        blobs().put_file(place, Area.RELEASED)
        failpoint("sign.released")
    stream = delivery.read(stream_name(ClipSigned, fact.generation))
    delivery.append(stream.name, [_fact(fact, made, signed, engines)], expected=stream.version)


def keys() -> Path:
    """The folder of this install's signing keys and anchors."""
    return Path(settings.PLACET_DATA_DIR) / "keys" / "pki"


def _verified(place: Path) -> dict[str, str]:
    """Both engines' versions. Raises `NotVerified` unless both verify the file as good and trusted."""
    answer = verify(place, (keys() / ANCHORS).read_text())
    if not (answer.integrity == "good" and answer.trust == "trusted" and answer.agree):
        raise NotVerified(f"integrity {answer.integrity}, trust {answer.trust}, engines agree: {answer.agree}")
    return {engine.name: engine.version for engine in answer.engines}


def _claims(generation: Stream, made: studio.GenerationRendered, delivery: Delivery) -> ClipClaims:
    request: studio.GenerationRequested = generation.facts[0]
    approved = next(f for f in reversed(generation.facts) if isinstance(f, studio.GenerationApproved))
    engine = made.recipe.get("engine", {})
    return ClipClaims(
        generation_id=request.generation,
        title=TITLE,
        engine_name=str(engine.get("name", request.engine)),
        engine_version=str(engine.get("version", "1")),
        is_renderer="renderer" in str(engine.get("label", "")),
        policy_version=_policy_version(request.generation, delivery),
        prompt_sha256=_salted(request.generation, str(request.prompt)),
        opt_outs_version=approved.read_versions.get("opt-out-registry", 0),
        watermark=int(made.watermark, 16),
        placet_version=version("placet"),
        consents=tuple(
            _consent_evidence(s, v, delivery) for s, v in approved.read_versions.items() if s.startswith("consent-")
        ),
        parent=_parent(request, delivery),
    )


def _parent(request: studio.GenerationRequested, delivery: Delivery) -> Parent | None:
    """The signed file of a remix's parent."""
    if request.parent is None:
        return None
    facts = delivery.read(stream_name(studio.GenerationRequested, request.parent)).facts
    signed = next(f for f in reversed(facts) if isinstance(f, studio.GenerationSigned))
    return Parent(TITLE, blobs().path(signed.sha256, Area.RELEASED))


def _consent_evidence(stream: str, at: int, delivery: Delivery) -> str:
    """A hash over the digest of the consent event that the clip relies on: it names nobody and can be proved."""
    events = [event for event in delivery.read(stream) if event.version <= at]
    head = bytes(events[-1].digest).hex() if events else ""
    return hashlib.sha256(f"{stream}:{at}:{head}".encode()).hexdigest()


def _policy_version(generation: str, delivery: Delivery) -> str:
    facts = delivery.read(stream_name(PolicyChecked, generation)).facts
    return str(facts[-1].versions.get("policy", "")) if facts else ""


def _salted(generation: str, prompt: str) -> str:
    """Keyed with a secret of the install, so that a short prompt cannot be guessed from its hash."""
    secret = (Path(settings.PLACET_DATA_DIR) / "keys" / "watermark.key").read_bytes()
    return hmac.new(secret, f"prompt|{generation}|{prompt}".encode(), "sha256").hexdigest()


def _fact(
    fact: studio.OutputApproved, made: studio.GenerationRendered, signed: Signed, engines: dict[str, str]
) -> ClipSigned:
    return ClipSigned(fact.generation, made.sha256, signed.sha256, signed.manifest_label, engines)
