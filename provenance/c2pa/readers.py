"""C2PA readers: two engines that share no code, c2pa-rs (through c2pa-python) and encypher-c2pa.

Both stay off the network. A file that an engine cannot read gives a result, not an exception: `bad` if it contains a
manifest, `none` if not.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

import c2pa
import encypher_c2pa

from provenance.c2pa.context import context
from provenance.verification.answer import EngineAnswer, IngredientAnswer, Integrity, Trust

Json = Mapping[str, Any]

_MANIFEST_STARTS: Final = (
    bytes.fromhex("d8fec3d61b0e483c92975828877ec481"),  # the box in an MP4
    b"c2pa" + bytes.fromhex("00110010800000aa00389b71"),  # the manifest store in any format
)
_KINDS: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}
_UNREADABLE: Final = "unreadable"
_MAX_DEPTH: Final = 64
_ENCYPHER_TRUST: Final[dict[str, Trust]] = {
    "valid_for_supplied_material": "trusted",
    "not_valid_for_supplied_material": "untrusted",
}


def kind_of(data: bytes) -> str | None:
    """The media type by the first bytes; None for a type without manifests here."""
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)


def read_with_c2pa(data: bytes, kind: str, anchors_pem: str) -> tuple[EngineAnswer, Json]:
    """The first engine's result, and its report of all manifests (empty without one)."""
    try:
        reader = c2pa.Reader.try_create(kind, io.BytesIO(data), None, context(anchors_pem))
        report: Json = json.loads(reader.json()) if reader else {}
    except (c2pa.C2paError, ValueError):
        return _answer("c2pa-python", _without_reading(data), "not evaluated", _unreadable(data)), {}
    if not report:
        return _answer("c2pa-python", "none", "not evaluated", ()), {}
    codes = failures(report.get("validation_results", {}))
    integrity, trust = judged(codes, is_trusted=_is_trusted(report.get("validation_results", {})))
    return _answer("c2pa-python", integrity, trust, codes), report


def read_with_encypher(data: bytes, kind: str, anchors_pem: str) -> EngineAnswer:
    """The second engine's result."""
    try:
        report = encypher_c2pa.verify(
            data, kind, trust_pem=anchors_pem, no_default_trust=True, telemetry=False, online=False
        )
    except (ValueError, RuntimeError, OSError):
        return _answer("encypher-c2pa", _without_reading(data), "not evaluated", _unreadable(data))
    if not report["present"]:
        return _answer("encypher-c2pa", "none", "not evaluated", ())
    codes = _codes(report["validation_results"].get("failure", ()))
    trust = _ENCYPHER_TRUST.get(report["trust"]["status"], "not evaluated")
    integrity, _ = judged(codes, is_trusted=True)
    broken = report["integrity"] != "valid" and not codes
    return _answer("encypher-c2pa", "bad" if broken else integrity, trust, codes)


def ingredients(report: Json, label: str | None = None, depth: int = 0) -> Iterator[IngredientAnswer]:
    """All ingredients of the active manifest, recursively, as each manifest recorded them."""
    manifests = report.get("manifests", {})
    manifest = manifests.get(label or report.get("active_manifest", ""), {})
    for one in manifest.get("ingredients", ()) if depth < _MAX_DEPTH else ():
        source = one.get("active_manifest")
        yield _ingredient(one, source)
        if source:
            yield from ingredients(report, source, depth + 1)


def failures(results: Json) -> tuple[str, ...]:
    """C2PA's failure codes of the manifest, and of its ingredients since it was signed."""
    deltas = results.get("ingredientDeltas") or ()
    own = (results.get("activeManifest") or {}).get("failure", ())
    return _codes([*own, *(code for delta in deltas for code in delta.get("validationDeltas", {}).get("failure", ()))])


def judged(codes: Iterable[str], *, is_trusted: bool) -> tuple[Integrity, Trust]:
    """Integrity from failures about the bytes, trust from failures about the signer."""
    about_signer = {code for code in codes if _is_about_the_signer(code)}
    integrity: Integrity = "good" if about_signer == set(codes) else "bad"
    if about_signer:
        return integrity, "untrusted"
    return integrity, "trusted" if is_trusted else "not evaluated"


def _ingredient(one: Json, source: str | None) -> IngredientAnswer:
    title, relationship = str(one.get("title", "")), str(one.get("relationship", ""))
    if not source:
        return IngredientAnswer(title, relationship, None, "none", "not evaluated", ())
    results = one.get("validation_results", {})
    codes = failures(results)
    integrity, trust = judged(codes, is_trusted=_is_trusted(results))
    return IngredientAnswer(title, relationship, source, integrity, trust, codes)


def _is_about_the_signer(code: str) -> bool:
    return code.startswith("signingCredential.") or code == "claimSignature.outsideValidity"


def _is_trusted(results: Json) -> bool:
    return "signingCredential.trusted" in _codes((results.get("activeManifest") or {}).get("success", ()))


def _codes(entries: Iterable[Json]) -> tuple[str, ...]:
    return tuple(sorted({str(entry.get("code", "")) for entry in entries}))


def _without_reading(data: bytes) -> Integrity:
    return "bad" if any(start in data for start in _MANIFEST_STARTS) else "none"


def _unreadable(data: bytes) -> tuple[str, ...]:
    return (_UNREADABLE,) if _without_reading(data) == "bad" else ()


def _answer(name: str, integrity: Integrity, trust: Trust, codes: tuple[str, ...]) -> EngineAnswer:
    return EngineAnswer(name, version(name), integrity, trust, codes)
