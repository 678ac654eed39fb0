"""C2PA manifest of a clip, before signing. It is public for ever, so it holds hashes and never names."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from provenance.watermark.embed import ALGORITHM

SPEC_VERSION: Final = "2.4"
CONSENT: Final = "org.placet.consent"
_SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_PARENT: Final = "parent"
_NOT_TO_BE_MINED: Final = (
    "cawg.ai_generative_training",
    "cawg.ai_inference",
    "cawg.ai_training",
    "cawg.data_mining",
)


@dataclass(frozen=True)
class Parent:
    """The parent of a remix: its signed file, as a path or as bytes."""

    title: str
    file: Path | bytes


@dataclass(frozen=True)
class ClipClaims:
    """Everything that a clip claims about its origin. All `sha256` are hex; the prompt's is salted.

    `is_renderer`: drawn by rules, not by a trained model. `consents`: one hash of the consent evidence per person
    shown. `opt_outs_version`: the checked version of the opt-outs. `watermark`: the 64-bit payload in the pictures.
    """

    generation_id: str
    title: str
    engine_name: str
    engine_version: str
    is_renderer: bool
    policy_version: str
    prompt_sha256: str
    opt_outs_version: int
    watermark: int
    placet_version: str
    consents: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    parent: Parent | None = None

    @property
    def digital_source_type(self) -> str:
        """IPTC's digital source type."""
        if self.parent:
            return _SOURCE + ("compositeSynthetic" if self.is_renderer else "compositeWithTrainedAlgorithmicMedia")
        return _SOURCE + ("algorithmicMedia" if self.is_renderer else "trainedAlgorithmicMedia")


def definition(claims: ClipClaims, label: str) -> dict[str, Any]:
    """The manifest for c2pa's builder, with this `label` (`urn:c2pa:<uuid>`); the parent is added separately."""
    return {
        "label": label,
        "claim_version": 2,
        "claim_generator_info": [
            {"name": "Placet", "version": claims.placet_version, "specVersion": SPEC_VERSION},
        ],
        "title": claims.title,
        "format": "video/mp4",
        "assertions": [_actions(claims), _soft_binding(claims.watermark), _training_mining(), _consent(claims)],
    }


def parent_ingredient(parent: Parent) -> dict[str, str]:
    return {"title": parent.title, "format": "video/mp4", "relationship": "parentOf", "label": _PARENT}


def watermark_value(payload: int) -> str:
    """The payload in a soft binding: base64 of its eight bytes."""
    return base64.b64encode(payload.to_bytes(8, "big")).decode("ascii")


def _actions(claims: ClipClaims) -> dict[str, Any]:
    agent = {"name": claims.engine_name, "version": claims.engine_version}
    made = {"digitalSourceType": claims.digital_source_type, "softwareAgent": agent}
    if claims.parent:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PARENT]}}
        actions: list[dict[str, Any]] = [opened, {"action": "c2pa.edited", **made}]
    else:
        actions = [{"action": "c2pa.created", **made}]
    actions.append({"action": "c2pa.watermarked.bound"})
    return {"label": "c2pa.actions.v2", "created": True, "data": {"actions": actions, "allActionsIncluded": True}}


def _soft_binding(payload: int) -> dict[str, Any]:
    blocks = [{"scope": {}, "value": watermark_value(payload)}]
    return {"label": "c2pa.soft-binding", "created": True, "data": {"alg": ALGORITHM, "blocks": blocks}}


def _training_mining() -> dict[str, Any]:
    entries = {name: {"use": "notAllowed"} for name in _NOT_TO_BE_MINED}
    return {"label": "cawg.training-mining", "data": {"entries": entries}}


def _consent(claims: ClipClaims) -> dict[str, Any]:
    data = {
        "generation": claims.generation_id,
        "consent_sha256": sorted(claims.consents),
        "opt_outs_version": claims.opt_outs_version,
        "policy_version": claims.policy_version,
        "prompt_sha256": claims.prompt_sha256,
        "models": dict(claims.models),
    }
    return {"label": CONSENT, "data": data}
