"""Verification of a file with only the file and the trust anchors: no database, no network, no account."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from placet.media.errors import UnreadableMedia
from provenance.c2pa import readers
from provenance.c2pa.readers import Json
from provenance.verification.answer import (
    NOT_EVALUATED,
    EngineAnswer,
    IngredientAnswer,
    Integrity,
    Mark,
    Trust,
    Verification,
)
from provenance.watermark.embed import ALGORITHM, read_back


def verify(
    path: Path, anchors_pem: str, *, parent_rule: bool = True, watermark_key: bytes | None = None
) -> Verification:
    """Verifies a file with two engines; the result is good only if both agree.

    `parent_rule`: a remix is trusted only if all its ancestors are (the engines do not require that). With
    `watermark_key` the mark is read from the pictures too. Raises `OSError` if the file cannot be read, and nothing
    for any content.
    """
    data = path.read_bytes()
    kind = readers.kind_of(data)
    if kind is None:
        return _judged(data, (), {}, parent_rule=parent_rule, read=None if watermark_key else NOT_EVALUATED)
    first, report = readers.read_with_c2pa(data, kind, anchors_pem)
    engines = (first, readers.read_with_encypher(data, kind, anchors_pem))
    return _judged(data, engines, report, parent_rule=parent_rule, read=_mark_in(data, kind, watermark_key))


def _judged(
    data: bytes, engines: Sequence[EngineAnswer], report: Json, *, parent_rule: bool, read: str | None
) -> Verification:
    manifest = report.get("manifests", {}).get(report.get("active_manifest", ""), {})
    sources = tuple(readers.ingredients(report))
    integrity = _integrity(engines)
    mark = Mark(read, _named_mark(manifest))
    reasons = tuple(_reasons(engines, sources, mark, parent_rule=parent_rule))
    actions = _actions(manifest)
    return Verification(
        file_sha256=hashlib.sha256(data).hexdigest(),
        integrity=integrity,
        trust=_trust(engines, reasons) if integrity == "good" else NOT_EVALUATED,
        standing=NOT_EVALUATED,
        agree="engines_disagree" not in reasons,
        reasons=reasons,
        engines=tuple(engines),
        ingredients=sources,
        manifest_label=manifest.get("label"),
        signer=_signer(manifest),
        actions=tuple(str(one.get("action", "")) for one in actions),
        digital_source_type=next((one["digitalSourceType"] for one in actions if "digitalSourceType" in one), None),
        watermark=mark,
    )


def _integrity(engines: Iterable[EngineAnswer]) -> Integrity:
    found = {one.integrity for one in engines}
    if found == {"good"}:
        return "good"
    return "bad" if found & {"bad", "good"} else "none"


def _trust(engines: Iterable[EngineAnswer], reasons: Iterable[str]) -> Trust:
    found = {one.trust for one in engines}
    if found == {"trusted"}:
        return "untrusted" if "parent_not_trusted" in reasons else "trusted"
    return "untrusted" if "untrusted" in found else "not evaluated"


def _reasons(
    engines: Sequence[EngineAnswer], sources: Iterable[IngredientAnswer], mark: Mark, *, parent_rule: bool
) -> list[str]:
    reasons = sorted({code for one in engines for code in one.codes})
    if not _agree(engines):
        reasons.append("engines_disagree")
    if parent_rule and any(one.relationship == "parentOf" and not one.is_good for one in sources):
        reasons.append("parent_not_trusted")
    if mark.named and mark.read not in {NOT_EVALUATED, mark.named}:
        reasons.append("mark_differs")
    return reasons


def _agree(engines: Sequence[EngineAnswer]) -> bool:
    trusts = {one.trust for one in engines} - {"not evaluated"}
    return len({one.integrity for one in engines}) <= 1 and len(trusts) <= 1


def _actions(manifest: Json) -> list[dict[str, Any]]:
    found = [one for one in manifest.get("assertions", ()) if str(one.get("label")).startswith("c2pa.actions")]
    return [action for one in found for action in one.get("data", {}).get("actions", ())]


def _signer(manifest: Json) -> str | None:
    info = manifest.get("signature_info", {})
    return ", ".join(str(info[key]) for key in ("common_name", "issuer") if info.get(key)) or None


def _named_mark(manifest: Json) -> str | None:
    for one in manifest.get("assertions", ()):
        binding = one.get("data", {}) if one.get("label") == "c2pa.soft-binding" else {}
        if isinstance(binding, dict) and binding.get("alg") == ALGORITHM:
            return next((_hex(block.get("value", "")) for block in binding.get("blocks", ())), None)
    return None


def _hex(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).hex()
    except (binascii.Error, TypeError, ValueError):
        return None


def _mark_in(data: bytes, kind: str, key: bytes | None) -> str | None:
    if key is None or kind != "video/mp4":
        return NOT_EVALUATED
    try:
        detected = read_back(data, key)
    except UnreadableMedia:
        return None
    return f"{detected.payload:016x}" if detected else None
