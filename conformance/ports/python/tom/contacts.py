"""Identities dealt with (chapter "Memory": Contacts)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Node


class Contacts:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._used: dict[bytes, int] = {}

    def know(self, pk: bytes, own: bool = False) -> bool:
        """False where there is no room. A stranger unused for longest goes, one without a session; for a message
        of this node's own anybody with nothing under way. Those with open messages stay."""
        if pk not in self._used and len(self._used) >= self._node.config.room("contacts"):
            idle = [other for other in self._used if not self._busy(other, own)]
            if not idle:
                return False
            gone = min(idle, key=lambda other: self._used[other])
            del self._used[gone]
            for session in self._node.sessions.of(gone):
                self._node.sessions.drop(session)
        self._used[pk] = self._node.now
        return True

    def _busy(self, pk: bytes, own: bool) -> bool:
        node = self._node
        return (
            any(m.to == pk for m in node.outbox.messages.values())
            or any(w.sender == pk for w in node.inbox.waiting.values())
            or (not own and bool(node.sessions.of(pk)))
        )
