"""Which neighbour comes next (chapter "Routing": Choice, Learning)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .link import UNREACHABLE
from .neighbour import Link, smoothed

if TYPE_CHECKING:
    from .node import Node

FIRST_PROOF, TOP_RANK = 1_024, 8_192
FAILED_RANK = 128  # at most that: failed since it last answered or brought a proof
MOST_WAYS = 4  # per destination (RTE-40)
VOUCH_MS = 10 * 60_000
UNUSED_MS = 6 * 3_600_000


@dataclass
class Way:
    """A neighbour that answered or brought a proof for a destination. Ranks are per pair (RTE-24)."""

    rank: int = 0  # none before its first answer or proof
    proven: bool = False  # and did not fail since
    proven_at: int | None = None
    heard: int = 0  # when it last answered or brought a proof
    place: int = 0  # in the order of first answers and proofs, from 1
    distance: int | None = None  # as it answered; ranks and proves nothing (RTE-20)
    round_trip: int | None = None
    used: int = 0

    @property
    def failed(self) -> bool:
        return 0 < self.rank <= FAILED_RANK

    def order(self) -> tuple[bool, int, int]:
        """RTE-40."""
        return not self.proven, -self.rank, -self.place


@dataclass(frozen=True)
class Query:
    handle: bytes
    size: int
    attempt: int
    pk: bytes | None = None  # known at the sender; a relay knows the handle only (IDN-6)
    last: int | None = None  # the link that the attempt before left over
    in_link: Link | None = None


class Verdict(Enum):
    ASK = 1
    NOBODY = 2


class Routes:
    def __init__(self, node: Node) -> None:
        self._node = node
        self.ways: dict[tuple[bytes, int], Way] = {}
        self._places = 0

    def way(self, handle: bytes, number: int) -> Way:
        key = (handle, number)
        if key not in self.ways:
            same = [way_key for way_key in self.ways if way_key[0] == handle]
            if len(same) >= MOST_WAYS:
                self._forget_worst(same)
            if len(self.ways) >= self._node.config.room("routes"):
                del self.ways[next(iter(self.ways))]
            self.ways[key] = Way()
        self.ways[key].used = self._node.now
        return self.ways[key]

    def _heard(self, handle: bytes, number: int) -> Way:
        """It answers or brings a proof now."""
        way = self.way(handle, number)
        way.heard = self._node.now
        if not way.place:
            self._places += 1
            way.place = self._places
        return way

    def _forget_worst(self, keys: list[tuple[bytes, int]]) -> None:
        """RTE-40: not proven, lowest rank, longest without answer or proof."""
        del self.ways[min(keys, key=lambda k: (self.ways[k].proven, self.ways[k].rank, self.ways[k].heard))]

    # Choice

    def direct(self, q: Query) -> list[Link]:
        found = [k for k in self._usable(q) if (k.pk == q.pk if q.pk is not None else k.handle == q.handle)]
        return [k for k in found if not any(self.stays(o, k) for o in found if o.pk == k.pk and o is not k)]

    def direct_link(self, pk: bytes) -> Link | None:
        """Of two links to one neighbour the one that stays is the direct one (RTE-29)."""
        found = [k for k in self._node.links.values() if k.pk == pk]
        return next((k for k in found if not any(self.stays(o, k) for o in found if o is not k)), None)

    def known(self, handle: bytes) -> bool:
        """Whether this node itself knows of a way: a direct link, one that brought a proof or was answered for."""
        direct = any(k.handle == handle for k in self._node.links.values())
        return direct or any(dst == handle for dst, _ in self.ways)

    def stays(self, a: Link, b: Link) -> bool:
        """Whether a stays of two links to one neighbour: the lower key's, of one dialler's the newer (RTE-29)."""
        if a.dialed == b.dialed:
            return a.order > b.order
        return a.dialed == (self._node.me.pk < a.pk)

    def candidates(self, q: Query) -> list[Link]:
        """Neighbours that forward, other than the in-link's, whose `max_frame` takes the envelope."""
        barred = q.in_link.pk if q.in_link else None
        return [k for k in self._usable(q) if k.forwards and k.pk != barred]

    def _usable(self, q: Query) -> list[Link]:
        links = self._node.links.values()
        # Never back over the in-link (RTE-2); the order is that of the links, never of a hash (RTE-39).
        return [k for k in links if k is not q.in_link and k.carries(q.size, self._node.config.max_frame)]

    def choose(self, q: Query, may_ask: bool = True) -> Link | Verdict:
        """The order of the chapter's list; the link of the attempt before comes last (RTE-1)."""
        direct, candidates = self.direct(q), self.candidates(q)
        if direct and q.attempt <= 1:
            return direct[0]  # its second try included
        for k in direct + self._best(q, candidates):
            if k.number != q.last:
                return k
        others = [k for k in candidates if k.number != q.last]
        if len(candidates) > 1 and others:
            if may_ask and self._node.asks.may_ask(q.handle):
                return Verdict.ASK
            return self._walk(q, candidates)
        rest = others + direct + candidates
        return rest[0] if rest else Verdict.NOBODY

    def _walk(self, q: Query, candidates: list[Link]) -> Link:
        """RTE-3: attempt a takes number a mod k, or the one after it where the attempt before left over that one."""
        turn = [candidates[(q.attempt + i) % len(candidates)] for i in range(len(candidates))]
        return next(k for k in turn if k.number != q.last)

    def _best(self, q: Query, candidates: list[Link]) -> list[Link]:
        """Steps 2 and 3: proven ones first, then by rank, then the one known last (RTE-40); from attempt 2 on one that
        failed since counts no more (RTE-1)."""
        by_number = {k.number: k for k in candidates}
        known = [(n, way) for (dst, n), way in self.ways.items() if dst == q.handle and n in by_number]
        known = [(n, way) for n, way in known if q.attempt < 2 or not way.failed]
        return [by_number[n] for n, _ in sorted(known, key=lambda nw: nw[1].order())]

    # Learning

    def proven(self, handle: bytes, number: int) -> None:
        """RTE-21, RTE-23."""
        way = self._heard(handle, number)
        way.rank = min(TOP_RANK, max(way.rank, FIRST_PROOF) + 256) if way.rank else FIRST_PROOF
        way.proven, way.proven_at = True, self._node.now

    def lost(self, handle: bytes, number: int, taken: bool) -> None:
        """A copy was not proven within its wait, or a NACK came for it (RTE-22, RTE-35, RTE-36). One that has no rank
        gets none by it (RTE-40)."""
        way = self.ways.get((handle, number))
        if way is not None:
            way.used = self._node.now
            way.rank = max(1, min(way.rank // 2, FAILED_RANK)) if taken else 1
            way.proven = False

    def answered(self, handle: bytes, number: int, distance: int) -> None:
        """A positive REACH!: it ranks and never proves (RTE-20)."""
        way = self._heard(handle, number)
        way.distance = distance
        fresh = max(FAILED_RANK + 1, 224 - 32 * distance)
        way.rank = FAILED_RANK + 1 if way.failed else max(way.rank, fresh)

    def measured(self, handle: bytes, number: int, sample: int) -> None:
        way = self.way(handle, number)
        way.round_trip = smoothed(way.round_trip, sample)

    def vouched(self, handle: bytes, asker: Link) -> int | None:
        """RTE-18: ways proven within the last 10 minutes, not over the link the question came from. The distance is
        2 more than that neighbour answered (RTE-16)."""
        found: list[int] = []
        for (dst, number), way in self.ways.items():
            if dst == handle and number != asker.number and way.proven and way.proven_at is not None:
                if self._node.now - way.proven_at <= VOUCH_MS:
                    found.append(min((1 if way.distance is None else way.distance) + 2, UNREACHABLE - 1))
        return min(found, default=None)

    def link_down(self, number: int) -> None:
        """RTE-25."""
        self.ways = {key: way for key, way in self.ways.items() if key[1] != number}

    def purge(self) -> None:
        now = self._node.now
        self.ways = {key: way for key, way in self.ways.items() if now - way.used < UNUSED_MS}
