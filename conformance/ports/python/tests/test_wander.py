"""What random networks beside the reference found open, and the book decided since."""

from __future__ import annotations

import unittest

from network import Host, Net
from test_relay import envelopes

from tom import envelope, link
from tom.drops import Reason
from tom.identity import Identity


def frame(raw: bytes) -> str:
    return link.encode(link.EnvelopeFrame(raw)).hex()


def frames(net: Net, a: Host, b: Host) -> list[link.Frame]:
    sent = [data for name, to, data in net.sent if (name, to) == (a.name, b.name)]
    return [link.parse(*item) for data in sent for item in link.split(data) if isinstance(item, tuple)]


class Waiting(unittest.TestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.a, self.b = self.net.host("a"), self.net.host("b")

    def test_a_message_leaves_once_a_candidate_comes_up(self) -> None:
        """DLV-28: also while the link of its last copy is up, if that leads nowhere any more."""
        leaf, relay = self.net.host("leaf"), self.net.host("r", "relay")
        self.net.loses = lambda x, y, data: x is leaf and data[0] == link.HELLO
        self.net.join(self.a, leaf)
        self.net.loses = lambda x, y, data: False
        self.a.send(self.b)
        self.net.run(50)
        number = next(iter(self.a.links))
        self.a.step("datagram", link=number, bytes=link.encode(link.Hello(link.LEAF, 65_538)).hex())
        self.net.run(5_000)
        self.assertNotIn("r", [to for to, _ in envelopes(self.net, self.a)])
        self.net.join(self.a, relay)
        self.assertIn("r", [to for to, _ in envelopes(self.net, self.a)])

    def test_a_question_does_not_keep_it_from_a_direct_link(self) -> None:
        for name in ("r1", "r2"):
            self.net.join(self.a, self.net.host(name, "relay"))
        self.net.loses = lambda x, y, data: data[0] == link.REACH_A
        self.a.send(self.b)
        self.assertEqual(envelopes(self.net, self.a), [])
        self.net.join(self.a, self.b)
        self.assertEqual([to for to, _ in envelopes(self.net, self.a)][:1], ["b"])

    def test_nothing_leaves_after_its_proof(self) -> None:
        """A question that ends later sends nothing of a message that ended meanwhile."""
        r1, r2 = (self.net.host(name, "relay") for name in ("r1", "r2"))
        self.net.join(self.a, r1)
        self.net.join(r1, self.b)
        self.b.takes = False
        self.a.send(self.b)
        self.net.run(100)
        self.net.join(self.a, r2)
        self.net.loses = lambda x, y, data: data[0] == link.REACH_A
        asked: list[link.Frame] = []
        while not asked:
            self.net.run(10)
            asked = [f for f in frames(self.net, self.a, r2) if isinstance(f, link.ReachQuestion)]
        self.b.take(self.b.delivered[0])
        self.net.run(3_000)
        self.assertEqual([e.attempt for e in map(envelope.parse, (raw for _, raw in envelopes(self.net, self.a)))], [0])

    def test_the_minute_of_a_pad_counts_from_its_sealing(self) -> None:
        """DLV-24: not from when it found a link."""
        a = self.net.host("full", "full")  # a leaf takes nothing so long
        self.net.loses = lambda x, y, data: x is self.b
        a.send(self.b, "x" * 2_000)
        self.net.run(67_000)
        self.net.join(a, self.b)
        self.net.run(43_000)
        before = len(envelopes(self.net, a))
        self.net.run(9_000)
        self.assertEqual(len(envelopes(self.net, a)), before)
        self.net.run(2_000)
        self.assertEqual(len(envelopes(self.net, a)), before + 1)


class Receipts(unittest.TestCase):
    def test_a_repeat_is_one_without_a_way_back_too(self) -> None:
        """RTE-10 before RTE-14."""
        net = Net()
        a, r, b = net.host("a"), net.host("r", "relay"), net.host("b")
        back, _ = net.join(r, a)
        way, _ = net.join(r, b)
        a.send(b)
        net.run(1_000)
        sent = [f.envelope for f in frames(net, b, r) if isinstance(f, link.EnvelopeFrame)]
        ack = next(raw for raw in sent if isinstance(envelope.parse(raw).body, envelope.AckBody))
        net.cut(r, back)
        r.drops.clear()
        r.step("datagram", link=way, bytes=frame(ack))
        self.assertEqual(r.drops, [Reason.ACK_REPEAT])

    def test_only_the_newest_copys_link_counts(self) -> None:
        """LNK-21, RTE-37: TAKEN, PASSED and NACK over the link of an earlier copy are late."""
        net = Net()
        a, b = net.host("a"), net.host("b")
        relays = [net.host(name, "relay") for name in ("r1", "r2")]
        numbers = [net.join(a, r)[0] for r in relays]
        net.loses = lambda x, y, data: x is not a
        a.send(b)
        net.run(800)
        sent = [envelope.parse(raw) for _, raw in envelopes(net, a)]
        ref = sent[0].ref
        self.assertEqual([e.attempt for e in sent], [0, 1])
        late = numbers[0]
        a.drops.clear()
        for data in (link.encode(link.Taken((ref,))), link.encode(link.Passed(ref))):
            a.step("datagram", link=late, bytes=data.hex())
        nack = envelope.encode(envelope.Envelope(envelope.NackBody(ref, envelope.NACK_NO_ROUTE, 0), sent[0].expiry))
        a.step("datagram", link=late, bytes=frame(nack))
        self.assertEqual(a.drops, [Reason.RECEIPT_UNKNOWN, Reason.RECEIPT_UNKNOWN, Reason.BAD_NACK])

    def test_passed_twice_at_a_relay(self) -> None:
        net = Net()
        a, b, r = net.host("a"), net.host("b"), net.host("r", "relay")
        net.join(a, r)
        out, _ = net.join(r, b)
        b.takes = False
        a.send(b)
        net.run(100)
        ref = envelope.parse(envelopes(net, a)[0][1]).ref
        r.drops.clear()
        for _ in range(2):
            r.step("datagram", link=out, bytes=link.encode(link.Passed(ref)).hex())
        self.assertEqual(r.drops, [Reason.RECEIPT_UNKNOWN])


class Answers(unittest.TestCase):
    def test_a_resp_counts_until_skew_is_over(self) -> None:
        """SES-11: the SEAL's message has not ended at its expiry, and its recipient opens it (ENV-24)."""
        net = Net()
        a, b = net.host("a"), net.host("b")
        a.send(b, lifetime=1_000)
        net.run(70_000)
        net.join(a, b)
        self.assertEqual((a.sessions, b.texts()), ([b.pk], ["hello"]))


class Links(unittest.TestCase):
    def test_the_one_that_stays_is_the_direct_one(self) -> None:
        """RTE-29, before the other end has closed the one that goes."""
        net = Net()
        a, b = net.host("a"), net.host("b")
        net.join(a, b)
        lower = bytes.fromhex(a.pk) < bytes.fromhex(b.pk)
        fields = {"mtu": 1_400, "maxFrame": 65_538}
        a.step("up", link=90, pk=b.pk, dialed=not lower, **fields)
        a.step("up", link=91, pk=b.pk, dialed=lower, **fields)
        reply = a.step("send", to=b.pk, payload="aa", lifetime=None, **{"class": 2})
        self.assertEqual([o["link"] for o in reply["out"] if o["is"] == "transmit"], [91])

    def test_an_address_seen_is_told(self) -> None:
        """LNK-31: behind the HELLO."""
        net = Net()
        a = net.host("a")
        peer = Identity(bytes(range(32)))
        seen = {"ip": "192.0.2.7", "port": 4_433}
        reply = a.step("up", link=1, pk=peer.pk.hex(), mtu=1_400, maxFrame=65_538, dialed=True, observed=seen)
        kinds = [bytes.fromhex(o["bytes"])[0] for o in reply["out"] if o["is"] == "transmit"]
        self.assertEqual(kinds, [link.HELLO, link.CANDIDATES])


class Shortage(unittest.TestCase):
    def test_a_full_inbox_is_said(self) -> None:
        """RTE-41."""
        net = Net()
        a, b = net.host("a"), net.host("b", limits={"inbox": 1})
        net.join(a, b)
        b.takes = False
        for text in ("one", "two"):
            a.send(b, text)
        net.run(100)
        self.assertIn(Reason.INBOX_FULL, b.drops)
        sent = [f.envelope for f in frames(net, b, a) if isinstance(f, link.EnvelopeFrame)]
        bodies = [envelope.parse(raw).body for raw in sent]
        self.assertIn(envelope.FULL, [body.code for body in bodies if isinstance(body, envelope.NackBody)])


if __name__ == "__main__":
    unittest.main()
