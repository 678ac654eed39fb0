import io
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import c2pa
import pytest

from provenance.c2pa.context import context, settings
from provenance.c2pa.manifest import CONSENT, ClipClaims
from provenance.c2pa.sign import SigningFailed, sign_clip
from tests.provenance.conftest import CLAIMS

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def manifest_of(data: bytes, anchors: str) -> dict[str, Any]:
    reader = c2pa.Reader("video/mp4", io.BytesIO(data), context=context(anchors))
    report = json.loads(reader.json())
    found: dict[str, Any] = report["manifests"][report["active_manifest"]]
    return found


def assertions_of(data: bytes, anchors: str) -> dict[str, Any]:
    return {one["label"]: one for one in manifest_of(data, anchors)["assertions"]}


def test_a_manifest_records_how_the_clip_was_made(signed: bytes, anchors: str) -> None:
    actions = assertions_of(signed, anchors)["c2pa.actions.v2"]
    assert actions["created"]
    assert actions["data"]["allActionsIncluded"]
    assert [one["action"] for one in actions["data"]["actions"]] == ["c2pa.created", "c2pa.watermarked.bound"]
    assert actions["data"]["actions"][0]["digitalSourceType"] == SOURCE + "algorithmicMedia"
    assert manifest_of(signed, anchors)["claim_generator_info"][0]["specVersion"] == "2.4"


def test_a_remix_records_its_parent_and_the_edit(remix: Callable[[bytes], bytes], signed: bytes, anchors: str) -> None:
    made = remix(signed)
    opened, edited, marked = assertions_of(made, anchors)["c2pa.actions.v2"]["data"]["actions"]
    assert (opened["action"], edited["action"], marked["action"]) == (
        "c2pa.opened",
        "c2pa.edited",
        "c2pa.watermarked.bound",
    )
    assert "digitalSourceType" not in opened
    assert opened["parameters"]["ingredients"]
    assert edited["digitalSourceType"] == SOURCE + "compositeSynthetic"
    assert [one["relationship"] for one in manifest_of(made, anchors)["ingredients"]] == ["parentOf"]


@pytest.mark.parametrize(("is_renderer", "word"), [(False, "trainedAlgorithmicMedia"), (True, "algorithmicMedia")])
def test_a_renderer_is_not_called_a_trained_model(*, is_renderer: bool, word: str) -> None:
    assert replace(CLAIMS, is_renderer=is_renderer).digital_source_type == SOURCE + word


def test_the_manifest_forbids_training(signed: bytes, anchors: str) -> None:
    entries = assertions_of(signed, anchors)["cawg.training-mining"]["data"]["entries"]
    assert {one["use"] for one in entries.values()} == {"notAllowed"}


def test_consent_is_bound_by_hash_and_names_nobody(signed: bytes, anchors: str) -> None:
    consent = assertions_of(signed, anchors)[CONSENT]
    assert "created" not in consent
    assert consent["data"]["consent_sha256"] == ["cd" * 32]
    assert consent["data"]["opt_outs_version"] == 41


def test_the_manifest_has_the_returned_label(unsigned: Path, keys: Path, anchors: str, tmp_path: Path) -> None:
    done = sign_clip(unsigned, tmp_path / "a.mp4", CLAIMS, keys)
    data = (tmp_path / "a.mp4").read_bytes()
    assert manifest_of(data, anchors)["label"] == done.manifest_label
    assert done.bytes_count == len(data)
    assert done.manifest in data


@pytest.mark.promise("P1")
def test_a_failed_signature_leaves_no_file(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "page.mp4").write_bytes(b"<html>")
    with pytest.raises(SigningFailed, match=CLAIMS.generation_id):
        sign_clip(tmp_path / "page.mp4", tmp_path / "a.mp4", CLAIMS, keys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.mp4"]


def test_the_settings_that_matter_are_set() -> None:
    """c2pa ignores unknown keys silently, so these names are pinned."""
    found = settings("PEM")
    assert found["verify"]["remote_manifest_fetch"] is False
    assert found["verify"]["ocsp_fetch"] is False
    assert found["core"]["allowed_network_hosts"] == []


def _sign_in_a_child(arguments: tuple[Path, Path, ClipClaims, Path]) -> str:
    return sign_clip(*arguments).sha256


def test_a_forked_process_signs_with_engines_of_its_own(unsigned: Path, keys: Path, tmp_path: Path) -> None:
    sign_clip(unsigned, tmp_path / "parent.mp4", CLAIMS, keys)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        sha256 = pool.apply(_sign_in_a_child, ((unsigned, tmp_path / "child.mp4", CLAIMS, keys),))
    assert len(sha256) == 64
