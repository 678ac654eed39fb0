"""Signing, the last step for a clip: any later change of the file breaks or loses the manifest."""

import hashlib
import io
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import c2pa

from placet.kernel.files import atomic_write
from provenance.c2pa.context import context
from provenance.c2pa.manifest import ClipClaims, definition, parent_ingredient
from provenance.pki.install_pki import ANCHORS, SIGNER, load_signer

_MP4: Final = "video/mp4"


class SigningFailed(Exception):
    """Nothing was written. The clip stays in quarantine, unchanged."""

    code = "signing_failed"
    hint = "Try again; if it happens twice, check the signer's certificate with `placet doctor`."


@dataclass(frozen=True)
class Signed:
    """The signed file's hash and size, its manifest's label and its manifest store's bytes."""

    sha256: str
    bytes_count: int
    manifest_label: str
    manifest: bytes


def sign_clip(source: Path, destination: Path, claims: ClipClaims, keys: Path, name: UUID | None = None) -> Signed:
    """Writes a signed and checked copy of `source` to `destination`, whole or not at all.

    `keys` is the folder of `make_install_pki`. Signing the same input twice gives different bytes. Raises
    `SigningFailed`.
    """
    label = f"urn:c2pa:{name or uuid4()}"
    try:
        signed, manifest = _sign(source.read_bytes(), claims, keys, label)
    except c2pa.C2paError as error:
        raise SigningFailed(f"Generation {claims.generation_id}: {error}") from error
    atomic_write(destination, bytes(signed))
    return Signed(hashlib.sha256(signed).hexdigest(), len(signed), label, manifest)


def _sign(clip: bytes, claims: ClipClaims, keys: Path, label: str) -> tuple[memoryview, bytes]:
    anchors = (keys / ANCHORS).read_text(encoding="ascii")
    signed = io.BytesIO()
    with c2pa.Builder(definition(claims, label), context(anchors)) as builder:
        if claims.parent:
            file = claims.parent.file
            data = io.BytesIO(file if isinstance(file, bytes) else file.read_bytes())
            builder.add_ingredient(parent_ingredient(claims.parent), _MP4, data)
        manifest = builder.sign(_signer(keys), _MP4, io.BytesIO(clip), signed)
    return signed.getbuffer(), manifest


def _signer(keys: Path) -> c2pa.Signer:
    return _signer_of(keys, (keys / f"{SIGNER}.key").stat().st_mtime_ns, os.getpid())


@lru_cache(maxsize=4)
def _signer_of(keys: Path, _written: int, _process: int) -> c2pa.Signer:
    return load_signer(keys)
