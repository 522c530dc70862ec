"""The key that signs evidence: Ed25519 (RFC 8032), made on the machine that writes, never moved from it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tenants.problem import Problem, UserError
from tenants.writing import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A private key; its text is nowhere but in its file."""

    seed: bytes

    def __repr__(self) -> str:
        return "SigningKey(…)"

    @cached_property
    def public(self) -> str:
        """The public key, base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    @property
    def fingerprint(self) -> str:
        """What the key is called: see :func:`fingerprint`."""
        return fingerprint(self.public)

    def sign(self, data: bytes) -> str:
        """Give the signature, base64."""
        return base64.b64encode(self._key.sign(data)).decode()

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)


def fingerprint(public: str) -> str:
    """Give the first 16 hexadecimal digits of the SHA-256 of a public key's text."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def is_signed(public: str, data: bytes, signature: str) -> bool:
    """Tell whether a signature is the key's own, of exactly this data."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def obtain_key(file: Path) -> SigningKey:
    """Read the key of this machine; make it where there is none. The caller holds the lock of what it signs."""
    if not file.exists():
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        write_private(file, Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
    try:
        seed = bytes.fromhex(file.read_text(encoding="ascii"))
        if len(seed) != 32:
            raise ValueError
    except ValueError as error:
        hint = "Move it away: a new key begins a new ledger, and the old one can still be verified."
        what = "got no 32 bytes in hexadecimal, expected the key that signs evidence"
        raise UserError(Problem(what, hint, file)) from error
    return SigningKey(seed)
