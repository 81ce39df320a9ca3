"""DATA as functions without a node (chapter "Session": Transport)."""

from __future__ import annotations

from dataclasses import dataclass

from . import envelope
from .conventions import HMAC, REKEY, aead_open, aead_seal, le, same_secret
from .drops import Drop, Reason
from .envelope import DataBody, Envelope, commit_of, flags_of, vt_of
from .identity import handle_of

EPOCH = 64
AHEAD = 16
U32 = 2**32 - 1


@dataclass(frozen=True)
class SealedData:
    env: Envelope
    ack_secret: bytes


def epoch_key(key: bytes, epochs: int) -> bytes:
    """The key so many epochs after the one of `key`."""
    for _ in range(epochs):
        key = REKEY(key)
    return key


def ack_secret_of(ack_root: bytes, direction: int, n: int) -> bytes:
    """Direction 0 is from the handshake's initiator to its responder."""
    return HMAC(ack_root, bytes([direction]) + le(n, 4))[:16]


def _aad(vt: int, flags: int, expiry: int, to: bytes, sid: bytes, n: int, commit: bytes | None) -> bytes:
    return b"ToM1-data" + bytes([vt, flags]) + le(expiry, 4) + to + sid + le(n, 4) + (commit or b"")


def seal_data(
    key: bytes,
    ack_root: bytes,
    direction: int,
    n: int,
    to: bytes,
    sid: bytes,
    content: bytes,
    *,
    expiry: int,
    class_: int = 2,
    trace: bool = False,
    prove: bool = True,
    hop: int = envelope.MAX_HOP,
    attempt: int = 0,
) -> SealedData:
    """`key` is that of the epoch of n; the nonce is the full n (SES-19)."""
    secret = ack_secret_of(ack_root, direction, n)
    dst = handle_of(to)
    commit = commit_of(expiry, dst, secret) if prove else None
    aad = _aad(vt_of(envelope.DATA), flags_of(class_, trace, prove), expiry, to, sid, n, commit)
    body = DataBody(sid, n & 0xFFFF, commit, aead_seal(key, n, aad, content))
    return SealedData(envelope.made(Envelope(body, expiry, dst, class_, trace, attempt, hop)), secret)


def rebuild_n(n16: int, top: int | None) -> int:
    """The number congruent to n16 that is nearest to `top` and within u32, the lower of two (SES-22)."""
    near = top or 0
    base = near - (near & 0xFFFF) + n16
    options = [n for n in (base - 65_536, base, base + 65_536) if 0 <= n <= U32]
    return min(options, key=lambda n: (abs(n - near), n))


def open_data(env: Envelope, body: DataBody, key: bytes, n: int, to: bytes) -> bytes:
    """The content, else BadTag. `key` is that of the epoch of n."""
    aad = _aad(env.raw[0], env.raw[1], env.expiry, to, body.sid, n, body.commit)
    content = aead_open(key, n, aad, body.sealed)
    if content is None:
        raise Drop(Reason.BAD_TAG)
    return content


def check_commit(env: Envelope, body: DataBody, secret: bytes) -> None:
    """ENV-20: before any state changes."""
    if body.commit is not None and not same_secret(body.commit, commit_of(env.expiry, env.dst, secret)):
        raise Drop(Reason.BAD_COMMIT)
