"""Copies on their way to others, and the answers' way back (chapter "Routing": Forwarding, Return routes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import link
from .conventions import LIFE, MS, same_secret
from .drops import Drop, Reason
from .envelope import FULL, NACK_NO_ROUTE, NACK_TOO_BIG, SMALL_ENVELOPE, Envelope, NackBody, RespBody, commit_of, with_path
from .neighbour import Link, Outgoing, queue_of
from .routing import Query, Verdict

if TYPE_CHECKING:
    from .node import Node

HOLD_MS = 2_000  # RTE-6
LONGEST_MS = 65_535  # of a trace entry


@dataclass
class Return:
    """One entry per envelope: it finds the way back and knows duplicates."""

    ref: bytes
    expiry: int
    dst: bytes
    commit: bytes | None
    in_first: int
    in_newest: int
    out_newest: int | None = None
    attempts: set[int] = field(default_factory=set)
    copies: int = 0
    proven: int = 0  # dropped for an ACK before they left (DLV-23)
    at: int = 0
    acks: int = 0
    resps: int = 0
    nacks: int = 0
    passed: bool = False

    def back(self) -> list[int]:
        """The in-link of the newest copy and, if it is another, that of the first (RTE-10)."""
        return list(dict.fromkeys([self.in_newest, self.in_first]))


@dataclass
class Held:
    """A copy that waits for an answer or in a queue, 2 s at most."""

    env: Envelope
    frame: link.EnvelopeFrame
    in_link: Link
    since: int
    queued: Link | None = None


class Relay:
    def __init__(self, node: Node) -> None:
        self._node = node
        self.returns: dict[bytes, Return] = {}
        self.held: list[Held] = []

    # Forwarding

    def forward(self, k: Link, env: Envelope, frame: link.EnvelopeFrame) -> None:
        node, ref = self._node, env.ref
        if not node.config.forwards:
            raise Drop(Reason.NO_ROUTE)  # a leaf forwards nothing, and no NACK comes of it (RTE-34)
        entry = self.returns.get(ref)
        if entry is not None and env.attempt in entry.attempts:
            node.receipt(k, ref)
            raise Drop(Reason.DUPLICATE)  # RTE-4
        if env.hop == 0:
            raise Drop(Reason.NO_HOPS)  # RTE-5
        room = node.config.room("forwards")
        mine = sum(h.in_link is k for h in self.held)
        if len(self.held) >= room or (mine and mine >= max(1, 3 * (room // 4))):
            raise Drop(Reason.FORWARD_FULL)
        if entry is not None and entry.out_newest is not None and entry.acks < entry.copies:
            if env.attempt > max(entry.attempts, default=0):
                node.routes.lost(entry.dst, entry.out_newest, taken=True)  # its sender had no proof (RTE-22)
        q = self._query(k, env)
        chosen = node.routes.choose(q)
        held = Held(env, frame, k, node.now)
        self._enter(held)
        if chosen is Verdict.ASK:
            if node.asks.wait(q, lambda _knows: self._answered(held)):
                self.held.append(held)
                node.receipt(k, ref)
                return
            chosen = node.routes.choose(q, may_ask=False)
        if not isinstance(chosen, Link):
            self._no_way(held)
        else:
            self._put(held, chosen)
            node.receipt(k, ref)

    def _query(self, k: Link, env: Envelope) -> Query:
        entry = self.returns.get(env.ref)
        last = entry.out_newest if entry is not None and env.attempt > 0 else None
        return Query(env.dst, len(env.raw), env.attempt, None, last, k)

    def _answered(self, held: Held) -> None:
        if held not in self.held or held.queued is not None:
            return
        # What neighbours answered is newer than what the attempt before came to (RTE-1).
        q = Query(held.env.dst, len(held.env.raw), held.env.attempt, None, None, held.in_link)
        chosen = self._node.routes.choose(q, may_ask=False)
        if not isinstance(chosen, Link):
            self._give_up(held, Reason.NO_ROUTE)
            return
        self.held.remove(held)
        try:
            self._put(held, chosen)
        except Drop as drop:
            self._node.drop(drop.reason)
            if drop.reason is Reason.FORWARD_FULL:
                self._node.nack(held.in_link, held.env.ref, held.env.expiry, FULL)  # TAKEN was said before

    def _no_way(self, held: Held) -> None:
        """No candidate: NACK at once. What not every relay carries is too big, and hears what passes everywhere."""
        node, env = self._node, held.env
        self._unremember(held)
        if len(env.raw) > SMALL_ENVELOPE:
            node.nack(held.in_link, env.ref, env.expiry, NACK_TOO_BIG, SMALL_ENVELOPE)
            raise Drop(Reason.TOO_BIG)
        node.nack(held.in_link, env.ref, env.expiry, NACK_NO_ROUTE)
        raise Drop(Reason.NO_ROUTE)

    def _put(self, held: Held, out: Link) -> None:
        """Into the out-link's queue; the return entry stands before the copy leaves (RTE-9)."""
        env, room = held.env, self._node.config.room("forwards")
        if out.blocked and sum(h.queued is out for h in self.held) >= max(1, room // 4):
            self._unremember(held)
            raise Drop(Reason.FORWARD_FULL)  # MEM-3: a quarter for one that takes nothing
        self._remember(held, out)
        held.queued = out
        self.held.append(held)
        raw = with_path(env.raw, env.attempt, env.hop - 1)
        item = Outgoing(b"", held, lambda: self._left(held, out))
        item.frame = link.encode(link.EnvelopeFrame(raw, self._trace(held, out)))
        out.put(queue_of(env.class_), item)

    def _trace(self, held: Held, out: Link) -> tuple[tuple[bytes, int], ...] | None:
        """Appends itself only when the envelope asks for it, and never as a ninth entry (LNK-15). Other trailers
        are not passed on (LNK-14, LNK-16)."""
        if not held.env.trace:
            return None
        trace = held.frame.trace or ()
        if len(trace) < link.MAX_TRACE:
            ms = min(self._node.now - held.since, LONGEST_MS)
            trace += ((self._node.me.handle[:4], ms),)
        size = 5 + len(held.env.raw) + 2 + 6 * len(trace)
        return trace if size <= out.limit(self._node.config.max_frame) else None

    def _enter(self, held: Held) -> Return:
        """The entry stands from a copy's arrival on, also when nothing came of that copy (RTE-9)."""
        env, number = held.env, held.in_link.number
        entry = self.returns.get(env.ref)
        if entry is None:
            if len(self.returns) >= self._node.config.room("returns"):
                del self.returns[min(self.returns, key=lambda ref: self.returns[ref].at)]
            entry = self.returns[env.ref] = Return(env.ref, env.expiry, env.dst, env.commit, number, number)
            entry.at = self._node.now
        entry.in_newest = number
        entry.attempts.add(env.attempt)
        return entry

    def _remember(self, held: Held, out: Link) -> None:
        entry = self._enter(held)
        entry.out_newest, entry.at = out.number, self._node.now
        entry.copies += 1

    def _left(self, held: Held, out: Link) -> None:
        """Handed on: the payload is forgotten (DLV-22), and no other out-link will be tried (RTE-7)."""
        self.held.remove(held)
        entry = self.returns.get(held.env.ref)
        if entry is not None:
            entry.at = self._node.now
        if held.env.commit is not None and out.handle == held.env.dst:
            self._node.put_to(held.in_link.number, link.Passed(held.env.ref))  # LNK-19

    def run(self) -> None:
        """2 s at most; the attempt is then not remembered (RTE-6)."""
        for held in [h for h in self.held if self._node.now - h.since >= HOLD_MS]:
            self._give_up(held, Reason.FORWARD_FULL if held.queued else Reason.NO_ROUTE)

    def _give_up(self, held: Held, reason: Reason) -> None:
        self.held.remove(held)
        if held.queued is not None:
            held.queued.withdraw(held)
        self._unremember(held)
        self._node.drop(reason)
        code = FULL if reason is Reason.FORWARD_FULL else NACK_NO_ROUTE
        self._node.nack(held.in_link, held.env.ref, held.env.expiry, code)

    def _unremember(self, held: Held) -> None:
        """Another copy of this attempt may be forwarded (RTE-6)."""
        entry = self.returns.get(held.env.ref)
        if entry is not None:
            entry.attempts.discard(held.env.attempt)
            entry.copies -= held.queued is not None

    def deadline(self) -> int | None:
        return min((h.since + HOLD_MS for h in self.held), default=None)

    def link_down(self, k: Link) -> None:
        for held in [h for h in self.held if h.queued is k]:
            self._give_up(held, Reason.NO_ROUTE)

    # The way back

    def _entry(self, ref: bytes, unknown: Reason, expiry: int | None = None) -> Return:
        entry = self.returns.get(ref)
        if entry is None:
            raise Drop(unknown)  # RTE-12
        unix = self._node.unix
        if unix is not None and unix > (entry.expiry if expiry is None else expiry) + self._node.config.skew:
            raise Drop(Reason.EXPIRED)  # ENV-24: for a pair of an ACK that of the return entry
        return entry

    def pass_ack(self, k: Link, ref: bytes, secret: bytes) -> None:
        """RTE-10, RTE-11; a proof that fits teaches the way it came (RTE-21)."""
        entry = self._entry(ref, Reason.ACK_UNKNOWN)
        if entry.commit is not None and not same_secret(entry.commit, commit_of(entry.expiry, entry.dst, secret)):
            raise Drop(Reason.BAD_PROOF)
        most, alone = self._most(entry), entry.copies == 1 and not self._queued(ref)
        if entry.commit is not None:
            for held in [h for h in self.held if h.env.ref == ref]:
                self._drop_payload(held)  # DLV-23
        if entry.acks >= most:
            raise Drop(Reason.ACK_REPEAT)
        self._has_way(entry)
        entry.acks += 1
        self._node.acknowledge(entry.back(), ref, secret, entry.expiry)
        if entry.commit is not None and entry.out_newest == k.number:  # what was not passed on teaches nothing
            self._node.routes.proven(entry.dst, k.number)
            if alone and entry.acks == 1:  # no doubt which copy it answers
                self._node.routes.measured(entry.dst, k.number, self._node.now - entry.at)

    def _most(self, entry: Return) -> int:
        """How often an answer may pass: the copies that were forwarded, dropped for an ACK or still held (RTE-10).
        What is in a queue has been counted."""
        return entry.copies + entry.proven + sum(h.env.ref == entry.ref and h.queued is None for h in self.held)

    def _queued(self, ref: bytes) -> bool:
        return any(h.env.ref == ref and h.queued is not None for h in self.held)

    def _drop_payload(self, held: Held) -> None:
        """It counts on for the answers and its attempt stays known (RTE-10, DLV-23), but it was not handed on."""
        entry = self.returns[held.env.ref]
        self.held.remove(held)
        entry.proven += 1
        if held.queued is not None:
            held.queued.withdraw(held)
            entry.copies -= 1

    def pass_resp(self, k: Link, env: Envelope, body: RespBody) -> None:
        entry = self._entry(body.ref, Reason.RESP_UNKNOWN, env.expiry)
        if entry.out_newest != k.number:
            raise Drop(Reason.WRONG_LINK)
        if env.hop == 0:
            raise Drop(Reason.NO_HOPS)
        if entry.resps >= self._most(entry):
            raise Drop(Reason.ACK_REPEAT)
        self._has_way(entry)
        entry.resps += 1
        self._back(entry, with_path(env.raw, env.attempt, env.hop - 1))

    def pass_nack(self, k: Link, env: Envelope, body: NackBody) -> None:
        entry = self._entry(body.ref, Reason.NACK_UNKNOWN, env.expiry)
        if entry.out_newest != k.number:
            raise Drop(Reason.BAD_NACK)  # RTE-35
        if entry.nacks >= self._most(entry):
            raise Drop(Reason.NACK_LIMITED)
        entry.nacks += 1
        if body.code == NACK_NO_ROUTE:
            self._node.routes.lost(entry.dst, k.number, taken=False)
        self._back(entry, with_path(env.raw, 0, 8))  # a new envelope with hop 8 (RTE-13)

    def pass_passed(self, k: Link, ref: bytes) -> None:
        entry = self.returns.get(ref)
        if entry is None or entry.out_newest != k.number:
            raise Drop(Reason.RECEIPT_UNKNOWN)
        if entry.passed:
            raise Drop(Reason.RECEIPT_UNKNOWN)  # once (RTE-10)
        entry.passed = True
        for number in entry.back():
            self._node.put_to(number, link.Passed(ref))  # LNK-20

    def _has_way(self, entry: Return) -> None:
        """A lost in-link is not replaced (RTE-14)."""
        if not any(number in self._node.links for number in entry.back()):
            raise Drop(Reason.NO_ROUTE)

    def _back(self, entry: Return, raw: bytes) -> None:
        for number in entry.back():
            k = self._node.links.get(number)
            if k is not None:
                self._node.send_answer(k, raw)

    def purge(self) -> None:
        old = [ref for ref, entry in self.returns.items() if self._node.now - entry.at >= LIFE * MS]
        for ref in old:
            del self.returns[ref]
