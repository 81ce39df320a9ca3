"""What only the two ends read: contents, and the payloads of handshake messages (chapters "Content", "Envelope")."""

from __future__ import annotations

from dataclasses import dataclass

from . import candidates
from .candidates import Candidate
from .drops import Drop, Reason, Refused

PAD, BYTES, READ, CANDIDATES = 0, 1, 2, 3
ASKS_ACK = 0x80
HAS_ORIG = 0x40

MAX_ENV = (1_200, 4_096, 16_384, 65_535)
WINDOWS = (128, 1_024)


@dataclass(frozen=True)
class Content:
    type: int
    asks_ack: bool = False
    orig: bytes | None = None
    body: bytes = b""

    @property
    def refs(self) -> tuple[bytes, ...]:
        """The ids a READ names."""
        return tuple(self.body[i : i + 8] for i in range(0, len(self.body), 8))

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return candidates.parse(self.body)


def encode(content: Content) -> bytes:
    head = content.type | (ASKS_ACK if content.asks_ack else 0) | (HAS_ORIG if content.orig is not None else 0)
    return bytes([head]) + (content.orig or b"") + content.body


def parse(data: bytes) -> Content:
    """CNT-1 (BadContent) before CNT-2 (UnknownContent)."""
    if not data:
        raise Drop(Reason.BAD_CONTENT)
    has_orig = bool(data[0] & HAS_ORIG)
    at = 9 if has_orig else 1
    if len(data) < at:
        raise Drop(Reason.BAD_CONTENT)
    type_, body = data[0] & 63, data[at:]
    if type_ > CANDIDATES:
        raise Drop(Reason.UNKNOWN_CONTENT)
    if type_ == READ and (not body or len(body) % 8):
        raise Drop(Reason.BAD_CONTENT)
    if type_ == CANDIDATES:
        try:
            candidates.parse(body)
        except Drop:
            raise Drop(Reason.BAD_CONTENT) from None  # LNK-26: inside a content all of it is BadContent
    return Content(type_, bool(data[0] & ASKS_ACK), data[1:9] if has_orig else None, body)


@dataclass(frozen=True)
class Traits:
    """What an end says about itself in `pflags` bits 2 to 5."""

    persists: bool = False
    window: int = 128
    max_env: int = 1_200

    def bits(self) -> int:
        if self.window not in WINDOWS or self.max_env not in MAX_ENV:
            raise Refused("no code for this window or envelope size")
        return self.persists << 2 | WINDOWS.index(self.window) << 3 | MAX_ENV.index(self.max_env) << 4


def _traits(pflags: int) -> Traits:
    return Traits(bool(pflags & 4), WINDOWS[pflags >> 3 & 1], MAX_ENV[pflags >> 4 & 3])


@dataclass(frozen=True)
class SealPayload:
    sign: bool
    sid: bytes | None
    traits: Traits
    content: bytes

    def encode(self) -> bytes:
        pflags = int(self.sign) | (2 if self.sid is not None else 0) | self.traits.bits()
        return bytes([pflags]) + (self.sid or b"") + self.content


def parse_seal_payload(data: bytes) -> SealPayload:
    """ENV-12: a byte of content at least. Whether it is one is for the content's own rules to say."""
    if not data or data[0] & 0xC0:
        raise Drop(Reason.BAD_CONTENT)
    at = 5 if data[0] & 2 else 1
    if len(data) <= at:
        raise Drop(Reason.BAD_CONTENT)
    return SealPayload(bool(data[0] & 1), data[1:5] if at == 5 else None, _traits(data[0]), data[at:])


@dataclass(frozen=True)
class RespPayload:
    sid: bytes
    traits: Traits

    def encode(self) -> bytes:
        return bytes([self.traits.bits()]) + self.sid


def parse_resp_payload(data: bytes) -> RespPayload:
    """Of fixed size: sign bit and "a sid follows" belong to a SEAL only (ENV-12)."""
    if len(data) != 5 or data[0] & 0xC3:
        raise Drop(Reason.BAD_CONTENT)
    return RespPayload(data[1:5], _traits(data[0]))
