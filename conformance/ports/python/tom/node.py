"""A node: a function of its storage, its entropy and its inputs (chapter "The node and its driver")."""

from __future__ import annotations

from collections.abc import Iterable

from . import content, link
from .asking import Asks
from .answers import Answers
from .candidates import Candidate
from .contacts import Contacts
from .conventions import LIFE, MS
from .drops import Drop, Reason, Refused
from .envelope import MAX_PAIRS, AckBody, Envelope, NackBody, encode, made
from .frames import Frames
from .identity import Identity, check_pk
from .inbox import Inbox
from .meeting import Meeting
from .memory import Config, Entropy
from .message import Message, Sealed
from .neighbour import FIRST, Link, Outgoing
from .outbox import Outbox
from .outputs import Close, Output, Transmit
from .records import Records
from .relay import Relay
from .routing import Routes
from .sessions import Sessions

WAITING_ANSWERS = 256  # on a link that takes nothing (MEM-3); what is lost is repeated when its cause is (DLV-14)
TICKETS = 4_096  # copies whose Sent is still of interest; an older one costs time only (DRV-10)


class Node:
    def __init__(self, me: Identity, config: Config, now: int, unix: int | None) -> None:
        self.me = me
        self.config = config
        self.now = now
        self.entropy = Entropy({})
        self._clock: tuple[int, int] | None = None if unix is None else (unix, now)
        self.links: dict[int, Link] = {}
        self.contacts = Contacts(self)
        self.sessions = Sessions(config, me.pk)
        self.outbox = Outbox(self)
        self.inbox = Inbox(self)
        self.answers = Answers(self)
        self.routes = Routes(self)
        self.asks = Asks(self)
        self.relay = Relay(self)
        self.meeting = Meeting(self)
        self.records = Records(self)
        self.sessions.dropped = self.records.forget_session
        self._frames = Frames(self)
        self._links_seen = 0
        self._ticket = 0
        self._tickets: dict[int, tuple[Message, Sealed, int, int]] = {}
        self._out: list[Output] = []
        self._acks: dict[int, dict[bytes, tuple[bytes, int]]] = {}  # by link and ref: they share an envelope
        self._receipts: dict[int, dict[bytes, None]] = {}
        self.drops: list[Reason] = []

    # Time

    @property
    def unix(self) -> int | None:
        return None if self._clock is None else self._clock[0] + (self.now - self._clock[1]) // MS

    def longest_expiry(self) -> int | None:
        return None if self.unix is None else self.unix + LIFE - self.config.skew

    def begin(self, now: int, entropy: Entropy) -> None:
        """A step begins: a `now` earlier than the last one counts as the last one (DRV-5)."""
        self.now = max(self.now, now)
        self.entropy = entropy
        self.drops = []
        self.outbox.give_up_handshakes()  # nothing wakes for it, and the input may offer the next one

    def finish(self) -> list[Output]:
        """What is due runs after the input, and all outputs are drained."""
        self._run()
        self._flush()
        out, self._out = self._out, []
        return out

    def _run(self) -> None:
        self.outbox.end_over()
        self.inbox.purge()
        self.answers.purge()
        self.sessions.purge(self.now)
        self.routes.purge()
        self.relay.purge()
        self.outbox.schedule.run()
        self.asks.run()
        self.relay.run()
        self.records.run()

    def deadline(self) -> int | None:
        """When to feed Tick."""
        times = [self.outbox.schedule.deadline(), self.asks.deadline(), self.relay.deadline()]
        times += [self.records.deadline(), self.outbox.deadline()]
        end = self.outbox.next_end()
        if end is not None and self._clock is not None:
            times.append(self._clock[1] + (end - self._clock[0]) * MS)
        return min((max(t, self.now) for t in times if t is not None), default=None)

    # Inputs

    def up(self, number: int, pk: bytes, longest: int, dialed: bool, observed: Candidate | None = None) -> None:
        check_pk(pk)
        if number in self.links:
            raise Refused("this link is up")
        if len(self.links) >= self.config.room("links"):
            raise Refused("no room for another link")  # the driver closes it
        self._links_seen += 1
        k = self.links[number] = Link(number, pk, longest, dialed, self._links_seen)
        self.put(k, FIRST, link.Hello(self.config.profile, self.config.max_frame, self.unix))  # LNK-8
        if observed is not None:
            self.put(k, FIRST, link.Candidates((observed,)))  # LNK-31
        self.meeting.link_up(pk)
        self._one_of_two(k)
        self.outbox.schedule.link_up()
        self.outbox.new_way(k.handle)

    def _one_of_two(self, new: Link) -> None:
        """Of two links between the same nodes the lower key's stays, of one dialler's the newer (RTE-29)."""
        for old in [k for k in self.links.values() if k.pk == new.pk and k is not new]:
            loser = old if self.routes.stays(new, old) else new
            if loser.dialed:  # the node that dialled it closes it
                self.close(loser)

    def close(self, k: Link) -> None:
        self.emit(Close(k.number))
        self.down(k.number)

    def down(self, number: int) -> None:
        """Of a link that is not up it changes nothing, and so do `blocked` and `writable`."""
        k = self.links.get(number)
        if k is None:
            return
        del self.links[number]
        self.routes.link_down(number)  # ways over others stay, so the loss costs one retry (RTE-33)
        self.relay.link_down(k)
        self.asks.link_down(number)
        self.outbox.schedule.link_down(number)

    def _link(self, number: int) -> Link:
        k = self.links.get(number)
        if k is None:
            raise Drop(Reason.UNKNOWN_LINK)
        return k

    def blocked(self, number: int, is_blocked: bool) -> None:
        if number in self.links:
            self.links[number].blocked = is_blocked

    def datagram(self, number: int, data: bytes) -> bool:
        """Whether anything of it was used (or nothing was there to use)."""
        return self._frames.datagram(self._link(number), data)

    def send(self, to: bytes, payload: bytes, lifetime: int | None, class_: int) -> bytes:
        """The id of the message accepted."""
        check_pk(to)
        longest = self.longest_expiry()
        if longest is None or self.unix is None:
            raise Refused("no wall time")  # CON-11
        if to == self.me.pk:
            raise Refused("nobody sends to itself")
        if not 0 <= class_ <= 3:
            raise Refused("no such class")
        expiry = longest if lifetime is None else self.unix + lifetime // MS
        if not self.unix < expiry <= longest:
            raise Refused("lifetime")  # ENV-22
        if not self.contacts.know(to, own=True):
            raise Refused("no room for another contact")
        return self.outbox.send(to, payload, expiry, class_).id

    def read(self, sender: bytes, message: bytes) -> None:
        expiry = self.longest_expiry()
        if expiry is None:
            raise Refused("no wall time")
        check_pk(sender)
        if len(message) != 8:
            raise Refused("an id that `deliver` gave has 8 bytes")
        if not self.contacts.know(sender, own=True):
            raise Refused("no room for another contact")
        self.outbox.control(sender, content.READ, message, expiry)

    def taken(self, sender: bytes, message: bytes) -> None:
        if not self.inbox.taken(sender, message):
            raise Refused("no such message")

    def sent(self, number: int, ticket: int, ok: bool) -> None:
        found = self._tickets.pop(ticket, None)
        if found is None:
            return
        m, sealed, at, attempt = found
        if m.id in self.outbox.messages and not ok:
            self.outbox.schedule.refused(m, sealed, at, attempt)

    def candidates(self, named: tuple[Candidate, ...]) -> None:
        """The addresses its driver says this node can be dialled at."""
        self.meeting.named = named

    def clock(self, unix: int) -> None:
        """A step of wall time moves no timer (CON-10)."""
        self._clock = (unix, self.now)
        self.outbox.schedule.link_up()  # what went to its recipient only may go other ways now

    # Outputs

    def emit(self, output: Output) -> None:
        self._out.append(output)

    def drop(self, reason: Reason) -> None:
        self.drops.append(reason)

    def put(self, k: Link, queue: int, frame: link.Frame) -> None:
        """A frame of the link's own, a receipt or an answer; none longer than the link takes (LNK-6)."""
        raw = link.encode(frame)
        if len(raw) <= k.limit(self.config.max_frame) and len(k.queues[queue]) < WAITING_ANSWERS:
            k.put(queue, Outgoing(raw))

    def put_to(self, number: int, frame: link.Frame) -> None:
        k = self.links.get(number)
        if k is not None:
            self.put(k, FIRST, frame)

    def send_answer(self, k: Link, raw: bytes) -> None:
        self.put(k, FIRST, link.EnvelopeFrame(raw))

    def nack(self, k: Link, ref: bytes, expiry: int, code: int, arg: int = 0) -> None:
        self.send_answer(k, encode(Envelope(NackBody(ref, code, arg), expiry)))

    def receipt(self, k: Link, ref: bytes) -> None:
        """TAKEN for a SEAL or DATA, never for another kind (LNK-17, LNK-18)."""
        self._receipts.setdefault(k.number, {})[ref] = None

    def acknowledge(self, numbers: Iterable[int], ref: bytes, secret: bytes, expiry: int) -> None:
        """A pair for this envelope's own ref and secret, whatever came of its message before (DLV-19)."""
        for number in dict.fromkeys(numbers):
            self._acks.setdefault(number, {})[ref] = (secret, expiry)

    def _flush(self) -> None:
        """Receipts and ACKs of one step share frames; then every link that takes something is emptied."""
        while True:
            self.answers.flush()
            self._flush_receipts()
            self._flush_acks()
            waiting = [(k, item) for k in list(self.links.values()) for item in iter(k.next, None)]
            for k, item in waiting:
                self._transmit(k, item)
            if not waiting:
                return

    def _flush_receipts(self) -> None:
        receipts, self._receipts = self._receipts, {}
        for number, refs in receipts.items():
            listed = list(refs)
            for i in range(0, len(listed), 128):
                self.put_to(number, link.Taken(tuple(listed[i : i + 128])))

    def _flush_acks(self) -> None:
        acks, self._acks = self._acks, {}
        for number, pairs in acks.items():
            listed = [(ref, secret, expiry) for ref, (secret, expiry) in pairs.items()]
            for i in range(0, len(listed), MAX_PAIRS):
                part = listed[i : i + MAX_PAIRS]
                body = AckBody(tuple((ref, secret) for ref, secret, _ in part))
                k = self.links.get(number)
                if k is not None:  # ENV-16: the latest expiry of what it names
                    self.send_answer(k, made(Envelope(body, max(expiry for _, _, expiry in part))).raw)

    def _transmit(self, k: Link, item: Outgoing) -> None:
        self._ticket += 1
        self.emit(Transmit(k.number, item.frame, self._ticket))
        if item.left is not None:
            item.left()
        if isinstance(item.owner, Message) and item.owner.now is not None:
            self.outbox.move(item.owner, "took")
            if len(self._tickets) >= TICKETS:
                del self._tickets[next(iter(self._tickets))]
            self._tickets[self._ticket] = (item.owner, item.owner.now, k.number, item.owner.attempt)
