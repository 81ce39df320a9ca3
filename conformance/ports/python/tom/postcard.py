"""Postcard, as far as link frames use it (chapter "Link frames", LNK-7)."""

from __future__ import annotations

from .drops import Drop, Reason


class Reader:
    """Reads a body; `done` refuses what was not canonical and what trails.

    The order of LNK-7: what ends early, then what does not re-encode, then what trails. A byte that
    no encoder writes (a bool of 2, a varint over u32) cannot be read on from and is NotCanonical at once.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._canonical = True

    def take(self, n: int) -> bytes:
        if len(self._data) < self._at + n:
            raise Drop(Reason.TRUNCATED)
        self._at += n
        return self._data[self._at - n : self._at]

    def u8(self) -> int:
        return self.take(1)[0]

    def bool(self) -> bool:
        value = self.u8()
        if value > 1:
            raise Drop(Reason.NOT_CANONICAL)
        return value == 1

    def u32(self) -> int:
        value = 0
        for i in range(5):
            byte = self.u8()
            value |= (byte & 127) << 7 * i
            if byte < 128:
                if value >> 32:
                    break
                if i and not byte:
                    self._canonical = False  # not of least length
                return value
        raise Drop(Reason.NOT_CANONICAL)

    def option_u32(self) -> int | None:
        return self.u32() if self.bool() else None

    def done(self) -> None:
        if not self._canonical:
            raise Drop(Reason.NOT_CANONICAL)
        if self._at != len(self._data):
            raise Drop(Reason.BAD_LENGTH)


def u32(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def option_u32(value: int | None) -> bytes:
    return b"\0" if value is None else b"\1" + u32(value)
