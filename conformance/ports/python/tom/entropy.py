"""Where random bytes come from (chapter "Entropy"): one stream per label, from one seed."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from .conventions import HMAC

LONGEST_DRAW = 65_536


class Stream:
    def __init__(self, seed: bytes, label: str) -> None:
        self._key = HMAC(seed, b"tom-drbg" + label.encode("ascii"))

    def reseed(self, seed: bytes) -> None:
        """Mixes into what is there and never replaces it (ENT-2)."""
        self._key = HMAC(self._key, b"tom-reseed" + seed)

    def draw(self, n: int) -> bytes:
        if n == 0:
            return b""  # a draw of no bytes is none
        out = b""
        while n > LONGEST_DRAW:
            out += self._draw(LONGEST_DRAW)
            n -= LONGEST_DRAW
        return out + self._draw(n)

    def _draw(self, n: int) -> bytes:
        cipher = Cipher(ChaCha20(self._key, bytes(16)), mode=None)
        stream = cipher.encryptor().update(bytes(32 + n))
        self._key = stream[:32]  # the old key is gone (ENT-3)
        return stream[32:]
