"""What a node does with each frame of a datagram (chapters "Link frames", "Envelope": Life)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import envelope, link
from .conventions import LIFE
from .drops import Drop, Reason
from .envelope import FULL, AckBody, DataBody, Envelope, NackBody, RespBody, SealBody
from .neighbour import FIRST, Link

if TYPE_CHECKING:
    from .node import Node


class Frames:
    def __init__(self, node: Node) -> None:
        self._node = node

    def datagram(self, k: Link, data: bytes) -> bool:
        """Frame by frame; a bad one undoes none before it (LNK-3). Whether any was used."""
        items = link.split(data)
        used = not items
        for item in items:
            try:
                if isinstance(item, Drop):
                    raise item
                used |= self._frame(k, *item)
            except Drop as drop:
                self._node.drop(drop.reason)
            if k.number not in self._node.links:
                break  # its HELLO closed the link
        return used

    def _frame(self, k: Link, ftype: int, body: bytes) -> bool:
        if len(body) + 3 > self._node.config.max_frame:
            raise Drop(Reason.TOO_BIG)  # LNK-6
        try:
            frame = link.parse(ftype, body)
        except Drop as drop:
            if ftype == link.HELLO and drop.reason is Reason.BAD_VERSION:
                self._node.close(k)  # LNK-10
            raise
        if isinstance(frame, link.EnvelopeFrame):
            return self._envelope(k, frame)
        self._control(k, frame)
        return True

    def _control(self, k: Link, frame: link.Frame) -> None:
        node = self._node
        if isinstance(frame, link.Hello):
            self._hello(k, frame)
        elif isinstance(frame, link.Taken):
            self._taken(k, frame)
        elif isinstance(frame, link.Passed):
            if node.outbox.knows(frame.ref):
                node.outbox.on_passed(k, frame.ref)
            else:
                node.relay.pass_passed(k, frame.ref)
        elif isinstance(frame, link.ReachQuestion):
            node.asks.question(k, frame)
        elif isinstance(frame, link.ReachAnswer):
            node.asks.answer(k, frame)
        elif isinstance(frame, link.Candidates):
            # Only the first entry of each list is used (LNK-28).
            for seen in frame.candidates[:1]:
                node.meeting.seen(k.pk, seen)
        elif isinstance(frame, link.Ping) and not frame.reply:  # LNK-29
            if not k.pings.take(node.now):
                raise Drop(Reason.RATE_LIMITED)
            node.put(k, FIRST, link.Ping(frame.nonce, True))

    def _hello(self, k: Link, hello: link.Hello) -> None:
        k.greet(hello)
        if self._node.unix is None and hello.unix is not None:
            self._node.clock(hello.unix)  # CON-12, LNK-12
        self._node.outbox.schedule.link_up()

    def _taken(self, k: Link, frame: link.Taken) -> None:
        used = False
        last: Drop | None = None
        for ref in frame.refs:
            try:
                self._node.outbox.on_taken(k, ref)
                used = True
            except Drop as drop:
                if last is not None:
                    self._node.drop(last.reason)
                last = drop
        if last is not None:
            if not used:
                raise last
            self._node.drop(last.reason)

    # Envelopes

    def _envelope(self, k: Link, frame: link.EnvelopeFrame) -> bool:
        node = self._node
        env = envelope.parse(frame.envelope)
        body = env.body
        if isinstance(body, AckBody):
            return self._ack(k, env, body)
        self._not_too_far(env)
        if isinstance(body, RespBody):
            if not node.answers.on_resp(env, body):
                node.relay.pass_resp(k, env, body)
        elif isinstance(body, NackBody):
            if not node.answers.on_nack(k, body):
                node.relay.pass_nack(k, env, body)
        else:
            self._copy(k, env, body, frame)
        return True

    def _copy(self, k: Link, env: Envelope, body: SealBody | DataBody, frame: link.EnvelopeFrame) -> None:
        """A SEAL or DATA for this node or another; one dropped for lack of room is answered (RTE-41)."""
        node = self._node
        try:
            if env.dst != node.me.handle:
                self._over(env, 0)
                node.relay.forward(k, env, frame)
            else:
                self._over(env, node.config.skew)  # RTE-8
                if isinstance(body, SealBody):
                    node.inbox.on_seal(k, env, body)
                else:
                    node.inbox.on_data(k, env, body)
        except Drop as drop:
            if drop.reason in (Reason.FORWARD_FULL, Reason.OPENED_FULL, Reason.INBOX_FULL):
                node.nack(k, env.ref, env.expiry, FULL)
            raise

    def _not_too_far(self, env: Envelope) -> None:
        unix = self._node.unix
        if unix is not None and env.expiry > unix + LIFE + self._node.config.skew:
            raise Drop(Reason.EXPIRY_TOO_FAR)  # ENV-23

    def _over(self, env: Envelope, grace: int) -> None:
        """ENV-24: the sender's and the recipient's clocks may differ, a relay gives no grace to a SEAL or DATA."""
        if self._node.unix is not None and self._node.unix > env.expiry + grace:
            raise Drop(Reason.EXPIRED)

    def _ack(self, k: Link, env: Envelope, body: AckBody) -> bool:
        """A list, not a unit: each pair stands for itself."""
        used = False
        for ref, secret in body.proofs:
            try:
                if self._node.outbox.knows(ref):
                    self._node.outbox.on_proof(k, ref, secret)  # ENV-25: its own entry alone decides
                else:
                    self._not_too_far(env)
                    self._node.relay.pass_ack(k, ref, secret)
                used = True
            except Drop as drop:
                self._node.drop(drop.reason)
        return used
