"""Sealing by a public key (HPKE, RFC 9180), whose private half exists only as shares (SLIP-39) in the hands of holders.

So a department that is added is sealed the same day without asking any holder, and nobody alone opens it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tenants.problem import Problem, UserError

_INFO = b"oneroof escrow 1"


@dataclass(frozen=True)
class Split:
    """A new escrow: the public half, and the shares of the private one, each a line of words."""

    public_key: bytes
    shares: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Split({len(self.shares)} shares)"


def split(shares: int, threshold: int) -> Split:
    """Make a key and split it; the whole of it is nowhere afterwards. Raises :class:`UserError` for senseless numbers."""
    from shamir_mnemonic import generate_mnemonics

    if not (2 <= threshold <= shares <= 16):
        what = f"got {threshold} of {shares} shares, expected at least 2 of them, and at most 16 in all"
        raise UserError(Problem(what, "With a threshold of 1, each share alone would open everything."))
    seed = secrets.token_bytes(32)
    (words,) = generate_mnemonics(1, [(threshold, shares)], seed)
    return Split(_private(seed).public_key().public_bytes_raw(), tuple(words))


def combine(words: Sequence[str]) -> X25519PrivateKey:
    """Give the private key; raise :class:`UserError` that says what is wrong with the shares, never one of their words."""
    from shamir_mnemonic import MnemonicError, combine_mnemonics
    from shamir_mnemonic.share import Share

    distinct = list(dict.fromkeys(" ".join(each.split()) for each in words))
    try:
        parsed = [Share.from_mnemonic(each) for each in distinct]
    except MnemonicError:
        raise UserError(Problem("a share is not as it was written: a word is wrong, missing or doubled")) from None
    if not parsed:
        raise UserError(Problem("got no share, expected as many as the escrow asks for"))
    if len({share.identifier for share in parsed}) > 1:
        raise UserError(
            Problem("these shares are of different splittings, expected those of one", "Shares of an older one are void.")
        )
    threshold = parsed[0].member_threshold
    if len({share.index for share in parsed}) < threshold:
        raise UserError(Problem(f"got {len(parsed)} different shares, expected {threshold}"))
    try:
        return _private(combine_mnemonics(distinct[:threshold]))
    except MnemonicError:
        raise UserError(Problem("these shares do not fit together")) from None


def seal(content: bytes, public_key: bytes) -> bytes:
    """Seal content, which only the private key opens."""
    return _suite().encrypt(content, X25519PublicKey.from_public_bytes(public_key), _INFO)


def unseal(sealed: bytes, private_key: X25519PrivateKey) -> bytes:
    """Open what was sealed; raise ``ValueError`` where it was damaged, or sealed for another key."""
    try:
        return _suite().decrypt(sealed, private_key, _INFO)
    except InvalidTag as error:
        raise ValueError("it was damaged, or sealed for other shares") from error


def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _private(seed: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(seed)
