"""The messages of this node's own: accepted, proven, sealed again, ended (chapter "Delivery")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import content
from .content import Content
from .conventions import LIFE_MS, same_secret
from .drops import Drop, Reason, Refused
from .envelope import CONTROL, MAX_ENVELOPE, NORMAL
from .identity import handle_of
from .message import DELIVERED, READ, Message, Sealed, Settled, Waits
from .neighbour import Link
from .outputs import StateIs
from .schedule import LAST_ATTEMPT, PAD_EVERY, Schedule
from .sealing import Sealer, check_length
from .sessions import Session

if TYPE_CHECKING:
    from .node import Node

GIVEN_UP_AFTER = 60_000  # SES-11
LATE = 24 * 3_600  # a proof may come so long past expiry (DLV-4)


class Outbox:
    def __init__(self, node: Node) -> None:
        self._node = node
        self.schedule = Schedule(node)
        self.sealer = Sealer(node)
        self.messages: dict[bytes, Message] = {}
        self._refs: dict[bytes, tuple[Message, Sealed]] = {}
        self.settled: dict[bytes, Settled] = {}  # by ref
        self._padded: dict[bytes, int] = {}  # when a PAD for this peer was sealed, or a retry instead asked for

    def to_handle(self, handle: bytes) -> list[Message]:
        return [m for m in self.messages.values() if m.handle == handle]

    # Accepting

    def send(self, to: bytes, payload: bytes, expiry: int, class_: int) -> Message:
        session = self._node.sessions.current(to)
        theirs = session.traits.max_env if session is not None else MAX_ENVELOPE
        check_length(len(payload), min(self._node.config.max_env, theirs))
        return self.accept(Message(to, handle_of(to), Content(content.BYTES, body=payload), class_, expiry, True))

    def control(self, to: bytes, type_: int, body: bytes, expiry: int, session_only: bool = False) -> Message:
        """READ, CANDIDATES and PAD: they ask for an ACK, so that they are retried; no application sees a state."""
        class_ = NORMAL if type_ == content.READ else CONTROL
        m = Message(to, handle_of(to), Content(type_, body=body), class_, expiry, False, session_only)
        return self.accept(m)

    def accept(self, m: Message) -> Message:
        """Accepted when there is room for it; a refusal changes nothing."""
        room = self._node.config.room("outbox") - len(self.messages)
        if room < 1:
            raise Refused("the outbox is full")
        m.since = self._node.now
        if not self.sealer.seal(m):
            if m.session_only or room < 2:  # DLV-25: the PAD needs room too
                raise Refused("no room for what asks for a session")
            m.id = self._node.entropy.id()
        self.messages[m.id] = m
        self._sealed(m)
        if m.waits is Waits.SESSION:
            self.ask_for_session(m)
        return m

    def _sealed(self, m: Message) -> None:
        if m.now is not None:
            self._refs[m.now.ref] = (m, m.now)
        if self._node.config.durable:
            m.barrier.add(self._node.records.save_message(m))
        self.schedule.dispatch(m)

    def ask_for_session(self, m: Message) -> None:
        """One PAD per peer and minute, or a retry of the SEAL that offers a session already (DLV-24)."""
        node, now = self._node, self._node.now
        m.due = now + PAD_EVERY
        if node.unix is None or node.unix >= m.expiry:
            return  # nothing is sealed that has no life left (ENV-22)
        if node.sessions.usable(m.to, now) is not None:
            return  # there is one; it cannot carry this message, and another would not either
        last = self._padded.get(m.to)
        if last is not None and now - last < PAD_EVERY:
            m.due = last + PAD_EVERY
            return
        offers = [p.ref for p in node.sessions.pending.values() if p.peer == m.to]
        under_way = [self._refs[ref][0] for ref in offers if ref in self._refs and self._refs[ref][0].now]
        if under_way:
            self.schedule.hasten(under_way[0])
        elif node.sessions.may_offer(m.to) and len(self.messages) < node.config.room("outbox"):
            self.control(m.to, content.PAD, b"", m.expiry)
        else:
            return
        self._padded[m.to] = now

    # Sealing again

    def seal_again(self, m: Message, renew: bool = False) -> None:
        """A new envelope under the same id and expiry, its attempts from 0 (SES-33)."""
        node = self._node
        old = m.now
        if old is not None:
            if old.session is not None:
                old.session.settle(old.n, proven=False)
            for k in node.links.values():
                k.withdraw(m)
        m.early, m.renewed = False, True  # the wait goes on doubling, whatever made it sealed again (DLV-10)
        m.queued = m.due = None
        if self.sealer.seal(m, renew):
            self._sealed(m)
        elif m.session_only:
            self._end(m)  # never as a one-shot (CNT-9), and a new list will be fresher
        else:
            self.ask_for_session(m)

    def session_stands(self, session: Session) -> None:
        """What waited for a session is sealed in it, in the order it came."""
        for m in list(self.messages.values()):
            if m.to == session.peer and m.waits is Waits.SESSION:
                self.seal_again(m)

    # Proof

    def knows(self, ref: bytes) -> bool:
        return ref in self._refs or ref in self.settled

    def on_proof(self, k: Link, ref: bytes, secret: bytes) -> None:
        """A pair of an ACK that names an envelope of this node (ENV-21, ENV-25)."""
        found = self._refs.get(ref)
        if found is None:
            self._late(self.settled[ref], ref, secret)
            return
        m, sealed = found
        if not same_secret(secret, sealed.secret):
            raise Drop(Reason.BAD_PROOF)
        if sealed.session is not None:
            sealed.session.settle(sealed.n, proven=True)
        over_relay = k.pk != m.to
        if over_relay:
            self._node.routes.proven(m.handle, k.number)
            if m.alone and m.sends == 1 and m.last_link == k.number:
                self._node.routes.measured(m.handle, k.number, self._node.now - m.left_at)
        self._end(m, "proof")
        if sealed.session is not None:
            self.session_stands(sealed.session)  # its window is open again
        if over_relay:
            self._node.meeting.proven_over_relay(m.to)

    def _late(self, s: Settled, ref: bytes, secret: bytes) -> None:
        if not same_secret(secret, s.secrets[ref]):
            raise Drop(Reason.BAD_PROOF)
        if s.state in (DELIVERED, READ):
            raise Drop(Reason.ACK_REPEAT)
        s.state = DELIVERED
        self._tell(s.visible, s.id, s.state)
        self._apply_read(s)

    def on_read(self, sender: bytes, ids: tuple[bytes, ...]) -> None:
        """Counts only for messages that went to its sender (CNT-8); kept where the ACK has not come yet."""
        for m in self.messages.values():
            if m.to == sender and m.id[:8] in ids:
                m.read = True
        for s in {id(s): s for s in self.settled.values() if s.to == sender and s.id[:8] in ids}.values():
            s.read = True
            self._apply_read(s)

    def _apply_read(self, s: Settled) -> None:
        if s.read and s.state == DELIVERED:
            s.state = READ
            self._tell(s.visible, s.id, READ)

    # Receipts and the end

    def move(self, m: Message, event: str) -> None:
        if m.move(event):
            self._tell(m.visible, m.id, m.state)

    def on_taken(self, k: Link, ref: bytes) -> None:
        found = self._refs.get(ref)
        if found is None:
            return  # every neighbour sends it for copies forwarded to it (LNK-21)
        m, sealed = found
        copy = sealed.copies.get(k.number)
        if copy is None or sealed.under_way_on != k.number:
            raise Drop(Reason.RECEIPT_UNKNOWN)
        self.schedule.taken(m, k, copy)
        if k.pk != m.to:
            self.move(m, "taken")

    def on_passed(self, k: Link, ref: bytes) -> None:
        found = self._refs.get(ref)
        if found is None and ref in self.settled:
            return
        if found is None or found[1].under_way_on != k.number:
            raise Drop(Reason.RECEIPT_UNKNOWN)
        self.move(found[0], "passed")

    def envelope(self, ref: bytes) -> tuple[Message, Sealed] | None:
        return self._refs.get(ref)

    def _end(self, m: Message, event: str | None = None) -> None:
        """Its payload goes; ref, secret and id stay for a late proof and for READ (DLV-4, DLV-5)."""
        if event is not None:
            self.move(m, event)
        m.waits, m.due = Waits.NOTHING, None
        for k in self._node.links.values():
            k.withdraw(m)
        self.messages.pop(m.id, None)
        s = Settled(m.id, m.to, m.expiry, m.visible, m.state, m.read, {e.ref: e.secret for e in m.sealed})
        for sealed in m.sealed:
            self._refs.pop(sealed.ref, None)
            if sealed.session is not None:
                sealed.session.settle(sealed.n, proven=False)
            self.settled[sealed.ref] = s
        while len(self.settled) > self._node.config.room("proofs"):
            del self.settled[next(iter(self.settled))]
        if self._node.config.durable:
            self._node.records.forget_message(m)
        self._apply_read(s)

    def _tell(self, visible: bool, id_: bytes, state: str) -> None:
        if visible:
            self._node.emit(StateIs(id_, state))

    # Time

    def new_way(self, handle: bytes) -> None:
        self.schedule.new_way(handle)

    def restored(self, m: Message) -> None:
        m.since = self._node.now
        self.messages[m.id] = m
        for sealed in m.sealed:
            self._refs[sealed.ref] = (m, sealed)

    def resume(self, m: Message) -> None:
        """After a restart it is sealed again in the first step, since relays may remember any of its attempts (SES-33), or
        waits for a session again."""
        if m.waits is Waits.SESSION:
            self.ask_for_session(m)
        else:
            m.waits, m.attempt, m.due = Waits.NOTHING, LAST_ATTEMPT, self._node.now

    def end_over(self) -> None:
        """DLV-3: Expired at expiry + SKEW by this node's clock, and not before."""
        unix = self._node.unix
        self._padded = {pk: at for pk, at in self._padded.items() if self._node.now - at < PAD_EVERY}
        if unix is None:
            for m in [m for m in self.messages.values() if self._node.now - m.since >= LIFE_MS]:
                self._end(m, "end")  # CON-13: no message lives longer
            return
        for m in [m for m in self.messages.values() if unix > m.expiry + self._node.config.skew]:
            self._end(m, "end")
        for ref in [ref for ref, s in self.settled.items() if unix > s.expiry + LATE]:
            del self.settled[ref]

    def give_up_handshakes(self) -> None:
        """SES-11: past the SEAL's expiry + SKEW, and after 60 s those whose SEAL is no longer under way."""
        node = self._node
        for ref, p in list(node.sessions.pending.items()):
            m, sealed = self._refs.get(ref, (None, None))
            gone = m is None or m.now is not sealed
            over = node.unix is not None and node.unix > p.expiry + node.config.skew
            if over or (gone and node.now - p.made >= GIVEN_UP_AFTER):
                del node.sessions.pending[ref]

    def deadline(self) -> int | None:
        """Without wall time the end comes by the monotonic clock (CON-13)."""
        if self._node.unix is not None:
            return None
        return min((m.since + LIFE_MS for m in self.messages.values()), default=None)

    def next_end(self) -> int | None:
        """The wall second at which the next message ends."""
        return min((m.expiry + self._node.config.skew + 1 for m in self.messages.values()), default=None)

