"""C2SP signed notes under Ed25519: text, an empty line, and one line per signature."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = b"\x01"
KEY_ID_BYTES: Final = 4
DASH: Final = "\u2014 "
MAX_CHARACTERS: Final = 1_000_000


class InvalidNote(ValueError):
    """Not a note, or not signed by this key."""


class InvalidKey(ValueError):
    """Not a verifier key: `<name>+<8 hex digits>+<base64>`, as `placet transparency-log key` prints it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and a public key: all that verification needs."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """C2SP's text form."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def opened(self, note: str) -> str:
        """The text of a note signed by this key; signatures of others are ignored. Raises `InvalidNote`."""
        text, lines = _parts(note)
        own = [found for line in lines if (found := self._own_signature(line)) is not None]
        if not own:
            raise InvalidNote(f"no signature by {self.name}")
        try:
            for signature in own:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            raise InvalidNote(f"the signature by {self.name} does not match the text") from None
        return text

    def _own_signature(self, line: str) -> bytes | None:
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        content = strict_base64(encoded)
        if name != self.name or content[:KEY_ID_BYTES] != self.key_id:
            return None
        return content[KEY_ID_BYTES:]


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and the seed of a private key (32 bytes)."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self._private().public_key().public_bytes_raw())

    def signed(self, text: str) -> str:
        """The note: text, empty line, signature line."""
        signature = self._private().sign(text.encode())
        return f"{text}\n{DASH}{self.name} {base64.b64encode(self.verifier.key_id + signature).decode()}\n"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def read_verifier(text: str) -> Verifier:
    """From C2SP's text form. Raises `InvalidKey`."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        content = strict_base64(encoded)
        found = Verifier(_valid_name(name), content[1:])
    except InvalidNote as invalid:
        raise InvalidKey(f"not a verifier key: {invalid}") from None
    if content[:1] != ED25519 or len(content) != 33 or found.key_id.hex() != key_id:
        raise InvalidKey("not a verifier key: its parts do not match")
    return found


def strict_base64(text: str) -> bytes:
    """Standard base64 in its one canonical form. Raises `InvalidNote`."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidNote("not base64") from None
    if base64.b64encode(content).decode() != text:
        raise InvalidNote("base64 with stray bits")
    return content


def _valid_name(name: str) -> str:
    if not name or "+" in name or any(c.isspace() for c in name):
        raise InvalidNote("a key's name has no spaces and no plus")
    return name


def _parts(note: str) -> tuple[str, list[str]]:
    """(text with its last newline, signature lines)."""
    if len(note) > MAX_CHARACTERS or any(ord(c) < 32 and c != "\n" for c in note):
        raise InvalidNote("not a note: too long, or with control characters")
    text, found, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not found or not text or lines[-1] or not all(line.startswith(DASH) for line in lines[:-1]) or len(lines) < 2:
        raise InvalidNote("not a note: text, an empty line, then signatures")
    return f"{text}\n", lines[:-1]
