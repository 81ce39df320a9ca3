"""What two neighbours say to each other (chapter "Link frames"): frames and their layouts."""

from __future__ import annotations

from dataclasses import dataclass

from . import candidates, postcard
from .candidates import Candidate
from .conventions import le, un_le
from .drops import Drop, Reason

HELLO, ENVELOPE, TAKEN, PASSED, REACH_Q, REACH_A, CANDIDATES, PING = range(1, 9)

LEAF, RELAY, FULL_NODE = 1, 2, 3
MIN_FRAME = 1_255  # an envelope of 1,200 bytes, framed and fully traced (LNK-9, LNK-11)
MAX_FRAME = 65_538
MAX_REACH_TTL = 2
UNREACHABLE = 255
TRACE_TAG, STAMP_TAG = 1, 2
MAX_TRACE = 8


@dataclass(frozen=True)
class Hello:
    profile: int
    max_frame: int
    unix: int | None = None
    features: int = 0
    version: int = 1


@dataclass(frozen=True)
class EnvelopeFrame:
    envelope: bytes
    trace: tuple[tuple[bytes, int], ...] | None = None
    stamp: bytes | None = None


@dataclass(frozen=True)
class Taken:
    refs: tuple[bytes, ...]


@dataclass(frozen=True)
class Passed:
    ref: bytes


@dataclass(frozen=True)
class ReachQuestion:
    handle: bytes
    nonce: int
    ttl: int


@dataclass(frozen=True)
class ReachAnswer:
    handle: bytes
    nonce: int
    distance: int


@dataclass(frozen=True)
class Candidates:
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Ping:
    nonce: int
    reply: bool


Frame = Hello | EnvelopeFrame | Taken | Passed | ReachQuestion | ReachAnswer | Candidates | Ping


def encode(frame: Frame) -> bytes:
    ftype, body = _encode_body(frame)
    return bytes([ftype]) + le(len(body), 2) + body


def _encode_body(frame: Frame) -> tuple[int, bytes]:
    if isinstance(frame, Hello):
        head = bytes([frame.version, frame.profile]) + postcard.u32(frame.max_frame)
        return HELLO, head + postcard.option_u32(frame.unix) + postcard.u32(frame.features)
    if isinstance(frame, EnvelopeFrame):
        return ENVELOPE, le(len(frame.envelope), 2) + frame.envelope + _encode_trailers(frame)
    if isinstance(frame, Taken):
        return TAKEN, bytes([len(frame.refs)]) + b"".join(frame.refs)
    if isinstance(frame, Passed):
        return PASSED, frame.ref
    if isinstance(frame, ReachQuestion):
        return REACH_Q, frame.handle + postcard.u32(frame.nonce) + bytes([frame.ttl])
    if isinstance(frame, ReachAnswer):
        return REACH_A, frame.handle + postcard.u32(frame.nonce) + bytes([frame.distance])
    if isinstance(frame, Candidates):
        return CANDIDATES, candidates.encode(frame.candidates)
    return PING, postcard.u32(frame.nonce) + bytes([frame.reply])


def _encode_trailers(frame: EnvelopeFrame) -> bytes:
    out = b""
    if frame.trace is not None:
        out += bytes([TRACE_TAG, 6 * len(frame.trace)]) + b"".join(h + le(ms, 2) for h, ms in frame.trace)
    if frame.stamp is not None:
        out += bytes([STAMP_TAG, len(frame.stamp)]) + frame.stamp
    return out


def split(datagram: bytes) -> list[tuple[int, bytes] | Drop]:
    """The frames of a datagram in order, as (ftype, body); what ends it early is its last item (LNK-3, LNK-4)."""
    items: list[tuple[int, bytes] | Drop] = []
    at = 0
    while at < len(datagram):
        if len(datagram) - at < 3:
            items.append(Drop(Reason.TRUNCATED))
            break
        size = un_le(datagram[at + 1 : at + 3])
        if len(datagram) - at - 3 < size:
            items.append(Drop(Reason.BAD_LENGTH))
            break
        items.append((datagram[at], datagram[at + 3 : at + 3 + size]))
        at += 3 + size
    return items


def parse(ftype: int, body: bytes) -> Frame:
    parser = _PARSERS.get(ftype)
    if parser is None:
        raise Drop(Reason.UNKNOWN_FRAME)  # LNK-5
    return parser(body)


def _parse_hello(body: bytes) -> Frame:
    reader = postcard.Reader(body)
    version = reader.u8()
    if version != 1:
        raise Drop(Reason.BAD_VERSION)  # looked at before the rest of the body (LNK-10, LNK-11)
    hello = Hello(reader.u8(), reader.u32(), reader.option_u32(), reader.u32(), version)
    reader.done()
    return hello


def _parse_envelope(body: bytes) -> Frame:
    """LNK-13; the envelope itself is not looked into."""
    if len(body) < 2:
        raise Drop(Reason.TRUNCATED)
    at = 2 + un_le(body[:2])
    if at > len(body):
        raise Drop(Reason.BAD_LENGTH)
    envelope, trace, stamp, last = body[2:at], None, None, -1
    while at < len(body):
        if len(body) - at < 2:
            raise Drop(Reason.TRUNCATED)
        tag, size = body[at], body[at + 1]
        if tag <= last:
            raise Drop(Reason.NOT_CANONICAL)
        value = body[at + 2 : at + 2 + size]
        if len(value) != size:
            raise Drop(Reason.BAD_LENGTH)
        if tag == TRACE_TAG:
            trace = _parse_trace(value)
        elif tag == STAMP_TAG:
            if size != 8:
                raise Drop(Reason.BAD_LENGTH)
            stamp = value
        last, at = tag, at + 2 + size
    return EnvelopeFrame(envelope, trace, stamp)


def _parse_trace(value: bytes) -> tuple[tuple[bytes, int], ...]:
    if len(value) % 6:
        raise Drop(Reason.BAD_LENGTH)
    if not 1 <= len(value) // 6 <= MAX_TRACE:
        raise Drop(Reason.BAD_COUNT)
    return tuple((value[i : i + 4], un_le(value[i + 4 : i + 6])) for i in range(0, len(value), 6))


def _parse_taken(body: bytes) -> Frame:
    """LNK-22."""
    if not body:
        raise Drop(Reason.TRUNCATED)
    if not body[0]:
        raise Drop(Reason.BAD_COUNT)
    if len(body) != 1 + 8 * body[0]:
        raise Drop(Reason.BAD_LENGTH)
    return Taken(tuple(body[i : i + 8] for i in range(1, len(body), 8)))


def _parse_passed(body: bytes) -> Frame:
    if len(body) < 8:
        raise Drop(Reason.TRUNCATED)
    if len(body) > 8:
        raise Drop(Reason.BAD_LENGTH)
    return Passed(body)


def _parse_question(body: bytes) -> Frame:
    reader = postcard.Reader(body)
    question = ReachQuestion(reader.take(8), reader.u32(), reader.u8())
    reader.done()
    if question.ttl > MAX_REACH_TTL:
        raise Drop(Reason.BAD_HOP)  # LNK-23
    return question


def _parse_answer(body: bytes) -> Frame:
    reader = postcard.Reader(body)
    answer = ReachAnswer(reader.take(8), reader.u32(), reader.u8())
    reader.done()
    return answer


def _parse_candidates(body: bytes) -> Frame:
    return Candidates(candidates.parse(body))


def _parse_ping(body: bytes) -> Frame:
    reader = postcard.Reader(body)
    ping = Ping(reader.u32(), reader.bool())
    reader.done()
    return ping


_PARSERS = {
    HELLO: _parse_hello,
    ENVELOPE: _parse_envelope,
    TAKEN: _parse_taken,
    PASSED: _parse_passed,
    REACH_Q: _parse_question,
    REACH_A: _parse_answer,
    CANDIDATES: _parse_candidates,
    PING: _parse_ping,
}
