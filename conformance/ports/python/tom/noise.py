"""Noise_IK_25519_ChaChaPoly_SHA256, revision 34, unchanged (chapter "Session", SES-1)."""

from __future__ import annotations

from .conventions import H, HMAC, aead_open, aead_seal

NAME = b"Noise_IK_25519_ChaChaPoly_SHA256"


class SymmetricState:
    """Chaining key, hash and cipher key. All values are immutable bytes, so `copy` is cheap: a message that
    does not authenticate is read by a copy and leaves the original as it was (SES-16)."""

    def __init__(self, prologue: bytes, responder: bytes) -> None:
        self.h = self.ck = NAME  # 32 bytes exactly, so it is not hashed
        self._k = b""
        self._n = 0
        self.mix_hash(prologue)
        self.mix_hash(responder)  # the pre-message

    def copy(self) -> SymmetricState:
        new = object.__new__(SymmetricState)
        new.h, new.ck, new._k, new._n = self.h, self.ck, self._k, self._n
        return new

    def mix_hash(self, data: bytes) -> None:
        self.h = H(self.h + data)

    def mix_key(self, secret: bytes) -> None:
        self.ck, self._k = _hkdf2(self.ck, secret)
        self._n = 0

    def encrypt(self, plain: bytes) -> bytes:
        sealed = aead_seal(self._k, self._n, self.h, plain)
        self._n += 1
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed: bytes) -> bytes | None:
        plain = aead_open(self._k, self._n, self.h, sealed)
        if plain is not None:
            self._n += 1
            self.mix_hash(sealed)
        return plain

    def split(self) -> tuple[bytes, bytes]:
        """(initiator to responder, responder to initiator)."""
        return _hkdf2(self.ck, b"")


def _hkdf2(ck: bytes, secret: bytes) -> tuple[bytes, bytes]:
    temp = HMAC(ck, secret)
    one = HMAC(temp, b"\1")
    return one, HMAC(temp, one + b"\2")
