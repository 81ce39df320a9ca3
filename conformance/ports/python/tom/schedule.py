"""When a message's next copy leaves, and over which link (chapter "Delivery": Retry schedule)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import link
from .envelope import MAX_HOP, with_path
from .message import Copy, Message, Sealed, Waits
from .neighbour import Link, Outgoing, queue_of, smoothed
from .routing import Query, Verdict

if TYPE_CHECKING:
    from .node import Node

FIRST_WAIT = 300
PROOF_WAIT = 700
LONGEST_WAIT = 3_600_000
HASTENED_AFTER = 1_000  # DLV-13
LAST_ATTEMPT = 15
PAD_EVERY = 60_000


class Schedule:
    def __init__(self, node: Node) -> None:
        self._node = node

    # Leaving

    def dispatch(self, m: Message, may_ask: bool = True) -> None:
        """Chooses the next hop anew (RTE-1) and puts the copy in its link's queue."""
        now = m.now
        if now is None:
            return
        m.due = None
        if m.barrier:
            m.waits = Waits.DISK
            return
        last = m.last_link if m.attempt else None
        q = Query(m.handle, len(now.env.raw), m.attempt, m.to, last)
        chosen = self._node.routes.choose(q, may_ask)
        if chosen is Verdict.ASK:
            m.waits = Waits.ANSWER
            if self._node.asks.wait(q, lambda knows: self._answered(m, knows)):
                return
            chosen = self._node.routes.choose(q, may_ask=False)
        if isinstance(chosen, Link) and self._node.unix is None and chosen.pk != m.to:
            chosen = Verdict.NOBODY  # a copy it holds goes to its recipient only (CON-13)
        if isinstance(chosen, Link):
            self._queue(m, now, chosen)
        else:
            m.waits = Waits.LINK

    def _answered(self, m: Message, knows: bool) -> None:
        """Hearing of a way is what brings a copy on; hearing nothing changes nothing of why it leaves (DLV-9)."""
        if m.waits is Waits.ANSWER:
            m.early = m.early or knows
            self.dispatch(m, may_ask=False)

    def _queue(self, m: Message, now: Sealed, k: Link) -> None:
        m.waits, m.queued = Waits.NOTHING, k.number
        # A retry differs in `path` only (DLV-7).
        frame = link.EnvelopeFrame(with_path(now.env.raw, m.attempt, MAX_HOP))
        k.put(queue_of(m.class_), Outgoing(link.encode(frame), m, lambda: self._left(m, now, k)))

    def _left(self, m: Message, now: Sealed, k: Link) -> None:
        m.queued, m.last_link, m.left_at = None, k.number, self._node.now
        self._count(m)
        m.alone = m.sends == 0
        m.sends += 1
        now.copies[k.number] = Copy(m.attempt, self._node.now)
        m.hastened = m.early = m.renewed = False
        m.due = self._node.now + self._wait(m, max(FIRST_WAIT, 3 * (k.round_trip or 0)))

    @staticmethod
    def _count(m: Message) -> None:
        """What was due doubles the wait, and so does sealing again; what something else brought on does not (DLV-9)."""
        if not m.begun:
            m.begun = True
        elif m.early and not m.renewed:
            m.undoubled += 1
        else:
            m.doublings += 1
            m.undoubled = 0

    @staticmethod
    def _wait(m: Message, base: int) -> int:
        """Up to 1 h (DLV-9)."""
        return min(base << min(m.doublings, 40), LONGEST_WAIT)

    # What hastens and what puts off

    def taken(self, m: Message, k: Link, copy: Copy) -> None:
        """TAKEN ends the short wait; from here on it is the proof that is waited for (DLV-8)."""
        if copy.taken:
            return
        copy.taken = True
        k.round_trip = smoothed(k.round_trip, self._node.now - copy.left_at)
        if m.last_link == k.number and m.due is not None and not m.hastened:
            way = self._node.routes.ways.get((m.handle, k.number))
            base = max(PROOF_WAIT, 3 * ((way.round_trip if way else None) or 0))
            m.due = self._node.now + self._wait(m, base)

    def hasten(self, m: Message, knows: bool = False) -> None:
        """Not sooner than one second after the last copy left (DLV-13), and never later than it was due. What waits
        for an answer waits no longer (DLV-28)."""
        if m.waits is Waits.ANSWER:
            self._answered(m, knows)
        elif m.due is not None:
            at = max(self._node.now, m.left_at + HASTENED_AFTER)
            if at < m.due:
                m.due, m.hastened = at, True

    def nacked(self, m: Message, k: Link) -> None:
        """A NACK is a hint of a neighbour that may lie: it hurries no more often than there are others to try (RTE-36)."""
        others = sum(o.forwards for o in self._node.links.values() if o is not k)
        if m.undoubled < others:
            self.hasten(m)

    def new_way(self, handle: bytes) -> None:
        """DLV-12: a link to the destination, or a positive REACH!."""
        for m in self._node.outbox.to_handle(handle):
            if m.waits is Waits.LINK:
                self._look_again(m)
            else:
                self.hasten(m, knows=True)

    def link_up(self) -> None:
        """A link came up or said HELLO: something waits for one, perhaps for this one (DLV-28)."""
        for m in list(self._node.outbox.messages.values()):
            if m.waits is Waits.LINK:
                self._look_again(m)
            elif m.waits is Waits.NOTHING and m.due is not None and self._stranded(m):
                self.hasten(m)

    def _stranded(self, m: Message) -> bool:
        """Whether the link of its last copy is gone, or is of no use to it any more."""
        k = self._node.links.get(m.last_link) if m.last_link is not None else None
        return k is None or not (k.forwards or k.pk == m.to)

    def _look_again(self, m: Message) -> None:
        """It leaves now, but not sooner than one second after its last copy (DLV-13)."""
        m.early = True
        m.due = max(self._node.now, m.left_at + HASTENED_AFTER) if m.sends else self._node.now
        if m.due <= self._node.now:
            self.dispatch(m)

    def link_down(self, number: int) -> None:
        """DLV-11; the loss of a first copy with its link is made good at once (DLV-13)."""
        for m in list(self._node.outbox.messages.values()):
            if m.queued == number:
                m.queued = None  # it goes another way at once, for the reason it had before
                self.dispatch(m)
            elif m.last_link == number and m.waits is Waits.ANSWER:
                self.hasten(m)
            elif m.last_link == number and m.waits is Waits.NOTHING and m.due is not None:
                if m.sends == 1:
                    m.early = True
                    self.advance(m)
                else:
                    self.hasten(m)
            if m.last_link == number:
                m.last_link = None  # the number may come again, for another link

    def refused(self, m: Message, sealed: Sealed, number: int, attempt: int) -> None:
        """The link did not take a copy: lost, unless TAKEN came (DLV-11)."""
        copy = sealed.copies.get(number)
        if copy is not None and copy.attempt == attempt and not copy.taken:
            if m.now is sealed and m.last_link == number and m.attempt == attempt:
                self.hasten(m)

    # Time

    def deadline(self) -> int | None:
        return min((m.due for m in self._node.outbox.messages.values() if m.due is not None), default=None)

    def run(self) -> None:
        self._run_due()
        self._run_due()  # a held message that fell due hastens what asks for its session (DLV-24): due at this very moment

    def _run_due(self) -> None:
        now = self._node.now
        due = [m for m in self._node.outbox.messages.values() if m.due is not None and m.due <= now]
        for m in sorted(due, key=lambda m: m.due or 0):  # in the order it became due
            if m.waits is Waits.SESSION:
                self._node.outbox.seal_again(m)  # there may be a session by now; else it is asked for
            elif m.waits is Waits.LINK:
                self.dispatch(m)
            elif m.due is not None and m.due <= now:
                self._next(m)

    def _next(self, m: Message) -> None:
        """The wait is over without a proof: that neighbour ranks lower (RTE-22), and the next attempt leaves."""
        k = self._node.links.get(m.last_link) if m.last_link is not None else None
        if k is not None and k.pk != m.to:
            copy = m.now.copies.get(k.number) if m.now is not None else None
            self._node.routes.lost(m.handle, k.number, taken=copy is not None and copy.taken)
        m.early = m.hastened
        self.advance(m)

    def advance(self, m: Message) -> None:
        if m.attempt < LAST_ATTEMPT:
            m.attempt += 1
            self.dispatch(m)
        else:
            self._node.outbox.seal_again(m)
