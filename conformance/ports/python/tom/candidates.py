"""The candidate list, on a link and end to end alike (chapter "Link frames", CANDIDATES)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from .conventions import le, un_le
from .drops import Drop, Reason

MAX_CANDIDATES = 8
_SIZES = {4: 6, 6: 18}


@dataclass(frozen=True)
class Candidate:
    ip: bytes  # 4 or 16 bytes, network order
    port: int

    def text(self) -> str:
        """The canonical text of RFC 5952, mapped IPv4 addresses in mixed notation."""
        if len(self.ip) == 4:
            return str(ipaddress.IPv4Address(self.ip))
        address = ipaddress.IPv6Address(self.ip)
        mapped = address.ipv4_mapped
        return f"::ffff:{mapped}" if mapped else str(address)


def from_text(ip: str, port: int) -> Candidate:
    return Candidate(ipaddress.ip_address(ip).packed, port)


def encode(items: tuple[Candidate, ...]) -> bytes:
    out = bytes([len(items)])
    for item in items:
        kind = 4 if len(item.ip) == 4 else 6
        out += bytes([kind, _SIZES[kind]]) + item.ip + le(item.port, 2)
    return out


def parse(data: bytes) -> tuple[Candidate, ...]:
    """LNK-26; unknown kinds are skipped by their length (LNK-27)."""
    if not data:
        raise Drop(Reason.TRUNCATED)
    if data[0] > MAX_CANDIDATES:
        raise Drop(Reason.BAD_COUNT)
    items: list[Candidate] = []
    at = 1
    for _ in range(data[0]):
        if len(data) < at + 2:
            raise Drop(Reason.TRUNCATED)
        kind, size = data[at], data[at + 1]
        at += 2
        if len(data) < at + size or _SIZES.get(kind, size) != size:
            raise Drop(Reason.BAD_LENGTH)
        if kind in _SIZES:
            items.append(Candidate(data[at : at + size - 2], un_le(data[at + size - 2 : at + size])))
        at += size
    if at != len(data):
        raise Drop(Reason.BAD_LENGTH)
    return tuple(items)
