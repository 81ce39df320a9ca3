"""RESP at both ends (chapter "Session": Answer) and NACK NO_KEY, FULL, ... at the sender (chapter "Routing": NACKs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import handshake
from .content import RespPayload, SealPayload
from .drops import Drop, Reason
from .envelope import FULL, NACK_NO_ROUTE, NO_KEY, Envelope, NackBody, RespBody
from .handshake import Opened
from .message import Message, Sealed
from .neighbour import Link
from .outputs import SessionIs
from .sessions import LAST_N, Session

if TYPE_CHECKING:
    from .node import Node

MINUTE = 60_000


class Answers:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._again: list[tuple[int, Session]] = []  # RESPs to be repeated, and over which links
        self._answered: dict[bytes, int] = {}  # when this peer last got a RESP
        self._renewed: dict[bytes, int] = {}  # when this peer's NO_KEY last started a renewal

    # The recipient of a SEAL

    def answer(self, k: Link, opened: Opened, payload: SealPayload) -> None:
        """A RESP over the in-link at once, one per peer and minute (SES-13)."""
        node = self._node
        if payload.sid is None or self.repeat(k, opened.env.ref):
            return
        last = self._answered.get(opened.sender)
        if last is not None and node.now - last < MINUTE and not self._worn_out(opened.sender):
            return
        if not node.sessions.room():
            return
        sid = node.outbox.sealer.draw_sid()
        env, keys = handshake.answer(opened, node.entropy.ephemeral(), RespPayload(sid, node.config.traits))
        session = node.sessions.add(opened.sender, False, (sid, payload.sid), keys, payload.traits, node.now)
        if session is None:
            return
        session.resp, session.seal_ref = env.raw, opened.env.ref
        self._answered[opened.sender] = node.now
        node.records.save_session(session)
        node.send_answer(k, env.raw)
        node.outbox.session_stands(session)

    def _worn_out(self, peer: bytes) -> bool:
        """A fast pair may use a session up within the minute."""
        session = self._node.sessions.current(peer)
        if session is None:
            return False
        return max(session.next_n - 1, session.window.top or 0) >= LAST_N - 1_024

    def repeat(self, k: Link, ref: bytes) -> bool:
        """The same bytes whenever the SEAL comes again, until its initiator's first DATA (SES-14)."""
        for session in self._node.sessions.by_sid.values():
            if not session.initiator and session.seal_ref == ref:
                self._again.append((k.number, session))
                return True
        return False

    def flush(self) -> None:
        """A RESP leaves again unless a later frame of the same step showed that its initiator has it."""
        again, self._again = self._again, []
        for number, session in again:
            k = self._node.links.get(number)
            if k is not None and session.resp is not None:
                self._node.send_answer(k, session.resp)

    def purge(self) -> None:
        for times in (self._answered, self._renewed):
            for peer in [peer for peer, at in times.items() if self._node.now - at >= MINUTE]:
                del times[peer]

    # Its sender

    def on_resp(self, env: Envelope, body: RespBody) -> bool:
        """False where no handshake of this node is meant."""
        node = self._node
        pending = node.sessions.pending.get(body.ref)
        if pending is None:
            return False
        if body.sid != pending.sid or env.expiry != pending.expiry:
            raise Drop(Reason.RESP_MISMATCH)  # SES-15
        # What fails from here on is BadResp or WeakKey (SES-4).
        try:
            payload, keys = handshake.read_resp(node.me, pending.ephemeral, pending.state, body.noise)
        except Drop as drop:
            if drop.reason is Reason.BAD_CONTENT:
                del node.sessions.pending[body.ref]  # authentic, and of no use
            raise
        sids = (pending.sid, payload.sid)
        del node.sessions.pending[body.ref]
        session = node.sessions.add(pending.peer, True, sids, keys, payload.traits, node.now)
        if session is not None:
            session.seal_ref = body.ref
            node.records.save_session(session)
            node.emit(SessionIs(pending.peer))
            node.outbox.session_stands(session)
        return True

    # NACKs for envelopes of this node

    def on_nack(self, k: Link, body: NackBody) -> bool:
        """Honoured only for an unproven envelope, on the link that copy left over (RTE-37). False: not ours."""
        node = self._node
        found = node.outbox.envelope(body.ref)
        if found is None:
            if node.outbox.knows(body.ref):
                raise Drop(Reason.NACK_UNKNOWN)
            return False
        m, sealed = found
        if sealed.under_way_on != k.number:
            raise Drop(Reason.BAD_NACK)
        if body.code == NO_KEY:
            self._no_key(m, sealed)
            return True
        # NO_ROUTE, FULL, TOO_BIG: a hint (RTE-36). It changes no state and puts nothing off.
        if k.pk != m.to:
            node.routes.lost(m.handle, k.number, taken=body.code != NACK_NO_ROUTE)
        if m.now is sealed:
            session = node.sessions.usable(m.to, node.now)
            if body.code == FULL and sealed.session is None and session is not None and session.open_window():
                node.outbox.seal_again(m)
            elif m.last_link == k.number:
                node.outbox.schedule.nacked(m, k)
        return True

    def _no_key(self, m: Message, sealed: Sealed) -> None:
        """One renewal per peer and minute; within it what went in another session is sealed again too (SES-32)."""
        node = self._node
        if m.now is not sealed:
            raise Drop(Reason.NACK_UNKNOWN)
        if sealed.session is None:
            raise Drop(Reason.NACK_LIMITED)
        last = self._renewed.get(m.to)
        renew = last is None or node.now - last >= MINUTE
        if renew:
            self._renewed[m.to] = node.now
            for session in node.sessions.of(m.to):
                session.dead = True  # until a new one stands nothing is sent in any
        elif sealed.session is node.sessions.usable(m.to, node.now):
            raise Drop(Reason.NACK_LIMITED)
        node.outbox.seal_again(m, renew)
