"""Functions, byte orders and clocks that every chapter uses (chapter "Conventions")."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

LIFE = 86_400  # seconds
MS = 1_000  # the monotonic clock counts milliseconds, wall time whole seconds
LIFE_MS = LIFE * MS
SKEW_IP = 300


def le(value: int, size: int) -> bytes:
    """Every integer of more than one byte is little endian (CON-3)."""
    return value.to_bytes(size, "little")


def un_le(data: bytes) -> int:
    return int.from_bytes(data, "little")


def H(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def HMAC(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _nonce(n: int) -> bytes:
    return bytes(4) + le(n, 8)


def aead_seal(key: bytes, n: int, ad: bytes, plain: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(_nonce(n), plain, ad)


def aead_open(key: bytes, n: int, ad: bytes, sealed: bytes) -> bytes | None:
    """The plaintext, or None where the tag does not verify."""
    if len(sealed) < 16:
        return None
    try:
        return ChaCha20Poly1305(key).decrypt(_nonce(n), sealed, ad)
    except InvalidTag:
        return None


def REKEY(key: bytes) -> bytes:
    """As in Noise: the first 32 bytes of an AEAD under the last nonce."""
    return aead_seal(key, 2**64 - 1, b"", bytes(32))[:32]


def same_secret(a: bytes, b: bytes) -> bool:
    """Secrets are compared in constant time (CON-8)."""
    return hmac.compare_digest(a, b)
