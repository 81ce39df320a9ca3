"""What comes to this node: one-shots, data, and their proof (chapters "Session": Opening, "Delivery": Receiving)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import content, handshake, transport
from .content import Content
from .conventions import LIFE, MS, same_secret
from .drops import Drop, Reason
from .envelope import NO_KEY, DataBody, Envelope, SealBody, commit_of
from .identity import handle_of
from .memory import Bucket
from .neighbour import Link
from .outputs import Deliver, SessionIs
from .sessions import Session
from .window import Replayed

if TYPE_CHECKING:
    from .node import Node

SMALLEST_QUOTA = 16  # of the table of opened one-shots, for each sender (SES-7)
Key = tuple[bytes, bytes]  # (sender's handle8, message id): the id alone will not do (CNT-6)


@dataclass
class Due:
    """An acknowledgement that is owed once the message is safe."""

    ref: bytes
    secret: bytes
    expiry: int
    in_link: int
    sid: bytes | None = None  # of the session it came in
    n: int = 0


@dataclass
class Waiting:
    sender: bytes
    id: bytes
    body: bytes
    in_session: bool
    direct: bool
    acks: list[Due]
    delivered: bool = False  # handed to the application
    acknowledged: bool = False
    spent: list[tuple[bytes, int]] = field(default_factory=list)  # (sid, n) it came under


@dataclass
class OneShot:
    """An opened one-shot, with what acknowledges it again (SES-7)."""

    sender: bytes
    secret: bytes
    expiry: int
    opened_at: int
    acknowledged: bool = False
    useful: bool = True  # its content is used and asks for an ACK
    id: bytes = b""  # of the message it brought


@dataclass
class Inbox:
    node: Node
    waiting: dict[Key, Waiting] = field(default_factory=dict)
    opened: dict[bytes, OneShot] = field(default_factory=dict)  # by ref
    delivered: dict[Key, None] = field(default_factory=dict)
    budget: Bucket = field(default_factory=lambda: Bucket(512, 31))  # SES-9; a link has half of it

    # One-shots, in the order of SES-6

    def on_seal(self, k: Link, env: Envelope, body: SealBody) -> None:
        node, ref = self.node, env.ref
        before = self.opened.get(ref)
        if before is not None:  # acknowledged again if it was, handed out never (DLV-17)
            node.receipt(k, ref)
            node.answers.repeat(k, ref)
            if before.acknowledged:
                node.acknowledge([k.number], ref, before.secret, before.expiry)
            else:
                self._came_again(k, ref)
            raise Drop(Reason.ALREADY_OPENED)
        if len(self.waiting) >= node.config.room("inbox"):
            raise Drop(Reason.INBOX_FULL)
        if len(self.opened) >= node.config.room("opened"):
            raise Drop(Reason.OPENED_FULL)
        if not (k.seals.take(node.now) and self.budget.take(node.now)):
            raise Drop(Reason.SEAL_BUDGET)
        if body.kid != 0:
            self._no_key(k, env)
            raise Drop(Reason.UNKNOWN_KID)  # ENV-10
        opened = handshake.open_seal(node.me, env)  # one that fails leaves nothing behind (SES-10)
        if not node.contacts.know(opened.sender):
            raise Drop(Reason.CONTACTS_FULL)
        payload: content.SealPayload | None = None
        try:
            payload = opened.payload()
        except Drop:
            pass  # authentic all the same: it is opened, and of no use (CNT-3)
        if payload is not None:
            node.answers.answer(k, opened, payload)
        quota = max(SMALLEST_QUOTA, node.config.room("opened") // 4)
        if sum(o.sender == opened.sender for o in self.opened.values()) >= quota:
            raise Drop(Reason.OPENED_FULL)  # SES-8
        entry = self.opened[ref] = OneShot(opened.sender, opened.ack_secret, env.expiry, node.now)
        try:
            if payload is None:
                raise Drop(Reason.BAD_CONTENT)
            c = content.parse(payload.content)
            entry.id = c.orig or ref if c.type == content.BYTES else b""
            self._use(k, env, c, opened.sender, Due(ref, opened.ack_secret, env.expiry, k.number), None)
        except Drop as drop:
            entry.useful &= drop.reason is Reason.ALREADY_DELIVERED
            raise
        finally:
            node.records.save_opened(ref, entry)  # follows the inbox record (DRV-18)

    # Data, in the order of SES-26

    def on_data(self, k: Link, env: Envelope, body: DataBody) -> None:
        node = self.node
        session = node.sessions.by_sid.get(body.sid)
        if session is None:
            self._no_key(k, env)
            raise Drop(Reason.UNKNOWN_SESSION)  # SES-31
        try:
            n = session.window.locate(body.n16)
        except Replayed as replay:
            if self._foreign(env, body, session, replay.n):
                self._no_key(k, env)
                raise Drop(Reason.UNKNOWN_SESSION) from None  # SES-31
            self._replayed(k, env, body, session, replay.n)
            raise
        if len(self.waiting) >= node.config.room("inbox"):
            raise Drop(Reason.INBOX_FULL)  # before the tag, so the counter is not spent
        try:
            plain = transport.open_data(env, body, session.window.key(n), n, node.me.pk)
        except Drop:
            if session.heard and not self._foreign(env, body, session, n):
                raise
            self._no_key(k, env)
            raise Drop(Reason.UNKNOWN_SESSION) from None
        secret = self._secret(session, n)
        transport.check_commit(env, body, secret)
        session.window.accept(n, node.now)
        if not session.heard:
            session.heard, session.resp = True, None  # SES-14
            if not session.initiator:
                self.node.emit(SessionIs(session.peer))
        due = Due(env.ref, secret, env.expiry, k.number, session.sid_in, n)
        try:
            c = content.parse(plain)
        except Drop:
            session.do_not_acknowledge(n)
            raise
        self._use(k, env, c, session.peer, due, session)

    def _no_key(self, k: Link, env: Envelope) -> None:
        """At most once per in-link and second, with bursts of up to 8 (SES-31)."""
        if k.no_keys.take(self.node.now):
            self.node.nack(k, env.ref, env.expiry, NO_KEY)

    def _foreign(self, env: Envelope, body: DataBody, session: Session, n: int) -> bool:
        """Its sender means another session of that name: the commitment is not this one's (SES-31)."""
        if body.commit is None:
            return False
        return not same_secret(body.commit, commit_of(env.expiry, env.dst, self._secret(session, n)))

    @staticmethod
    def _secret(session: Session, n: int) -> bytes:
        return transport.ack_secret_of(session.ack_root, 1 - session.send_dir, n)

    def _replayed(self, k: Link, env: Envelope, body: DataBody, session: Session, n: int) -> None:
        """TAKEN again; the ACK only where the message is safe and the envelope known to be the same (DLV-18)."""
        self.node.receipt(k, env.ref)
        self._came_again(k, env.ref)
        if session.overflowed or n in session.unacknowledged or body.commit is None:
            return
        if any(d.sid == session.sid_in and d.n == n for w in self.waiting.values() if not w.acknowledged for d in w.acks):
            return
        self.node.acknowledge([k.number], env.ref, self._secret(session, n), env.expiry)

    def _came_again(self, k: Link, ref: bytes) -> None:
        """The first ACK leaves over the in-link of the newest copy (DLV-21)."""
        for due in [due for w in self.waiting.values() if not w.acknowledged for due in w.acks if due.ref == ref]:
            due.in_link = k.number

    # Contents

    def _use(self, k: Link, env: Envelope, c: Content, sender: bytes, due: Due, session: Session | None) -> None:
        if c.type == content.BYTES:
            self._bytes(k, env, c, sender, due, session)
            return
        self.node.receipt(k, due.ref)
        if c.type == content.READ:
            self.node.outbox.on_read(sender, c.refs)
        elif c.type == content.CANDIDATES and session is not None:
            self.node.meeting.on_list(sender, c.candidates)  # in a one-shot it is acknowledged and no more
        self._settle(due, sender, c.asks_ack)

    def _bytes(self, k: Link, env: Envelope, c: Content, sender: bytes, due: Due, session: Session | None) -> None:
        key = (handle_of(sender), c.orig or due.ref)
        waits = self.waiting.get(key)
        if waits is not None and not waits.acknowledged and len(waits.acks) >= 2:
            self._refuse(due)
            raise Drop(Reason.RATE_LIMITED)  # DLV-26
        self.node.receipt(k, due.ref)
        if waits is not None and due.sid is not None:
            waits.spent.append((due.sid, due.n))
        if waits is not None and not waits.acknowledged:
            if c.asks_ack:
                waits.acks.append(due)
            else:
                self._refuse(due)
            raise Drop(Reason.ALREADY_DELIVERED)
        if waits is not None or key in self.delivered:
            self._settle(due, sender, c.asks_ack)
            raise Drop(Reason.ALREADY_DELIVERED)
        if not c.asks_ack:
            self._refuse(due)
        entry = Waiting(sender, key[1], c.body, session is not None, k.pk == sender, [due] if c.asks_ack else [])
        if due.sid is not None:
            entry.spent.append((due.sid, due.n))
        self.waiting[key] = entry
        if self.node.config.durable:
            self.node.records.save_waiting(entry)
        else:
            self.deliver(entry)

    def deliver(self, w: Waiting) -> None:
        if not w.delivered:
            w.delivered = True
            self.node.emit(Deliver(w.sender, w.id, w.body, w.in_session, w.direct))

    def _refuse(self, due: Due) -> None:
        """No copy of it is acknowledged either (CNT-4, DLV-26)."""
        if due.sid is None and due.ref in self.opened:
            self.opened[due.ref].useful = False
        session = self.node.sessions.by_sid.get(due.sid) if due.sid is not None else None
        if session is not None:
            session.do_not_acknowledge(due.n)

    def _settle(self, due: Due, sender: bytes, asks: bool) -> None:
        """The message is safe: acknowledge over the in-link, and over the direct link too (DLV-21)."""
        if not asks:
            self._refuse(due)
            return
        if due.ref in self.opened and due.sid is None:
            self.opened[due.ref].acknowledged = True
        direct = self.node.routes.direct_link(sender)
        links = [due.in_link] if direct is None else [due.in_link, direct.number]
        self.node.acknowledge(links, due.ref, due.secret, due.expiry)

    def safe(self, w: Waiting) -> None:
        """Taken by the application, or its record is durable (DLV-15)."""
        if not w.acknowledged:
            w.acknowledged = True
            for due in w.acks:
                self._settle(due, w.sender, True)

    def taken(self, sender: bytes, id_: bytes) -> bool:
        w = self.waiting.get((handle_of(sender), id_))
        if w is None or w.sender != sender:
            return False
        self.safe(w)
        del self.waiting[handle_of(sender), id_]
        self.delivered[handle_of(sender), id_] = None
        while len(self.delivered) > self.node.config.room("delivered"):
            del self.delivered[next(iter(self.delivered))]  # oldest out first (DLV-20)
        self.node.records.forget_waiting(w)
        return True

    def purge(self) -> None:
        """Opened one-shots live until expiry + SKEW, without wall time LIFE + SKEW from their opening (SES-7)."""
        node, skew = self.node, self.node.config.skew
        for ref, one in list(self.opened.items()):
            if node.unix is not None:
                over = node.unix > one.expiry + skew
            else:
                over = node.now - one.opened_at >= (LIFE + skew) * MS
            if over:
                del self.opened[ref]
                node.records.forget_opened(ref)
