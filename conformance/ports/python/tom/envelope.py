"""The unit that crosses relays (chapter "Envelope")."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .conventions import H, le, un_le
from .drops import Drop, Reason, Refused

VERSION = 1
SEAL, RESP, DATA, ACK, NACK = 1, 2, 3, 4, 5
KIND_NAMES = {SEAL: "SEAL", RESP: "RESP", DATA: "DATA", ACK: "ACK", NACK: "NACK"}

FLAG_P = 0x02
FLAG_TRACE = 0x04
RESERVED_FLAGS = 0xC9

MAX_HOP = 8
MAX_ENVELOPE = 65_535
SMALL_ENVELOPE = 1_200  # what every relay carries (ENV-7)
HEADER = 15
MIN_NOISE = 98  # e 32, enc(s) 48, tag 16, pflags, a content type (ENV-11)
MIN_SEALED = 17  # a content type, the tag (ENV-14)
MAX_PAIRS = 49
NO_DST = bytes(8)

NO_KEY, NACK_TOO_BIG, FULL, NACK_NO_ROUTE = 1, 2, 3, 4

CONTROL, INTERACTIVE, NORMAL, BULK = 0, 1, 2, 3


@dataclass(frozen=True)
class SealBody:
    kid: int
    commit: bytes | None
    noise: bytes


@dataclass(frozen=True)
class RespBody:
    ref: bytes
    sid: bytes
    noise: bytes


@dataclass(frozen=True)
class DataBody:
    sid: bytes
    n16: int
    commit: bytes | None
    sealed: bytes


@dataclass(frozen=True)
class AckBody:
    proofs: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class NackBody:
    ref: bytes
    code: int
    arg: int


Body = SealBody | RespBody | DataBody | AckBody | NackBody
_KIND_OF: dict[type, int] = {SealBody: SEAL, RespBody: RESP, DataBody: DATA, AckBody: ACK, NackBody: NACK}


@dataclass(frozen=True)
class Envelope:
    body: Body
    expiry: int
    dst: bytes = NO_DST
    class_: int = 0
    trace: bool = False
    attempt: int = 0
    hop: int = MAX_HOP
    raw: bytes = field(default=b"", compare=False)  # the bytes as received (CON-6)

    @property
    def kind(self) -> int:
        return _KIND_OF[type(self.body)]

    @property
    def commit(self) -> bytes | None:
        return self.body.commit if isinstance(self.body, (SealBody, DataBody)) else None

    @property
    def msg_id(self) -> bytes:
        return msg_id_of(self.raw)

    @property
    def ref(self) -> bytes:
        return self.msg_id[:8]


def msg_id_of(raw: bytes) -> bytes:
    """Over the bytes received, `path` left out (ENV-3, ENV-19)."""
    return H(b"tom-id" + raw[:2] + raw[3:])[:16]


def commit_of(expiry: int, dst: bytes, secret: bytes) -> bytes:
    return H(b"tom-ackc" + le(expiry, 4) + dst + secret)[:8]


def with_path(raw: bytes, attempt: int, hop: int) -> bytes:
    """The same envelope under another `path`, the only byte that changes under way (ENV-3, DLV-7)."""
    return raw[:2] + bytes([attempt << 4 | hop]) + raw[3:]


def vt_of(kind: int) -> int:
    return VERSION << 4 | kind


def flags_of(class_: int, trace: bool, prove: bool) -> int:
    return (FLAG_P if prove else 0) | (FLAG_TRACE if trace else 0) | class_ << 4


def encode(env: Envelope) -> bytes:
    """The encoding of exactly these fields."""
    flags = flags_of(env.class_, env.trace, env.commit is not None)
    head = bytes([vt_of(env.kind), flags, env.attempt << 4 | env.hop])
    return head + le(env.expiry, 4) + env.dst + _encode_body(env.body)


def _encode_body(body: Body) -> bytes:
    if isinstance(body, SealBody):
        return bytes([body.kid]) + (body.commit or b"") + body.noise
    if isinstance(body, RespBody):
        return body.ref + body.sid + body.noise
    if isinstance(body, DataBody):
        return body.sid + le(body.n16, 2) + (body.commit or b"") + body.sealed
    if isinstance(body, AckBody):
        return bytes([len(body.proofs)]) + b"".join(ref + secret for ref, secret in body.proofs)
    return body.ref + bytes([body.code]) + le(body.arg, 4)


def made(env: Envelope) -> Envelope:
    """The same with its bytes in `raw`, for an envelope that starts here."""
    raw = encode(env)
    if len(raw) > MAX_ENVELOPE:
        raise Refused("an envelope has at most 65,535 bytes")  # ENV-6
    return replace(env, raw=raw)


def parse(raw: bytes) -> Envelope:
    """The fields in the order of ENV-9, the first that fails naming the drop."""
    if len(raw) > MAX_ENVELOPE:
        raise Drop(Reason.TOO_BIG)
    if len(raw) < HEADER:
        raise Drop(Reason.TRUNCATED)
    vt, flags, path = raw[0], raw[1], raw[2]
    kind = vt & 15
    if vt >> 4 != VERSION:
        raise Drop(Reason.BAD_VERSION)  # ENV-1
    if kind not in KIND_NAMES:
        raise Drop(Reason.BAD_KIND)
    to_somebody = kind in (SEAL, DATA)
    if flags & RESERVED_FLAGS or (flags and not to_somebody):
        raise Drop(Reason.BAD_FLAGS)  # ENV-2
    if path & 15 > MAX_HOP:
        raise Drop(Reason.BAD_HOP)  # ENV-4
    dst = raw[7:15]
    if (dst != NO_DST) != to_somebody:
        raise Drop(Reason.BAD_DST)  # ENV-5
    body = _PARSERS[kind](raw[HEADER:], bool(flags & FLAG_P))
    return Envelope(body, un_le(raw[3:7]), dst, flags >> 4 & 3, bool(flags & FLAG_TRACE), path >> 4, path & 15, raw)


def _at_least(body: bytes, size: int) -> None:
    if len(body) < size:
        raise Drop(Reason.TRUNCATED)


def _exactly(body: bytes, size: int) -> None:
    if len(body) != size:
        raise Drop(Reason.BAD_LENGTH)


def _parse_seal(body: bytes, prove: bool) -> Body:
    at = 9 if prove else 1
    _at_least(body, at + MIN_NOISE)
    return SealBody(body[0], body[1:9] if prove else None, body[at:])


def _parse_resp(body: bytes, _prove: bool) -> Body:
    _at_least(body, 65)
    _exactly(body, 65)  # ENV-13
    return RespBody(body[:8], body[8:12], body[12:])


def _parse_data(body: bytes, prove: bool) -> Body:
    at = 14 if prove else 6
    _at_least(body, at + MIN_SEALED)
    return DataBody(body[:4], un_le(body[4:6]), body[6:14] if prove else None, body[at:])


def _parse_ack(body: bytes, _prove: bool) -> Body:
    _at_least(body, 1)
    count = body[0]
    if not 1 <= count <= MAX_PAIRS:
        raise Drop(Reason.BAD_COUNT)
    # ENV-15 names BadLength for every other length, a shorter one included.
    _exactly(body, 1 + 24 * count)
    return AckBody(tuple((body[i : i + 8], body[i + 8 : i + 24]) for i in range(1, len(body), 24)))


def _parse_nack(body: bytes, _prove: bool) -> Body:
    _at_least(body, 13)
    _exactly(body, 13)
    if not NO_KEY <= body[8] <= NACK_NO_ROUTE:
        raise Drop(Reason.BAD_NACK)  # ENV-17
    return NackBody(body[:8], body[8], un_le(body[9:13]))


_PARSERS = {SEAL: _parse_seal, RESP: _parse_resp, DATA: _parse_data, ACK: _parse_ack, NACK: _parse_nack}
