"""Sessions and pending handshakes of a node, and which session a message may go in (chapter "Session")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .content import Traits
from .conventions import REKEY
from .handshake import Keys
from .memory import Config
from .noise import SymmetricState
from .transport import EPOCH
from .window import ReceiveWindow

AGE_MS = 24 * 3_600_000  # SES-27
GONE_MS = 48 * 3_600_000  # SES-28
LAST_N = 2**20
CROSSED_MS = 120_000
PER_PEER = 3
BLOCK = 256  # counters reserved ahead (SES-20)
REFUSED_COUNTERS = 8  # DLV-18


@dataclass
class Pending:
    """A handshake that waits for its RESP (SES-11)."""

    peer: bytes
    ref: bytes
    expiry: int
    sid: bytes
    ephemeral: bytes
    state: SymmetricState
    made: int


@dataclass
class Session:
    peer: bytes
    initiator: bool
    sid_in: bytes  # under which this node receives
    sid_out: bytes
    ack_root: bytes
    send_key: bytes
    window: ReceiveWindow
    traits: Traits  # the peer's
    made: int
    order: int
    send_epoch: int = 0
    next_n: int = 0
    reserved: int = 0  # counters below it may leave (SES-20)
    proven: int = -1
    unsettled: set[int] = field(default_factory=set)
    dead: bool = False  # answered NO_KEY, or did not survive: nothing more is sent in it (SES-27)
    heard: bool = False  # something of it authenticated
    resp: bytes | None = None
    seal_ref: bytes = b""
    unacknowledged: list[int] = field(default_factory=list)  # counters no Replay of which is acknowledged
    overflowed: bool = False

    @property
    def send_dir(self) -> int:
        return 0 if self.initiator else 1

    def started_by(self, me: bytes) -> bytes:
        return me if self.initiator else self.peer

    def expired(self, now: int) -> bool:
        """Whether a new handshake is due (SES-27)."""
        return self.dead or now - self.made >= AGE_MS or self.next_n >= LAST_N

    def open_window(self) -> bool:
        """SES-21."""
        return len(self.unsettled) < self.traits.window and self.next_n - (self.proven + 1) < self.traits.window

    def take_n(self) -> tuple[int, bytes]:
        """The next counter and its epoch's key; the key before is gone with it (SES-17)."""
        n = self.next_n
        while self.send_epoch < n // EPOCH:
            self.send_key = REKEY(self.send_key)
            self.send_epoch += 1
        self.next_n += 1
        self.unsettled.add(n)
        return n, self.send_key

    def settle(self, n: int, proven: bool) -> None:
        self.unsettled.discard(n)
        if proven:
            self.proven = max(self.proven, n)

    def do_not_acknowledge(self, n: int) -> None:
        """DLV-18: when there are more than can be remembered, no Replay is acknowledged again."""
        self.unacknowledged.append(n)
        if len(self.unacknowledged) > REFUSED_COUNTERS:
            self.overflowed = True


class Sessions:
    def __init__(self, config: Config, me: bytes) -> None:
        self._config = config
        self._me = me
        self._order = 0
        self.dropped: Callable[[Session], None] = lambda session: None  # hears of each that is wiped
        self.by_sid: dict[bytes, Session] = {}
        self.pending: dict[bytes, Pending] = {}  # by ref

    def of(self, peer: bytes) -> list[Session]:
        return [s for s in self.by_sid.values() if s.peer == peer]

    def current(self, peer: bytes) -> Session | None:
        """The one messages are sent in: the newer, or of crossed ones that of the lower key (SES-30)."""
        mine = sorted(self.of(peer), key=lambda s: s.order)
        if not mine:
            return None
        newest = mine[-1]
        for other in mine[:-1]:
            crossed = other.initiator != newest.initiator and newest.made - other.made <= CROSSED_MS
            if crossed and not other.dead and other.started_by(self._me) < newest.started_by(self._me):
                return other
        return newest

    def usable(self, peer: bytes, now: int) -> Session | None:
        """The current one if it needs no new handshake; its window may be full all the same."""
        session = self.current(peer)
        return None if session is None or session.expired(now) else session

    def taken_sid(self, sid: bytes) -> bool:
        """SES-12."""
        return sid in self.by_sid or any(p.sid == sid for p in self.pending.values())

    def may_offer(self, peer: bytes) -> bool:
        return sum(p.peer == peer for p in self.pending.values()) < self._config.handshakes_per_peer

    def offer(self, pending: Pending) -> None:
        if len(self.pending) >= self._config.room("pending"):
            del self.pending[next(iter(self.pending))]  # the oldest gives way
        self.pending[pending.ref] = pending

    def add(
        self, peer: bytes, initiator: bool, sids: tuple[bytes, bytes], keys: Keys, traits: Traits, now: int
    ) -> Session | None:
        """A session both of whose ends agreed; `sids` are the own one and the peer's. None without room."""
        send, receive = (keys.i2r, keys.r2i) if initiator else (keys.r2i, keys.i2r)
        if len(self.by_sid) >= self._config.room("sessions") and not self._push_out():
            return None
        self._order += 1
        window = ReceiveWindow(receive, self._config.parked_epochs)
        session = Session(peer, initiator, *sids, keys.ack_root, send, window, traits, now, self._order)
        self.by_sid[session.sid_in] = session
        mine = sorted(self.of(peer), key=lambda s: s.order)
        if len(mine) > PER_PEER:
            current = self.current(peer)
            self.drop(next(s for s in mine if s is not current))  # SES-29
        return session

    def restored(self, session: Session) -> None:
        self.by_sid[session.sid_in] = session
        self._order = max(self._order, session.order)

    def room(self) -> bool:
        return len(self.by_sid) < self._config.room("sessions") or self._victim() is not None

    def _victim(self) -> Session | None:
        """The oldest that nobody is sent to in."""
        return next((s for s in self.by_sid.values() if self.current(s.peer) is not s or not s.unsettled), None)

    def _push_out(self) -> bool:
        victim = self._victim()
        if victim is not None:
            self.drop(victim)
        return victim is not None

    def drop(self, session: Session) -> None:
        if self.by_sid.pop(session.sid_in, None) is not None:
            self.dropped(session)

    def purge(self, now: int) -> None:
        for session in [s for s in self.by_sid.values() if now - s.made >= GONE_MS]:
            self.drop(session)
        for session in self.by_sid.values():
            session.window.sweep(now)
