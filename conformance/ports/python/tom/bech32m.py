"""bech32m (BIP 350), as far as the written form of an identity needs it."""

from __future__ import annotations

from .drops import Refused

CHARS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CONST = 0x2BC830A3
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _polymod(values: list[int]) -> int:
    chk = 1
    for value in values:
        top = chk >> 25
        chk = (chk & 0x1FFFFFF) << 5 ^ value
        for i, gen in enumerate(GENERATOR):
            if top >> i & 1:
                chk ^= gen
    return chk


def _expand(hrp: str) -> list[int]:
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def encode(hrp: str, data: bytes) -> str:
    bits = int.from_bytes(data, "big")
    count = (len(data) * 8 + 4) // 5
    bits <<= count * 5 - len(data) * 8  # the padding bits are 0
    words = [bits >> 5 * i & 31 for i in reversed(range(count))]
    chk = _polymod(_expand(hrp) + words + [0] * 6) ^ CONST
    words += [chk >> 5 * i & 31 for i in reversed(range(6))]
    return hrp + "1" + "".join(CHARS[w] for w in words)


def decode(hrp: str, text: str) -> bytes:
    """The data of a bech32m string with this human-readable part, else Refused (IDN-7, IDN-8)."""
    if not text.isascii() or text not in (text.lower(), text.upper()):
        raise Refused("mixed case, or no ASCII")
    text = text.lower()
    part, sep, rest = text.rpartition("1")
    if not sep or part != hrp or len(rest) < 6 or any(c not in CHARS for c in rest):
        raise Refused("no bech32m string of this part")
    words = [CHARS.index(c) for c in rest]
    if _polymod(_expand(hrp) + words) != CONST:
        raise Refused("checksum")
    words = words[:-6]
    bits = 0
    for word in words:
        bits = bits << 5 | word
    padding = len(words) * 5 % 8
    if padding >= 5 or bits & ((1 << padding) - 1):
        raise Refused("padding")
    return (bits >> padding).to_bytes(len(words) * 5 // 8, "big")
