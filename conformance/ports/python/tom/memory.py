"""What is bounded, and the settings of a node (chapter "Memory")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import content, link
from .content import Traits
from .conventions import SKEW_IP

LEAF, RELAY, FULL = link.LEAF, link.RELAY, link.FULL_NODE

# Capacities where nobody asks for smaller ones (MEM-1). Jobs and blocks are not tables here: outputs
# are drained with each input, and Python has its own memory.
CAPACITIES: dict[str, int] = {
    "links": 256,
    "contacts": 1_024,
    "sessions": 1_024,
    "pending": 256,
    "outbox": 1_024,
    "proofs": 2_048,
    "inbox": 1_024,
    "opened": 4_096,
    "delivered": 4_096,
    "forwards": 512,
    "returns": 8_192,
    "routes": 2_048,
    "asks": 64,
}


@dataclass(frozen=True)
class Config:
    profile: int = LEAF
    skew: int = SKEW_IP
    durable: bool = False
    max_frame: int = link.MAX_FRAME
    most: int | None = None  # the longest envelope, where somebody asks for another one
    limits: Mapping[str, int] = field(default_factory=dict)

    def room(self, table: str) -> int:
        return self.limits.get(table, CAPACITIES[table])

    @property
    def forwards(self) -> bool:
        return self.profile != LEAF

    @property
    def handshakes_per_peer(self) -> int:
        return 4 if self.profile == FULL else 1

    @property
    def parked_epochs(self) -> int:
        return 16 if self.profile == FULL else 2

    @property
    def max_env(self) -> int:
        """The longest envelope this node opens, and sends."""
        if self.most is not None:
            return self.most
        return 1_200 if self.profile != FULL else self.max_frame - 5

    @property
    def traits(self) -> Traits:
        """What this node says of itself in `pflags`."""
        window = 1_024 if self.profile == FULL else 128
        longest = self.max_env + 2 if self.max_env + 5 == link.MAX_FRAME else self.max_env  # 65,533 is said as 65,535
        return Traits(self.durable, window, max((size for size in content.MAX_ENV if size <= longest), default=1_200))


class Bucket:
    """A token bucket that refills steadily, in integers: a token is `period` milliseconds of waiting."""

    def __init__(self, size: int, period: int) -> None:
        self._size = size
        self._period = period
        self._credit = size * period
        self._at: int | None = None

    def take(self, now: int) -> bool:
        if self._at is not None:
            self._credit = min(self._size * self._period, self._credit + now - self._at)
        self._at = now
        if self._credit < self._period:
            return False
        self._credit -= self._period
        return True


class Starved(Exception):
    """A list of a step's entropy is at its end."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


class Entropy:
    """What one step may draw, each list from its front (CNF-4)."""

    def __init__(self, lists: Mapping[str, list[bytes]]) -> None:
        self._lists = {name: list(values) for name, values in lists.items()}
        self.drew: dict[str, int] = {}

    def _draw(self, name: str) -> bytes:
        values = self._lists.get(name)
        if not values:
            raise Starved(name)
        self.drew[name] = self.drew.get(name, 0) + 1
        return values.pop(0)

    def ephemeral(self) -> bytes:
        return self._draw("e")

    def sid(self) -> bytes:
        return self._draw("sid")

    def id(self) -> bytes:
        return self._draw("id")

    def nonce(self) -> int:
        """Of a REACH?, little endian like every integer."""
        return int.from_bytes(self._draw("nonce"), "little")
