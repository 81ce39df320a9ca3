"""Two ends that talked over relays try to meet (chapter "Routing": Introduction)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import candidates, content
from .candidates import Candidate
from .drops import Refused
from .outputs import Dial

if TYPE_CHECKING:
    from .node import Node

MINUTE = 60_000
FIRST_REPEAT = 10_000
LAST_REPEAT = 600_000
REMEMBERED = 4
LIFE_S = 60


@dataclass
class Peer:
    sent_at: int | None = None
    acted_at: int | None = None
    known: tuple[Candidate, ...] = ()
    next_dial: int = 0
    pause: int = FIRST_REPEAT


class Meeting:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._peers: dict[bytes, Peer] = {}
        self.named: tuple[Candidate, ...] = ()  # the addresses the driver says this node can be dialled at
        self._seen: dict[Candidate, set[bytes]] = {}  # where neighbours see this node, and which

    def own_candidates(self) -> tuple[Candidate, ...]:
        """What the driver named, then where two different neighbours agree that they see this node (LNK-28, LNK-32)."""
        agreed = [c for c, who in self._seen.items() if len(who) >= 2 and c not in self.named]
        return (*self.named, *agreed)[: candidates.MAX_CANDIDATES]

    def seen(self, by: bytes, at: Candidate) -> None:
        """What a neighbour says; the newest four addresses are remembered, in the order they were first seen."""
        self._seen.setdefault(at, set()).add(by)
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _peer(self, pk: bytes) -> Peer:
        if pk not in self._peers and len(self._peers) >= self._node.config.room("contacts"):
            del self._peers[next(iter(self._peers))]
        return self._peers.setdefault(pk, Peer())

    def _met(self, pk: bytes) -> bool:
        return any(k.pk == pk for k in self._node.links.values())

    def proven_over_relay(self, pk: bytes) -> None:
        """RTE-26, and RTE-27: so it dials when it holds a list already."""
        if not self._met(pk):
            self._send(pk)
            self._dial(pk, self._peer(pk))

    def _send(self, pk: bytes) -> None:
        node, peer = self._node, self._peer(pk)
        own = self.own_candidates()
        expiry = None if node.unix is None else node.unix + LIFE_S  # a list is stale soon
        session = node.sessions.usable(pk, node.now)
        if not own or expiry is None or session is None or not session.open_window():
            return
        if peer.sent_at is not None and node.now - peer.sent_at < MINUTE:
            return
        try:
            node.outbox.control(pk, content.CANDIDATES, candidates.encode(own), expiry, session_only=True)
        except Refused:
            return  # no room: nothing depends on it
        peer.sent_at = node.now

    def on_list(self, pk: bytes, items: tuple[Candidate, ...]) -> None:
        """At most one list per peer and minute, from inside a session (RTE-31)."""
        peer = self._peer(pk)
        if self._met(pk):
            peer.known = items  # held for the time when that link is gone (RTE-27)
            return
        if peer.acted_at is not None and self._node.now - peer.acted_at < MINUTE:
            return
        peer.acted_at, peer.known = self._node.now, items  # for that peer only (RTE-30)
        self._send(pk)
        self._dial(pk, peer)

    def _dial(self, pk: bytes, peer: Peer) -> None:
        """Again with a proof over a relay, once 10 s, doubling to 10 min, have passed since it failed (RTE-28)."""
        if peer.known and self._node.now >= peer.next_dial:
            peer.next_dial = self._node.now + peer.pause
            self._node.emit(Dial(pk, peer.known))

    def dial_failed(self, pk: bytes) -> None:
        peer = self._peers.get(pk)
        if peer is not None:
            peer.next_dial = self._node.now + peer.pause
            peer.pause = min(2 * peer.pause, LAST_REPEAT)

    def link_up(self, pk: bytes) -> None:
        peer = self._peers.get(pk)
        if peer is not None:
            peer.pause, peer.next_dial = FIRST_REPEAT, 0
