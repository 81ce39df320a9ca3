"""Time and order: which link each attempt takes, waking often or seldom, windows that move on."""

from __future__ import annotations

import unittest
from functools import partial

from network import Host, Net
from test_relay import envelopes

from tom import envelope
from tom.conventions import REKEY
from tom.drops import Drop, Reason
from tom.window import Replayed, ReceiveWindow


class Attempts(unittest.TestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.a, self.b = self.net.host("a"), self.net.host("b")
        self.relays = [self.net.host(f"r{i}", "relay") for i in range(3)]
        for r in self.relays:
            self.net.join(self.a, r)

    def way(self) -> list[str]:
        sent = [(to, envelope.parse(raw)) for to, raw in envelopes(self.net, self.a)]
        ways: list[str] = []
        for to, env in sent:
            if env.attempt == len(ways):
                ways.append(to)
        return ways

    def test_a_walk_reaches_as_many_candidates(self) -> None:
        self.net.loses = lambda x, y, data: x is not self.a
        self.a.send(self.b)
        self.net.run(120_000)
        self.assertEqual(self.way()[:7], ["r0", "r1", "r2", "r0", "r1", "r2", "r0"])

    def test_a_direct_link_takes_turns_with_them(self) -> None:
        self.net.join(self.a, self.b)
        self.net.loses = lambda x, y, data: x is not self.a
        self.a.send(self.b)
        self.net.run(240_000)
        ways = self.way()[:8]
        self.assertEqual([ways[i] for i in (0, 1, 3, 5, 7)], ["b"] * 5)
        self.assertEqual({ways[i] for i in (2, 4, 6)}, {"r0", "r1", "r2"})

    def test_reach_is_asked_once_in_thirty_seconds(self) -> None:
        self.net.sent.clear()
        for _ in range(3):
            self.a.send(self.b)
            self.net.run(1_000)
        asked = [data for name, to, data in self.net.sent if (name, to) == ("a", "r0") and data[0] == 5]
        self.assertEqual(len(asked), 1)


class Ticks(unittest.TestCase):
    """DRV-4: waking at deadlines only gives the same as waking every few milliseconds."""

    def play(self, often: bool) -> list[tuple[str, str, bytes]]:
        net = Net()
        a, b, r = net.host("a"), net.host("b"), net.host("r", "relay")
        net.join(a, r)
        net.join(r, b)
        b.takes = False
        net.loses = lambda x, y, data: len(net.sent) % 3 == 0

        def tick(host: Host) -> None:
            host.draws -= 3  # a tick that draws nothing shifts nothing
            host.step("tick")

        if often:
            for host in (a, b, r):
                for ms in range(7, 60_000, 7):
                    net.later(ms, partial(tick, host))
        for i in range(3):
            a.send(b, f"m{i}")
            net.run(2_000)
        net.run(50_000)
        for out in b.delivered:
            b.take(out)
        net.run(8_000)
        self.assertEqual(len(b.delivered), 3)
        return [(x, y, envelope.msg_id_of(data)) for x, y, data in net.sent]

    def test_both_ways(self) -> None:
        self.assertEqual(len(self.play(False)), len(self.play(True)))


class Windows(unittest.TestCase):
    def reason(self, w: ReceiveWindow, n: int) -> Reason | None:
        try:
            self.assertEqual(w.locate(n & 0xFFFF), n)
        except Drop as drop:
            return drop.reason
        return None

    def test_epochs(self) -> None:
        w = ReceiveWindow(b"k" * 32, 2)
        for n in range(63):
            w.accept(n, 0)
        self.assertEqual((w.newest, w.top), (0, 62))
        w.accept(63, 0)
        self.assertEqual((w.newest, sorted(w.keys), w.complete), (1, [1], {0}))
        self.assertEqual(w.keys[1], REKEY(b"k" * 32))
        self.assertEqual(self.reason(w, 5), Reason.REPLAY)
        self.assertIsNone(self.reason(w, (1 + 16) * 64 + 63))
        self.assertEqual(self.reason(w, (1 + 17) * 64), Reason.TOO_FAR_AHEAD)
        w.key(100 * 1)  # in epoch 1
        w.accept(5 * 64, 1_000)
        self.assertEqual(sorted(w.keys), [2, 3, 4, 5])  # newest, previous and two parked
        self.assertEqual(self.reason(w, 64), Reason.TOO_OLD)
        self.assertIsNone(self.reason(w, 2 * 64))
        w.sweep(1_000 + 24 * 3_600_000)
        self.assertEqual(sorted(w.keys), [5])
        with self.assertRaises(Replayed):
            w.locate(5 * 64)

    def test_far_behind(self) -> None:
        w = ReceiveWindow(b"k" * 32, 16)
        for n in range(0, 600 * 64):
            w.accept(n, 0)
        self.assertEqual(w.newest, 600)
        self.assertEqual(self.reason(w, (600 - 511) * 64), Reason.REPLAY)
        self.assertEqual(self.reason(w, (600 - 512) * 64), Reason.TOO_OLD)
        self.assertLess(len(w.complete) + len(w.bits), 600)


if __name__ == "__main__":
    unittest.main()
