"""What a receiver holds of a session's epochs (chapter "Session": Receiving window)."""

from __future__ import annotations

from .conventions import REKEY
from .drops import Drop, Reason
from .transport import AHEAD, EPOCH, rebuild_n

REMEMBERED = 512  # an epoch so far behind is TooOld, whatever it was
FULL_EPOCH = 2**EPOCH - 1
PARKED_MS = 24 * 3_600_000


class ReceiveWindow:
    def __init__(self, key: bytes, parked: int) -> None:
        self.top: int | None = None
        self.newest = 0
        self.parked = parked
        self.keys = {0: key}  # of epochs that may still be read, and those derived ahead (SES-24)
        self.bits: dict[int, int] = {0: 0}
        self.complete: set[int] = set()
        self.left: dict[int, int] = {}  # when an epoch stopped being the newest (SES-25)

    def locate(self, n16: int) -> int:
        """The full counter; TooFarAhead, Replay or TooOld in the terms of SES-23."""
        n = rebuild_n(n16, self.top)
        epoch = n // EPOCH
        if epoch > self.newest + AHEAD:
            raise Drop(Reason.TOO_FAR_AHEAD)
        if epoch <= self.newest:
            if self.newest - epoch >= REMEMBERED:
                raise Drop(Reason.TOO_OLD)
            if epoch in self.complete or self.bits.get(epoch, 0) >> n % EPOCH & 1:
                raise Replayed(n)
            if epoch not in self.keys:
                raise Drop(Reason.TOO_OLD)
        return n

    def key(self, n: int) -> bytes:
        """The key of n's epoch. What is derived ahead is kept for the next look (SES-24)."""
        epoch = n // EPOCH
        if epoch not in self.keys:
            last = max(self.keys)
            key = self.keys[last]
            for ahead in range(last + 1, epoch + 1):
                key = self.keys[ahead] = REKEY(key)
        return self.keys[epoch]

    def accept(self, n: int, now: int) -> None:
        """The tag of n verified; only now anything changes (SES-24)."""
        epoch = n // EPOCH
        while self.newest < epoch:
            self._advance(now)
        self.bits[epoch] = self.bits.get(epoch, 0) | 1 << n % EPOCH
        self.top = n if self.top is None else max(self.top, n)
        if self.bits[epoch] == FULL_EPOCH:
            if epoch == self.newest:
                self._advance(now)
            self._forget(epoch)
            self.complete.add(epoch)
        self.sweep(now)

    def spend(self, n: int, now: int) -> None:
        """Marks n, which authenticated before a restart that this window does not remember."""
        epoch = n // EPOCH
        if epoch <= self.newest + AHEAD and (epoch > self.newest or epoch in self.keys):
            self.key(n)
            self.accept(n, now)

    def _advance(self, now: int) -> None:
        self.key((self.newest + 1) * EPOCH)
        self.left[self.newest] = now
        self.newest += 1
        self.bits.setdefault(self.newest, 0)
        self.complete = {e for e in self.complete if self.newest - e < REMEMBERED}

    def sweep(self, now: int) -> None:
        """24 h for an epoch left behind with gaps; with no place left the oldest parked one goes (SES-25)."""
        for epoch in [e for e, at in self.left.items() if now - at >= PARKED_MS]:
            self._forget(epoch)
        parked = [e for e in self.keys if e < self.newest - 1]
        for epoch in sorted(parked)[: max(0, len(parked) - self.parked)]:
            self._forget(epoch)

    def _forget(self, epoch: int) -> None:
        if epoch >= self.newest:
            return
        for table in (self.keys, self.bits, self.left):
            table.pop(epoch, None)


class Replayed(Drop):
    """A counter used before; which one, decides whether it is acknowledged again (DLV-18)."""

    def __init__(self, n: int) -> None:
        super().__init__(Reason.REPLAY)
        self.n = n
