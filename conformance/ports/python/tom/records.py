"""What a durable node asks its driver to keep, and what waits for it (chapter "The node and its driver": Records)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import stored
from .conventions import MS
from .identity import handle_of
from .inbox import OneShot, Waiting
from .message import Message
from .outputs import Forget, Persist
from .sessions import GONE_MS, Session

if TYPE_CHECKING:
    from .node import Node

SESSION, OUTBOX, INBOX, OPENED = 1, 2, 3, 4
OFFERED_AGAIN = 10_000  # not at once, but within a minute (DRV-15)

Where = tuple[int, bytes]
Version = tuple[int, bytes, int]


@dataclass
class Record:
    version: int  # the newest put out
    written: dict[int, Any] = field(default_factory=dict)  # by version, until the disk has it or a later one
    durable: int = 0
    again: int | None = None


class Records:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._version = 0
        self._records: dict[Where, Record] = {}
        self._after: list[tuple[Version, Callable[[], None]]] = []
        self.disk: dict[Where, Any] = {}

    @property
    def _on(self) -> bool:
        return self._node.config.durable

    def _save(self, kind: int, key: bytes, value: Any) -> Version:
        """A version that grows with each change (DRV-14)."""
        self._version += 1
        record = self._records.setdefault((kind, key), Record(0))
        record.version = self._version
        record.written[self._version] = json.loads(json.dumps(value))
        record.again = None
        self._node.emit(Persist(kind, key, self._version))
        return kind, key, self._version

    def _forget(self, kind: int, key: bytes) -> None:
        if self._records.pop((kind, key), None) is not None:
            self.disk.pop((kind, key), None)
            self._node.emit(Forget(kind, key))
            self._satisfied(kind, key, 1 << 62)  # nothing waits for what is gone

    def _open(self, kind: int, key: bytes) -> Version | None:
        record = self._records.get((kind, key))
        if record is None or record.durable >= record.version:
            return None
        return kind, key, record.version

    def _when(self, version: Version | None, action: Callable[[], None]) -> None:
        if version is None:
            action()
        else:
            self._after.append((version, action))

    # The four kinds

    def save_session(self, s: Session) -> None:
        if self._on and self._node.unix is not None:
            made = self._node.unix - (self._node.now - s.made) // MS
            self._save(SESSION, s.sid_in, stored.session_out(s, made))

    def open_version(self, s: Session) -> Version | None:
        return self._open(SESSION, s.sid_in)

    def save_message(self, m: Message) -> Version:
        """One record under one key, however often it is sealed again (DRV-19)."""
        return self._save(OUTBOX, m.id, stored.message_out(m))

    def forget_message(self, m: Message) -> None:
        self._forget(OUTBOX, m.id)

    def save_waiting(self, w: Waiting) -> None:
        """Persisted, then ACK, then the application, any time (DLV-15)."""

        def safe() -> None:
            self._node.inbox.safe(w)
            self._node.inbox.deliver(w)

        self._when(self._save(INBOX, handle_of(w.sender) + w.id, stored.waiting_out(w)), safe)

    def forget_waiting(self, w: Waiting) -> None:
        """Its session's windows first, else a copy would be delivered again after a restart."""
        if not self._on:
            return
        waited: Version | None = None
        for sid, n in w.spent:
            session = self._node.sessions.by_sid.get(sid)
            if session is not None:
                session.window.spend(n, self._node.now)
                self.save_session(session)
                waited = self._open(SESSION, session.sid_in)
        self._when(waited, lambda: self._forget(INBOX, handle_of(w.sender) + w.id))

    def save_opened(self, ref: bytes, o: OneShot) -> None:
        """Put out once the inbox record is durable, so that it never says more than the disk holds."""
        if self._on:
            waited = self._open(INBOX, handle_of(o.sender) + o.id) if o.id else None
            self._when(waited, lambda: self._save_opened(ref, o))

    def _save_opened(self, ref: bytes, o: OneShot) -> None:
        if ref in self._node.inbox.opened:
            self._save(OPENED, ref, stored.opened_out(o))

    def forget_opened(self, ref: bytes) -> None:
        self._forget(OPENED, ref)

    def forget_session(self, s: Session) -> None:
        self._forget(SESSION, s.sid_in)

    # Feedback

    def persisted(self, kind: int, key: bytes, version: int, ok: bool) -> None:
        record = self._records.get((kind, key))
        if record is None or version not in record.written:
            return  # an older version makes nothing leave (DRV-14)
        if not ok:
            if version == record.version:
                record.again = self._node.now + OFFERED_AGAIN
            return
        self.disk[kind, key] = record.written[version]
        record.durable = version
        record.written = {v: value for v, value in record.written.items() if v > version}
        self._satisfied(kind, key, version)

    def _satisfied(self, kind: int, key: bytes, version: int) -> None:
        due = [a for v, a in self._after if v[:2] == (kind, key) and v[2] <= version]
        self._after = [(v, a) for v, a in self._after if not (v[:2] == (kind, key) and v[2] <= version)]
        for action in due:
            action()
        for m in list(self._node.outbox.messages.values()):
            met = {b for b in m.barrier if b[:2] == (kind, key) and b[2] <= version}
            if met:
                m.barrier -= met
                if not m.barrier:
                    self._node.outbox.schedule.dispatch(m)

    def deadline(self) -> int | None:
        return min((r.again for r in self._records.values() if r.again is not None), default=None)

    def run(self) -> None:
        """What could not be written is offered again (DRV-15)."""
        for (kind, key), record in list(self._records.items()):
            if record.again is not None and record.again <= self._node.now:
                record.again = None
                self._node.emit(Persist(kind, key, record.version))

    # Restart

    def snapshot(self) -> list[Any]:
        return [[kind, key.hex(), value] for (kind, key), value in self.disk.items()]

    def restore(self, rows: list[Any]) -> None:
        """A record that cannot be read back is refused and does not stop the node (DRV-17)."""
        for kind, key, value in sorted(rows, key=lambda row: int(row[0])):
            where = (kind, bytes.fromhex(key))
            try:
                self._restore(kind, where[1], value)
            except (KeyError, ValueError, TypeError, IndexError):
                continue
            self._version += 1
            self._records[where] = Record(self._version, durable=self._version)
            self.disk[where] = value
        for m in list(self._node.outbox.messages.values()):
            self._node.outbox.resume(m)

    def _restore(self, kind: int, key: bytes, value: Any) -> None:
        node = self._node
        if kind == SESSION:
            if node.unix is None:
                raise ValueError("a session's record needs the wall time")  # DRV-16
            age = (node.unix - value["made"]) * MS
            if not 0 <= age < GONE_MS:
                raise ValueError("gone")
            node.sessions.restored(stored.session_in(value, node.now - age, node.now, node.config.parked_epochs))
        elif kind == OUTBOX:
            node.outbox.restored(stored.message_in(value, node.sessions.by_sid))
        elif kind == INBOX:
            w = stored.waiting_in(value)
            node.inbox.waiting[handle_of(w.sender), w.id] = w
            node.inbox.deliver(w)
        elif kind == OPENED:
            o = node.inbox.opened[key] = stored.opened_in(value, node.now)
            if o.id and (handle_of(o.sender), o.id) not in node.inbox.waiting:
                node.inbox.delivered[handle_of(o.sender), o.id] = None
