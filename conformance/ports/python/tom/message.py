"""A message of the node's own and the envelopes it went in (chapter "Delivery")."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .content import Content
from .envelope import Envelope
from .sessions import Session

PENDING, SENT, RELAYED, PASSED, DELIVERED, READ, EXPIRED = (
    "pending",
    "sent",
    "relayed",
    "passed",
    "delivered",
    "read",
    "expired",
)

# All transitions by event; a pair that is not here changes nothing. A valid ACK alone gives Delivered (DLV-1),
# and there is no state that says a message failed (DLV-2).
TRANSITIONS: dict[str, dict[str, str]] = {
    "took": {PENDING: SENT},
    "taken": {PENDING: RELAYED, SENT: RELAYED},
    "passed": {PENDING: PASSED, SENT: PASSED, RELAYED: PASSED},
    "proof": {s: DELIVERED for s in (PENDING, SENT, RELAYED, PASSED, EXPIRED)},
    "read": {DELIVERED: READ},
    "end": {s: EXPIRED for s in (PENDING, SENT, RELAYED, PASSED)},
}


class Waits(Enum):
    """What a message that is not under way waits for."""

    NOTHING = 0
    LINK = 1
    ANSWER = 2
    SESSION = 3  # held as content (DLV-24)
    DISK = 4


@dataclass
class Copy:
    attempt: int
    left_at: int
    taken: bool = False


@dataclass
class Sealed:
    """One envelope of a message. Its secret is kept: an ACK for any of them proves the message (SES-34)."""

    env: Envelope
    ref: bytes
    secret: bytes
    session: Session | None = None
    n: int = 0
    copies: dict[int, Copy] = field(default_factory=dict)  # by link

    @property
    def under_way_on(self) -> int | None:
        """The link its newest copy left over (LNK-21, RTE-37)."""
        return max(self.copies, key=lambda number: self.copies[number].attempt, default=None)


@dataclass
class Message:
    to: bytes
    handle: bytes
    content: Content
    class_: int
    expiry: int
    visible: bool  # an application hears of its state
    session_only: bool = False  # CANDIDATES (CNT-9)
    since: int = 0  # when this node began to hold it
    id: bytes = b""
    sealed: list[Sealed] = field(default_factory=list)
    state: str = PENDING
    waits: Waits = Waits.NOTHING
    attempt: int = 0  # of the copy under way, or of the one to leave next
    sends: int = 0  # over all its envelopes
    doublings: int = 0  # of its wait, over all its envelopes (DLV-9, DLV-10)
    undoubled: int = 0  # retries in a row that did not double it (RTE-36)
    queued: int | None = None  # the link whose queue its copy is in
    last_link: int | None = None
    left_at: int = 0
    due: int | None = None
    hastened: bool = False  # `due` was brought forward (DLV-13)
    early: bool = False  # the copy to leave next leaves for another reason than that it was due
    begun: bool = False  # a copy left since this node began: its waits begin anew with a restart (DLV-9)
    renewed: bool = False  # sealed again since its last copy left
    alone: bool = True  # one attempt was out at most: a round trip may be measured
    read: bool = False  # READ came before the ACK
    barrier: set[tuple[int, bytes, int]] = field(default_factory=set)  # records to be durable first

    @property
    def now(self) -> Sealed | None:
        """The envelope under way."""
        return self.sealed[-1] if self.sealed and self.waits is not Waits.SESSION else None

    def move(self, event: str) -> bool:
        after = TRANSITIONS[event].get(self.state)
        if after is None:
            return False
        self.state = after
        return True


@dataclass
class Settled:
    """What is left of a message that ended: enough for a late proof and for READ (DLV-4, DLV-5)."""

    id: bytes
    to: bytes
    expiry: int
    visible: bool
    state: str
    read: bool
    secrets: dict[bytes, bytes] = field(default_factory=dict)
