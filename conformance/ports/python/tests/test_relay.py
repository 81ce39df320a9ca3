"""Relays in between: forwarding, the way back, failover, asking, introduction."""

from __future__ import annotations

import unittest
from dataclasses import replace

from network import Host, Net
from test_codec import patched

from tom import candidates, envelope, link
from tom.drops import Reason
from tom.identity import Identity


def kinds(net: Net, a: Host, b: Host) -> list[int]:
    """The kinds of the envelopes that went from a to b."""
    found = []
    for name, to, data in net.sent:
        if (name, to) == (a.name, b.name):
            frames = [item for item in link.split(data) if not isinstance(item, Exception)]
            found += [body[2] & 15 for ftype, body in frames if ftype == link.ENVELOPE]
    return found


def envelopes(net: Net, a: Host) -> list[tuple[str, bytes]]:
    """What a sent, as (to, envelope)."""
    out = []
    for name, to, data in net.sent:
        for item in link.split(data):
            if name == a.name and not isinstance(item, Exception) and item[0] == link.ENVELOPE:
                frame = link.parse(*item)
                assert isinstance(frame, link.EnvelopeFrame)
                out.append((to, frame.envelope))
    return out


class OneRelay(unittest.TestCase):
    def setUp(self) -> None:
        self.net = net = Net()
        self.a, self.b, self.r = net.host("a"), net.host("b"), net.host("r", "relay")
        self.ar, _ = net.join(self.a, self.r)
        self.rb, self.br = net.join(self.r, self.b)

    def test_delivered_over_it(self) -> None:
        net, a, b, r = self.net, self.a, self.b, self.r
        message = a.send(b)
        net.run(1_000)
        self.assertEqual(b.texts(), ["hello"])
        self.assertFalse(b.delivered[0]["direct"])
        self.assertEqual(a.states[message][-1], "delivered")
        self.assertEqual(a.sessions, [b.pk])
        again = a.send(b, "again")
        net.run(1_000)
        self.assertEqual(a.states[again], ["sent", "relayed", "passed", "delivered"])
        self.assertEqual((r.tables()["forwards"], r.tables()["returns"]), (0, 2))
        hops = [envelope.parse(raw).hop for to, raw in envelopes(net, r) if to == "b"]
        self.assertEqual(hops, [7, 7])
        self.assertEqual(a.drops + b.drops + r.drops, [])

    def test_duplicates_and_no_hops(self) -> None:
        net, a, b, r = self.net, self.a, self.b, self.r
        a.send(b)
        net.run(1_000)
        raw = envelopes(net, a)[0][1]
        number = next(iter(r.links))
        for path, reason in (("08", 23), ("10", 22)):
            frame = link.encode(link.EnvelopeFrame(bytes.fromhex(patched(raw.hex(), 2, path))))
            reply = r.step("datagram", link=number, bytes=frame.hex())
            self.assertEqual((reply["verdict"], reply["drops"]), ("dropped", [reason]))

    def test_no_route(self) -> None:
        net, a, r = self.net, self.a, self.r
        stranger = net.host("s")
        message = a.send(stranger)
        net.run(1_000)
        self.assertIn(24, r.drops)
        self.assertIn(envelope.NACK, kinds(net, r, a))
        self.assertEqual(a.states[message], ["sent"])  # a NACK changes no state

    def test_a_proof_not_passed_on_teaches_nothing(self) -> None:
        """The steps of an answer at a relay: passing it on comes before learning from it."""
        for lost, known in ((False, 3), (True, link.UNREACHABLE)):
            net = Net()
            a, b, r, far, x = (net.host(name, "relay") for name in ("a", "b", "r", "far", "x"))
            ar, _ = net.join(a, r)
            net.join(r, far)
            net.join(far, b)
            b.takes = False
            a.send(b)
            net.run(200)
            if lost:
                net.cut(a, ar)
            b.take(b.delivered[0])
            net.run(200)
            self.assertEqual(24 in r.drops, lost)
            asking, _ = net.join(r, x)
            question = link.ReachQuestion(Identity(bytes.fromhex(b.seed)).handle, 1, 1)
            r.step("datagram", link=asking, bytes=link.encode(question).hex())
            said = [data for name, to, data in net.sent if (name, to) == ("r", "x") and data[0] == link.REACH_A]
            self.assertEqual([data[-1] for data in said], [known])

    def test_a_proof_ends_what_is_held(self) -> None:
        """DLV-23, RTE-10: a copy that asks or is in a queue is dropped, without a NACK; it counts on and stays known."""
        for blocked in (False, True):
            net = Net()
            a, r, b, x = net.host("a"), net.host("r", "relay"), net.host("b"), net.host("x", "relay")
            _, back = net.join(a, r)
            way, _ = net.join(r, x)
            if not blocked:
                net.join(r, net.host("y", "relay"))  # two to ask, and no answer comes
            net.join(a, b)
            net.run(100)
            net.loses = lambda p, q, data: True
            a.send(b)  # over their own link: the relay hears of it from this test alone
            net.run(10)
            env, secret = envelope.parse(envelopes(net, a)[0][1]), bytes(16)
            assert isinstance(env.body, envelope.SealBody)
            commit = envelope.commit_of(env.expiry, env.dst, secret)
            env = envelope.parse(envelope.encode(replace(env, body=replace(env.body, commit=commit))))
            if blocked:
                r.step("blocked", link=way)
            copies = [link.encode(link.EnvelopeFrame(envelope.with_path(env.raw, n, 8))).hex() for n in (0, 1)]
            for copy in copies:
                r.step("datagram", link=back, bytes=copy)
            self.assertEqual(r.tables()["forwards"], 2)
            ack = envelope.encode(envelope.Envelope(envelope.AckBody(((env.ref, secret),)), env.expiry))
            for reasons in ([], [], [Reason.ACK_REPEAT]):
                reply = r.step("datagram", link=way, bytes=link.encode(link.EnvelopeFrame(ack)).hex())
                self.assertEqual((reply.get("drops", []), r.tables()["forwards"]), (reasons, 0))
            for copy in copies:
                self.assertEqual(r.step("datagram", link=back, bytes=copy)["drops"], [Reason.DUPLICATE])
            net.run(3_000)
            r.step("writable", link=way)
            net.run(100)
            self.assertEqual((kinds(net, r, a), kinds(net, r, x)), ([envelope.ACK] * 2, []))

    def test_forged_acks(self) -> None:
        net, a, b, r = self.net, self.a, self.b, self.r
        b.takes = False
        message = a.send(b)
        net.run(200)
        ref = bytes.fromhex(message[:16])
        unix = net.unix() + 100
        for host, body, reason in (
            (r, envelope.AckBody(((ref, bytes(16)),)), 64),
            (r, envelope.AckBody(((bytes(8), bytes(16)),)), 63),
            (r, envelope.RespBody(bytes(8), bytes(4), bytes(53)), 60),
            (r, envelope.NackBody(bytes(8), 4, 0), 66),
            (a, envelope.AckBody(((ref, bytes(16)),)), 64),
        ):
            frame = link.encode(link.EnvelopeFrame(envelope.encode(envelope.Envelope(body, unix))))
            number = self.rb if host is r else self.ar
            reply = host.step("datagram", link=number, bytes=frame.hex())
            self.assertEqual((reply["verdict"], reply["drops"]), ("dropped", [reason]))
        self.assertNotIn("delivered", a.states[message])

    def test_blocked_out_link_is_full_after_two_seconds(self) -> None:
        net, a, b, r = self.net, self.a, self.b, self.r
        r.step("blocked", link=self.rb)
        a.send(b)
        net.run(500)
        self.assertEqual(r.tables()["forwards"], 1)
        net.run(2_500)
        self.assertIn(25, r.drops)
        self.assertIn(envelope.NACK, kinds(net, r, a))
        r.step("writable", link=self.rb)
        net.run(20_000)
        self.assertEqual(b.texts(), ["hello"])

    def test_a_direct_link_takes_over_and_back(self) -> None:
        net, a, b = self.net, self.a, self.b
        a.send(b, "one")
        net.run(1_000)
        number, _ = net.join(a, b)
        a.send(b, "two")
        net.run(1_000)
        self.assertTrue(b.delivered[1]["direct"])
        net.loses = lambda x, y, data: {x, y} == {a, b}
        message = a.send(b, "three")
        net.run(100)
        net.cut(a, number)
        net.run(1_000)
        self.assertEqual(b.texts(), ["one", "two", "three"])
        self.assertEqual(a.states[message][-1], "delivered")


class Several(unittest.TestCase):
    def test_asks_who_knows(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        relays = [net.host(f"r{i}", "relay") for i in range(3)]
        for r in relays:
            net.join(a, r)
        net.join(relays[2], b)
        message = a.send(b)
        net.run(1_000)
        self.assertEqual(a.states[message][-1], "delivered")
        self.assertEqual([len(kinds(net, a, r)) for r in relays[:2]], [0, 0])

    def test_asks_two_links_deep(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        near = [net.host(f"n{i}", "relay") for i in range(2)]
        far = net.host("far", "relay")
        for r in near:
            net.join(a, r)
        net.join(near[1], far)
        net.join(far, b)
        message = a.send(b)
        net.run(1_000)
        self.assertEqual(a.states[message][-1], "delivered")
        self.assertEqual(kinds(net, a, near[0]), [])

    def test_black_hole(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        hole, good = net.host("hole", "relay"), net.host("good", "relay")
        for r in (hole, good):
            net.join(a, r)
            net.join(r, b)
        net.loses = lambda x, y, data: x is hole and y is b
        for i in range(6):
            a.send(b, f"m{i}")
            net.run(5_000)
        self.assertEqual(len(b.delivered), 6)
        net.sent.clear()
        a.send(b, "last")
        net.run(1_000)
        self.assertEqual(kinds(net, a, hole), [])  # what is proven comes first

    def test_dead_relay(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        r1, r2 = net.host("r1", "relay"), net.host("r2", "relay")
        for r in (r1, r2):
            net.join(a, r)
            net.join(r, b)
        net.loses = lambda x, y, data: r1 in (x, y)
        message = a.send(b)
        net.run(5_000)
        self.assertEqual(a.states[message][-1], "delivered")

    def test_a_chain_and_its_end(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        for count in (8, 9):
            hosts = [a, *[net.host(f"c{count}.{i}", "relay") for i in range(count)], b]
            pairs = [(one, net.join(one, two)[0]) for one, two in zip(hosts, hosts[1:])]
            message = a.send(b, f"over {count}")
            net.run(3_000)
            self.assertEqual("delivered" in a.states[message], count == 8)
            for one, number in pairs:
                net.cut(one, number)

    def test_a_leaf_forwards_nothing(self) -> None:
        net = Net()
        a, b, leaf = net.host("a"), net.host("b"), net.host("leaf")
        net.join(a, leaf)
        net.join(leaf, b)
        message = a.send(b)
        net.run(5_000)
        self.assertNotIn(message, a.states)
        self.assertEqual(kinds(net, a, leaf), [])

    def test_introduction(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        for name in ("r1", "r2"):
            r = net.host(name, "relay")
            numbers = net.join(a, r)[0], net.join(b, r)[0]
            for host, number, ip in ((a, numbers[0], "192.0.2.1"), (b, numbers[1], "192.0.2.2")):
                seen = link.Candidates((candidates.from_text(ip, 4433),))
                host.step("datagram", link=number, bytes=link.encode(seen).hex())
        for i in range(2):
            a.send(b, f"m{i}")
            net.run(2_000)
        self.assertEqual([d["candidates"][0]["ip"] for d in b.dials], ["192.0.2.1"])
        self.assertEqual([d["candidates"][0]["ip"] for d in a.dials], ["192.0.2.2"])
        self.assertEqual(b.dials[0]["pk"], a.pk)
        net.run(15_000)
        a.send(b, "m3")
        net.run(2_000)
        self.assertEqual(len(a.dials), 2)  # again after 10 s, while messages flow

    def test_one_of_two_links_stays(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        net.join(a, b)
        net.join(b, a)
        net.run(100)
        self.assertEqual((len(a.links), len(b.links)), (1, 1))
        self.assertEqual(a.tables()["links"], 1)


if __name__ == "__main__":
    unittest.main()
