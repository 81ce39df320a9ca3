"""REACH? and REACH! (chapter "Routing": Asking)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import link
from .drops import Drop, Reason
from .neighbour import FIRST, Link
from .routing import Query

if TYPE_CHECKING:
    from .node import Node

OWN_WAIT = 400
PASSED_WAIT = 300  # leaves the answer time to come within the asker's 400 (RTE-17)
NOBODY_KNEW_MS = 30_000
MOST_ASKED = 16
GONE = -1  # no link: in place of one that went down before it answered


@dataclass
class Ask:
    handle: bytes
    nonce: int
    deadline: int
    open: set[int]  # links that were asked and have not answered
    asker: tuple[int, int] | None = None  # a neighbour's link and nonce, else a question of one's own
    waiting: list[Callable[[bool], None]] = field(default_factory=list)  # each hears whether somebody knows
    positive: bool = False


class Asks:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._asks: dict[int, Ask] = {}  # by nonce
        self._nobody: dict[bytes, int] = {}
        self._turn = 0

    def may_ask(self, handle: bytes) -> bool:
        """Not within 30 s after nobody knew (RTE-15), and only with room for it: else the copy walks."""
        asked = self._nobody.get(handle)
        if asked is not None and self._node.now - asked < NOBODY_KNEW_MS and not self._node.routes.known(handle):
            return False
        return self._own(handle) is not None or len(self._asks) < self._node.config.room("asks")

    def _own(self, handle: bytes) -> Ask | None:
        """Questions of one's own for one handle are shared (RTE-19)."""
        return next((a for a in self._asks.values() if a.handle == handle and a.asker is None and a.open), None)

    def wait(self, q: Query, resume: Callable[[bool], None]) -> bool:
        """Asks all neighbours that forward, or joins who asked already; `resume` goes on. False where nobody could be
        asked. A question belongs to no copy, so the in-link of one and links too narrow for it are asked as well."""
        ask = self._own(q.handle)
        if ask is None:
            links = [k for k in self._node.links.values() if k.forwards]
            ask = self._put(q.handle, links, link.MAX_REACH_TTL, OWN_WAIT, None)
        if ask is not None:
            ask.waiting.append(resume)
        return ask is not None

    def _put(
        self, handle: bytes, links: list[Link], ttl: int, wait: int, asker: tuple[int, int] | None
    ) -> Ask | None:
        now = self._node.now
        if len(links) > MOST_ASKED:  # another part of them each time
            start = self._turn % len(links)
            self._turn += MOST_ASKED
            links = (links[start:] + links[:start])[:MOST_ASKED]
        asked = [k for k in links if k.asked.take(now)]
        if not asked:
            return None
        nonce = self._node.entropy.nonce()
        frame = link.ReachQuestion(handle, nonce, ttl)
        for k in asked:
            self._node.put(k, FIRST, frame)
        ask = Ask(handle, nonce, now + wait, {k.number for k in asked}, asker)
        self._asks[ask.nonce] = ask
        return ask

    # What comes in

    def question(self, k: Link, q: link.ReachQuestion) -> None:
        if not k.answered.take(self._node.now):
            raise Drop(Reason.RATE_LIMITED)  # LNK-24
        distance = self._know(k, q.handle)
        if distance is None and q.ttl > 1 and len(self._asks) < self._node.config.room("asks"):
            others = self._node.routes.candidates(Query(q.handle, 0, 0, in_link=k))
            if self._put(q.handle, others, q.ttl - 1, PASSED_WAIT, (k.number, q.nonce)) is not None:
                return
        self._answer(k.number, q.handle, q.nonce, link.UNREACHABLE if distance is None else distance)

    def _end_without_answer(self, handle: bytes, number: int, nonce: int) -> None:
        """Nobody asked knows: what this node itself reaches by now, else 255 (RTE-17)."""
        k = self._node.links.get(number)
        if k is not None:
            distance = self._know(k, handle)
            self._answer(number, handle, nonce, link.UNREACHABLE if distance is None else distance)

    def _know(self, k: Link, handle: bytes) -> int | None:
        """RTE-16; a leaf, which forwards nothing, answers 0 or 255."""
        if handle == self._node.me.handle:
            return 0
        if not self._node.config.forwards:
            return link.UNREACHABLE
        if any(other.handle == handle for other in self._node.links.values() if other is not k):
            return 1
        return self._node.routes.vouched(handle, k)

    def _answer(self, number: int, handle: bytes, nonce: int, distance: int) -> None:
        k = self._node.links.get(number)
        if k is not None:
            self._node.put(k, FIRST, link.ReachAnswer(handle, nonce, distance))

    def answer(self, k: Link, a: link.ReachAnswer) -> None:
        ask = self._asks.get(a.nonce)
        if ask is None or ask.handle != a.handle or k.number not in ask.open:
            raise Drop(Reason.REACH_UNKNOWN)  # LNK-25
        ask.open.discard(k.number)
        if a.distance != link.UNREACHABLE:
            self._positive(ask, k, a.distance)
        self._settle(ask)

    def _positive(self, ask: Ask, k: Link, distance: int) -> None:
        self._node.routes.answered(ask.handle, k.number, distance)
        ask.positive = True
        if ask.asker is not None:  # the first positive answer goes back plus 1, and ends the question (RTE-16)
            self._answer(ask.asker[0], ask.handle, ask.asker[1], min(distance + 1, 254))
            ask.open.clear()
            return  # what waits here has a question of its own (RTE-19)
        self._resume(ask, True)
        self._node.outbox.new_way(ask.handle)

    def _settle(self, ask: Ask) -> None:
        """All have answered: nobody needs to wait for the time to pass."""
        if ask.open or self._asks.pop(ask.nonce, None) is None:
            return
        if ask.asker is not None:
            if not ask.positive:
                self._end_without_answer(ask.handle, *ask.asker)
        else:
            if not ask.positive and not self._node.routes.known(ask.handle):
                self._nobody[ask.handle] = self._node.now
            self._resume(ask, False)

    @staticmethod
    def _resume(ask: Ask, knows: bool) -> None:
        waiting, ask.waiting = ask.waiting, []
        for resume in waiting:
            resume(knows)

    def link_down(self, number: int) -> None:
        self._nobody.clear()  # the neighbours are others now
        for ask in list(self._asks.values()):
            if ask.asker is not None and ask.asker[0] == number:
                del self._asks[ask.nonce]
            elif number in ask.open:
                ask.open.discard(number)
                ask.open.add(GONE)  # it said nothing and never will: the wait for it passes to its end (RTE-17)

    # Time

    def deadline(self) -> int | None:
        return min((ask.deadline for ask in self._asks.values()), default=None)

    def run(self) -> None:
        for ask in [a for a in self._asks.values() if a.deadline <= self._node.now]:
            ask.open.clear()
            self._settle(ask)
        if len(self._nobody) > self._node.config.room("routes"):
            del self._nobody[next(iter(self._nobody))]
