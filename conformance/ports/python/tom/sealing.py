"""How a message becomes an envelope: in the session if one may carry it, else as a one-shot (SES-5, SES-33)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import content, envelope, handshake, transport
from .content import Content, SealPayload
from .drops import Refused
from .message import Message, Sealed, Waits
from .sessions import BLOCK, Pending, Session

if TYPE_CHECKING:
    from .node import Node

SEAL_OVER = envelope.HEADER + 1 + 8 + 96 + 1  # without sid and content
DATA_OVER = envelope.HEADER + 4 + 2 + 8 + 16
SID = 4


class Sealer:
    def __init__(self, node: Node) -> None:
        self._node = node

    def seal(self, m: Message, renew: bool = False) -> bool:
        """Puts a new envelope on the message. False: it is held as content until a session carries it (DLV-24).
        With `renew` it is a one-shot that offers a sid, whatever sessions there are (SES-32)."""
        node = self._node
        # Sealed again, or sealed after it was held: `orig` is the first half of its id in both cases (CNT-5).
        orig = m.id[:8] if m.id else None
        plain = content.encode(Content(m.content.type, True, orig, m.content.body))
        session = None if renew else node.sessions.usable(m.to, node.now)
        if session is not None and session.open_window() and DATA_OVER + len(plain) <= session.traits.max_env:
            return self._put(m, self._data(m, session, plain))
        if m.session_only:
            return self._hold(m)
        offer = node.sessions.may_offer(m.to)  # SES-11
        if SEAL_OVER + len(plain) + (SID if offer else 0) > envelope.SMALL_ENVELOPE:
            return self._hold(m)
        return self._put(m, self._one_shot(m, plain, offer))

    def _put(self, m: Message, sealed: Sealed) -> bool:
        m.sealed.append(sealed)
        m.id = m.id or sealed.env.msg_id
        m.waits = Waits.NOTHING
        m.attempt = 0
        return True

    @staticmethod
    def _hold(m: Message) -> bool:
        m.waits = Waits.SESSION
        return False

    def _data(self, m: Message, session: Session, plain: bytes) -> Sealed:
        self._reserve(m, session)
        n, key = session.take_n()
        sealed = transport.seal_data(
            key, session.ack_root, session.send_dir, n, m.to, session.sid_out, plain, expiry=m.expiry, class_=m.class_
        )
        return Sealed(sealed.env, sealed.env.ref, sealed.ack_secret, session, n)

    def _reserve(self, m: Message, session: Session) -> None:
        """No n leaves before its reservation is durable, if sessions survive a restart (SES-20)."""
        if not self._node.config.durable:
            return
        if session.next_n >= session.reserved:
            session.reserved += BLOCK
            self._node.records.save_session(session)
        waited = self._node.records.open_version(session)
        if waited is not None:
            m.barrier.add(waited)

    def _one_shot(self, m: Message, plain: bytes, offer: bool) -> Sealed:
        node = self._node
        sid = self.draw_sid() if offer else None
        payload = SealPayload(node.me.sign_bit, sid, node.config.traits, plain)
        ephemeral = node.entropy.ephemeral()
        sealed = handshake.seal(node.me, m.to, ephemeral, payload, expiry=m.expiry, class_=m.class_)
        if sid is not None:
            node.sessions.offer(
                Pending(m.to, sealed.env.ref, m.expiry, sid, ephemeral, sealed.state, node.now)
            )
        return Sealed(sealed.env, sealed.env.ref, sealed.ack_secret)

    def draw_sid(self) -> bytes:
        """Differs from every sid live or pending here (SES-12)."""
        while True:
            sid = self._node.entropy.sid()
            if not self._node.sessions.taken_sid(sid):
                return sid


# What a SEAL with a sid, a commitment and `orig` adds to a payload.
PAYLOAD_OVER = 134


def check_length(size: int, max_env: int) -> None:
    if size > max_env - PAYLOAD_OVER:
        raise Refused("longer than an envelope both ends open")
