"""SEAL and RESP as functions without a node (chapter "Session": Handshake, One-shot, Answer)."""

from __future__ import annotations

from dataclasses import dataclass

from . import envelope
from .content import RespPayload, SealPayload, parse_resp_payload, parse_seal_payload
from .conventions import HMAC, le, same_secret
from .drops import Drop, Reason, Refused
from .envelope import Envelope, RespBody, SealBody, commit_of, flags_of, vt_of
from .identity import Identity, agree, handle_of, pk_of, x_pk_of, x_public
from .noise import SymmetricState


@dataclass(frozen=True)
class Keys:
    """What both ends hold after message 2 (Transport)."""

    i2r: bytes
    r2i: bytes
    ack_root: bytes
    h: bytes


@dataclass(frozen=True)
class Sealed:
    """A SEAL at its sender; `state` and `ephemeral` are what the RESP will need (SES-11)."""

    env: Envelope
    ack_secret: bytes
    state: SymmetricState
    ephemeral: bytes


@dataclass(frozen=True)
class Opened:
    """A SEAL at its recipient, authenticated; the payload is parsed last, by `payload`."""

    env: Envelope
    sender: bytes
    ack_secret: bytes
    state: SymmetricState
    e_pk: bytes
    x_sender: bytes
    plain: bytes

    def payload(self) -> SealPayload:
        return parse_seal_payload(self.plain)


def _prologue(vt: int, flags: int, expiry: int, kid: int, recipient: bytes) -> bytes:
    """`path` is not in it (ENV-3); the recipient's identity key whatever key it is sealed to (SES-1)."""
    return b"ToM1-seal" + bytes([vt, flags]) + le(expiry, 4) + bytes([kid]) + recipient


def _ack_secret(state: SymmetricState) -> bytes:
    return HMAC(state.ck, b"tom-ack")[:16]


def seal(
    me: Identity,
    to: bytes,
    ephemeral: bytes,
    payload: SealPayload,
    *,
    expiry: int,
    class_: int = 2,
    trace: bool = False,
    prove: bool = True,
    hop: int = envelope.MAX_HOP,
    attempt: int = 0,
) -> Sealed:
    """A message for `to`, under an ephemeral that is used for nothing else (SES-2)."""
    flags = flags_of(class_, trace, prove)
    x_to = x_pk_of(to)
    state = SymmetricState(_prologue(vt_of(envelope.SEAL), flags, expiry, 0, to), x_to)
    e_pk = x_public(ephemeral)
    state.mix_hash(e_pk)
    state.mix_key(agree(ephemeral, x_to))  # es
    noise = e_pk + state.encrypt(me.x_pk)
    state.mix_key(me.agree(x_to))  # ss
    noise += state.encrypt(payload.encode())
    secret = _ack_secret(state)
    dst = handle_of(to)
    body = SealBody(0, commit_of(expiry, dst, secret) if prove else None, noise)
    env = envelope.made(Envelope(body, expiry, dst, class_, trace, attempt, hop))
    return Sealed(env, secret, state, ephemeral)


def open_seal(me: Identity, env: Envelope) -> Opened:
    """Handshake, commitment, sender's key, in the order of SES-6; header, life, kid and windows are the caller's."""
    body = env.body
    if not isinstance(body, SealBody):
        raise Refused("no SEAL")
    state = SymmetricState(_prologue(env.raw[0], env.raw[1], env.expiry, body.kid, me.pk), me.x_pk)
    e_pk = body.noise[:32]
    state.mix_hash(e_pk)
    state.mix_key(me.agree(e_pk))  # es
    x_sender = state.decrypt(body.noise[32:80])
    if x_sender is None:
        raise Drop(Reason.BAD_SEAL)
    state.mix_key(me.agree(x_sender))  # ss
    plain = state.decrypt(body.noise[80:])
    if plain is None:
        raise Drop(Reason.BAD_SEAL)
    secret = _ack_secret(state)
    if body.commit is not None and not same_secret(body.commit, commit_of(env.expiry, env.dst, secret)):
        raise Drop(Reason.BAD_COMMIT)  # ENV-20
    try:
        sender = pk_of(x_sender, bool(plain[0] & 1))  # SES-3
    except Refused:
        raise Drop(Reason.WEAK_KEY) from None
    return Opened(env, sender, secret, state, e_pk, x_sender, plain)


def answer(opened: Opened, ephemeral: bytes, payload: RespPayload) -> tuple[Envelope, Keys]:
    """The RESP to a SEAL that offers a sid, and the session's keys."""
    offered = opened.payload().sid
    if offered is None:
        raise Refused("no session offered")
    state = opened.state.copy()
    e_pk = x_public(ephemeral)
    state.mix_hash(e_pk)
    state.mix_key(agree(ephemeral, opened.e_pk))  # ee
    state.mix_key(agree(ephemeral, opened.x_sender))  # se
    noise = e_pk + state.encrypt(payload.encode())
    env = envelope.made(Envelope(RespBody(opened.env.ref, offered, noise), opened.env.expiry))
    return env, _keys(state)


def read_resp(me: Identity, ephemeral: bytes, pending: SymmetricState, noise: bytes) -> tuple[RespPayload, Keys]:
    """Message 2. The pending state is copied, so a forged RESP leaves it as it was (SES-16)."""
    state = pending.copy()
    e_pk = noise[:32]
    state.mix_hash(e_pk)
    state.mix_key(agree(ephemeral, e_pk))  # ee
    state.mix_key(me.agree(e_pk))  # se
    plain = state.decrypt(noise[32:])
    if plain is None:
        raise Drop(Reason.BAD_RESP)
    return parse_resp_payload(plain), _keys(state)


def resume(me: Identity, to: bytes, ephemeral: bytes, env: Envelope) -> tuple[SymmetricState, SealPayload]:
    """The initiator's state after a SEAL of its own, rebuilt from the SEAL's bytes."""
    body = env.body
    if not isinstance(body, SealBody):
        raise Refused("no SEAL")
    x_to = x_pk_of(to)
    state = SymmetricState(_prologue(env.raw[0], env.raw[1], env.expiry, body.kid, to), x_to)
    state.mix_hash(body.noise[:32])
    state.mix_key(agree(ephemeral, x_to))
    if state.decrypt(body.noise[32:80]) != me.x_pk:
        raise Refused("not a SEAL of this sender and ephemeral")
    state.mix_key(me.agree(x_to))
    plain = state.decrypt(body.noise[80:])
    if plain is None:
        raise Refused("not a SEAL of this sender and ephemeral")
    return state, parse_seal_payload(plain)


def _keys(state: SymmetricState) -> Keys:
    i2r, r2i = state.split()
    return Keys(i2r, r2i, HMAC(state.ck, b"tom-ackroot"), state.h)
