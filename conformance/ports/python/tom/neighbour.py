"""A link to a neighbour, with what waits to leave over it (chapters "Link frames", "Routing": Order)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from . import link
from .envelope import BULK
from .identity import handle_of
from .memory import Bucket

FIRST, ENVELOPES, BULKY = 0, 1, 2  # the queues of RTE-38
MINUTE = 60_000


def queue_of(class_: int) -> int:
    return BULKY if class_ == BULK else ENVELOPES


def smoothed(old: int | None, sample: int) -> int:
    """s ← (3 s + sample) / 4, the first sample as it is (chapter "Delivery")."""
    return sample if old is None else (3 * old + sample) // 4


@dataclass
class Outgoing:
    """A frame that waits for its link. `owner` names the copy in it, `left` hears of its leaving."""

    frame: bytes
    owner: object = None
    left: Callable[[], None] | None = None


@dataclass
class Link:
    number: int
    pk: bytes
    longest: int  # what the driver says the link carries
    dialed: bool
    order: int  # links count in the order they came up
    greeted: bool = False
    profile: int = link.RELAY  # until its HELLO it is one that forwards (LNK-9)
    their_max: int = link.MIN_FRAME
    blocked: bool = False
    round_trip: int | None = None
    queues: tuple[deque[Outgoing], ...] = field(default_factory=lambda: (deque(), deque(), deque()))
    asked: Bucket = field(default_factory=lambda: Bucket(8, MINUTE // 8))  # LNK-24
    answered: Bucket = field(default_factory=lambda: Bucket(8, MINUTE // 8))
    pings: Bucket = field(default_factory=lambda: Bucket(8, MINUTE // 8))  # LNK-29
    no_keys: Bucket = field(default_factory=lambda: Bucket(8, 1_000))  # SES-31
    seals: Bucket = field(default_factory=lambda: Bucket(256, 62))  # SES-9

    def __post_init__(self) -> None:
        self.handle = handle_of(self.pk)

    @property
    def forwards(self) -> bool:
        return self.profile in (link.RELAY, link.FULL_NODE)  # an unknown profile is a leaf (LNK-11)

    def greet(self, hello: link.Hello) -> None:
        """The newest HELLO counts, but `max_frame` never grows on a link (LNK-8, LNK-11)."""
        size = max(hello.max_frame, link.MIN_FRAME)
        self.their_max = min(self.their_max, size) if self.greeted else size
        self.profile = hello.profile
        self.greeted = True

    def limit(self, own_max: int) -> int:
        """The longest frame that may be sent here (LNK-6)."""
        return min(self.their_max, own_max, self.longest)

    def carries(self, envelope: int, own_max: int) -> bool:
        return envelope + 5 <= self.limit(own_max)

    def put(self, queue: int, item: Outgoing) -> None:
        self.queues[queue].append(item)

    def withdraw(self, owner: object) -> None:
        """Takes back what has not left."""
        for queue in self.queues:
            for item in [item for item in queue if item.owner is owner]:
                queue.remove(item)

    def next(self) -> Outgoing | None:
        if self.blocked:
            return None
        for queue in self.queues:
            if queue:
                return queue.popleft()
        return None
