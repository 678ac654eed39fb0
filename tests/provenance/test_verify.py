"""Tamper table: changes to a signed file, and the required results of both engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.c2pa.sign import sign_clip
from provenance.pki.install_pki import ANCHORS, make_install_pki
from provenance.verification.verify import verify
from tests.provenance.conftest import CLAIMS, MARK, MARK_KEY, Judge

C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def without_manifest(data: bytes) -> bytes:
    """The manifest's box replaced by free space, so that the index still finds the pictures."""
    start = data.index(C2PA_BOX) - 8
    length = int.from_bytes(data[start : start + 4])
    return data[: start + 4] + b"free" + bytes(length - 8) + data[start + length :]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "one bit of a picture": lambda data: flipped(data, data.rindex(b"mdat") + 5000),
    "one bit of the index": lambda data: flipped(data, data.index(b"moov") + 40),
    "one bit of what it claims": lambda data: flipped(data, data.index(b"algorithmicMedia")),
    "one bit of the consent": lambda data: flipped(data, data.index(b"cd" * 32)),
    "one bit of the signature": lambda data: flipped(data, data.index(b"c2pa.signature") + 200),
    "the last kilobyte cut off": lambda data: data[:-1000],
    "all but the first two kilobytes cut off": lambda data: data[:2000],
    "a box of media appended": lambda data: data + b"\x00\x00\x00\x0cmdatabcd",
}


@pytest.mark.promise("P1")
def test_a_signed_clip_is_good_to_both_engines(judge: Judge, signed: bytes) -> None:
    found = judge(signed)
    assert (found.integrity, found.trust, found.standing, found.agree) == ("good", "trusted", "not evaluated", True)
    assert [(one.name, one.integrity, one.trust) for one in found.engines] == [
        ("c2pa-python", "good", "trusted"),
        ("encypher-c2pa", "good", "trusted"),
    ]
    assert found.is_good
    assert found.reasons == ()
    assert found.signer is not None
    assert "Placet install claim signer" in found.signer


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_changed_file_is_bad_to_both_engines(judge: Judge, signed: bytes, change: Callable[[bytes], bytes]) -> None:
    found = judge(change(signed))
    assert (found.integrity, found.trust, found.agree) == ("bad", "not evaluated", True)
    assert [one.integrity for one in found.engines] == ["bad", "bad"]
    assert found.reasons


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"<html>clip.mp4</html>", b"#EXTM3U\nhttp://127.0.0.1/", bytes(100), b"\x00\x00\x00\x18ftypisom" * 9],
    ids=["empty", "a byte", "a page", "a playlist", "zeros", "many beginnings"],
)
def test_a_file_without_a_manifest_gets_a_result(judge: Judge, data: bytes) -> None:
    found = judge(data)
    assert (found.integrity, found.trust, found.agree) == ("none", "not evaluated", True)


def test_an_unsigned_and_a_stripped_clip_carry_nothing(judge: Judge, unsigned: Path, signed: bytes) -> None:
    for data in (unsigned.read_bytes(), without_manifest(signed)):
        assert judge(data).integrity == "none"
        assert not judge(data).is_good


def test_another_installs_anchors_do_not_trust_us(tmp_path: Path, signed: bytes) -> None:
    others = make_install_pki(tmp_path / "others").read_text(encoding="ascii")
    (tmp_path / "clip.mp4").write_bytes(signed)
    found = verify(tmp_path / "clip.mp4", others)
    assert (found.integrity, found.trust, found.agree) == ("good", "untrusted", True)


def test_a_remix_of_a_good_parent_is_trusted(judge: Judge, remix: Callable[[bytes], bytes], signed: bytes) -> None:
    found = judge(remix(signed))
    assert found.is_good
    assert [(one.relationship, one.is_good) for one in found.ingredients] == [("parentOf", True)]
    assert found.digital_source_type is not None
    assert found.digital_source_type.endswith("compositeSynthetic")


def test_a_remix_of_a_tampered_parent_is_not_trusted(
    judge: Judge, remix: Callable[[bytes], bytes], signed: bytes
) -> None:
    found = judge(remix(TAMPERED["one bit of a picture"](signed)))
    assert [one.trust for one in found.engines] == ["trusted", "trusted"]
    assert (found.integrity, found.trust, found.reasons) == ("good", "untrusted", ("parent_not_trusted",))


def test_a_tampered_grandparent_is_found(judge: Judge, remix: Callable[[bytes], bytes], signed: bytes) -> None:
    found = judge(remix(remix(TAMPERED["one bit of a picture"](signed))))
    assert found.trust == "untrusted"
    assert [one.integrity for one in found.ingredients] == ["good", "bad"]


def test_a_remix_of_an_unsigned_or_foreign_parent_is_untrusted(
    judge: Judge, remix: Callable[[bytes], bytes], unsigned: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    make_install_pki(stranger)
    sign_clip(unsigned, tmp_path / "strange.mp4", CLAIMS, stranger)
    for parent in (unsigned, tmp_path / "strange.mp4"):
        assert judge(remix(parent.read_bytes())).trust == "untrusted"


def test_without_the_parent_rule_the_engines_alone_decide(
    tmp_path: Path, keys: Path, remix: Callable[[bytes], bytes], unsigned: Path
) -> None:
    (tmp_path / "remix-of-unsigned.mp4").write_bytes(remix(unsigned.read_bytes()))
    anchors = (keys / ANCHORS).read_text(encoding="ascii")
    assert verify(tmp_path / "remix-of-unsigned.mp4", anchors, parent_rule=False).is_good


@pytest.mark.promise("P1")
def test_the_mark_survives_without_the_manifest(tmp_path: Path, anchors: str, signed: bytes) -> None:
    (tmp_path / "stripped.mp4").write_bytes(without_manifest(signed))
    found = verify(tmp_path / "stripped.mp4", anchors, watermark_key=MARK_KEY)
    assert found.integrity == "none"
    assert found.watermark.read == f"{MARK:016x}"
    assert found.watermark.named is None


def test_a_mark_that_differs_from_the_manifest_is_reported(tmp_path: Path, anchors: str, signed: bytes) -> None:
    (tmp_path / "signed.mp4").write_bytes(signed)
    assert verify(tmp_path / "signed.mp4", anchors, watermark_key=MARK_KEY).reasons == ()
    assert verify(tmp_path / "signed.mp4", anchors, watermark_key=b"another").reasons == ("mark_differs",)


def test_the_result_is_one_json_object_with_three_parts(judge: Judge, signed: bytes) -> None:
    result = judge(signed).to_json()
    assert (result["integrity"], result["trust"], result["standing"]) == ("good", "trusted", "not evaluated")
    assert result["watermark"] == {"read": "not evaluated", "named": f"{MARK:016x}"}
