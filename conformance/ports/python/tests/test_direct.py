"""Two nodes with a link between them: one-shots, sessions, delivery."""

from __future__ import annotations

import unittest

from network import Net

HELD = "x" * 5_000


class Direct(unittest.TestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.a, self.b = self.net.host("a"), self.net.host("b")

    def test_one_shot_then_session(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        one = a.send(b, "one")
        net.run(1_000)
        self.assertEqual(b.texts(), ["one"])
        self.assertEqual(b.delivered[0]["message"], one[:16])
        self.assertFalse(b.delivered[0]["session"])
        self.assertTrue(b.delivered[0]["direct"])
        self.assertEqual(a.states[one], ["sent", "delivered"])
        self.assertEqual((a.sessions, b.sessions), ([b.pk], []))
        two, three = a.send(b, "two"), b.send(a, "three")
        net.run(1_000)
        self.assertEqual((b.texts(), a.texts()), (["one", "two"], ["three"]))
        self.assertTrue(b.delivered[1]["session"] and a.delivered[0]["session"])
        self.assertEqual(b.sessions, [a.pk], "since the first message in it")
        self.assertEqual((a.states[two], b.states[three]), (["sent", "delivered"], ["sent", "delivered"]))
        for host in (a, b):
            tables = host.tables()
            self.assertEqual((tables["outbox"], tables["inbox"], tables["sessions"]), (0, 0, 1))
            self.assertEqual(host.drops, [])

    def test_waits_for_a_link(self) -> None:
        message = self.a.send(self.b)
        self.net.run(5_000)
        self.assertNotIn(message, self.a.states)
        self.net.join(self.a, self.b)
        self.net.run(1_000)
        self.assertEqual(self.a.states[message], ["sent", "delivered"])

    def test_not_acknowledged_before_it_is_taken(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        b.takes = False
        message = a.send(b)
        net.run(20_000)
        self.assertEqual(b.texts(), ["hello"])
        self.assertEqual(a.states[message], ["sent"])
        b.take(b.delivered[0])
        net.run(1_000)
        self.assertEqual(a.states[message], ["sent", "delivered"])
        self.assertEqual(len(b.delivered), 1)

    def test_loss_and_retry(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "first")
        net.run(1_000)
        count = 0

        def every_other(_a: object, _b: object, _data: bytes) -> bool:
            nonlocal count
            count += 1
            return count % 2 == 1

        net.loses = every_other
        sent = [a.send(b, f"m{i}") for i in range(200)]
        net.run(12 * 3_600_000)
        self.assertEqual(sorted(b.texts()[1:]), sorted(f"m{i}" for i in range(200)))
        self.assertTrue(all(a.states[m][-1] == "delivered" for m in sent))

    def test_expires_and_a_late_proof(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        lost: list[bytes] = []

        def swallow(x: object, _y: object, data: bytes) -> bool:
            if x is b:
                lost.append(data)
            return x is b

        net.loses = swallow
        message = a.send(b, lifetime=60_000)
        net.run(359_000)
        self.assertEqual(a.states[message], ["sent"])
        net.run(2_000)
        self.assertEqual(a.states[message], ["sent", "expired"])
        self.assertEqual(a.tables()["outbox"], 0)
        net.loses = lambda x, y, data: False
        link = next(iter(a.links))
        for data in lost:
            a.step("datagram", link=link, bytes=data.hex())
        self.assertEqual(a.states[message], ["sent", "expired", "delivered"])
        # Nothing goes on without end: the retries stay few (DLV-9).
        self.assertLess(len([s for s in net.sent if s[0] == "a"]), 20)

    def test_read(self) -> None:
        self.net.join(self.a, self.b)
        self.b.reads = True
        message = self.a.send(self.b)
        self.net.run(2_000)
        self.assertEqual(self.a.states[message], ["sent", "delivered", "read"])

    def test_held_until_a_session(self) -> None:
        net = self.net
        a, b = net.host("fa", "full"), net.host("fb", "full")
        net.join(a, b)
        message = a.send(b, HELD)
        self.assertEqual(len(message), 32)
        net.run(1_000)
        self.assertEqual(b.texts(), [HELD])
        self.assertEqual(b.delivered[0]["message"], message[:16])
        self.assertEqual(a.states[message], ["sent", "delivered"])
        self.assertEqual(a.tables()["outbox"], 0)

    def test_many_epochs(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "first")
        net.run(1_000)
        for i in range(5):
            for j in range(100):
                a.send(b, f"{i}/{j}")
            net.run(1_000)
        self.assertEqual(len(b.delivered), 501)
        self.assertTrue(all(d["session"] for d in b.delivered[1:]))
        self.assertEqual(a.drops + b.drops, [])

    def test_rekey_after_a_day(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "one")
        net.run(1_000)
        net.run(25 * 3_600_000)
        a.send(b, "two")
        net.run(1_000)
        a.send(b, "three")
        net.run(1_000)
        self.assertEqual(b.texts(), ["one", "two", "three"])
        self.assertEqual([d["session"] for d in b.delivered], [False, False, True])
        self.assertEqual(len(a.sessions), 2)
        net.run(24 * 3_600_000)
        a.step("tick")
        self.assertEqual(a.tables()["sessions"], 1)

    def test_crossed_handshakes(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "from a")
        b.send(a, "from b")
        net.run(1_000)
        self.assertEqual((a.tables()["sessions"], b.tables()["sessions"]), (2, 2))
        for i in range(3):
            a.send(b, f"a{i}")
            b.send(a, f"b{i}")
            net.run(1_000)
        self.assertEqual(b.texts(), ["from a", "a0", "a1", "a2"])
        self.assertEqual(a.texts(), ["from b", "b0", "b1", "b2"])
        self.assertEqual(a.drops + b.drops, [])

    def test_volatile_restart_is_repaired_by_no_key(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "one")
        net.run(70_000)
        b.restart()
        net.join(a, b)
        message = a.send(b, "two")
        net.run(5_000)
        self.assertEqual(b.texts(), ["one", "two"])
        self.assertEqual(a.states[message][-1], "delivered")
        self.assertIn(43, b.drops)
        a.send(b, "three")
        net.run(5_000)
        self.assertTrue(b.delivered[-1]["session"])

    def test_replay_delivers_nothing(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "one")
        net.run(1_000)
        a.send(b, "two")
        net.run(1_000)
        link = next(iter(b.links))
        for _, _, data in [s for s in net.sent if s[0] == "a"]:
            b.step("datagram", link=link, bytes=data.hex())
        self.assertEqual(b.texts(), ["one", "two"])
        self.assertEqual(set(b.drops), {53, 44, 65} & set(b.drops))

    def test_refusals(self) -> None:
        a, b = self.a, self.b
        for fields in (
            {"lifetime": 0},
            {"lifetime": 86_400_000},
            {"class": 4},
            {"to": "00" * 32},
            {"to": a.pk},
        ):
            reply = a.step("send", **({"to": b.pk, "payload": "00", "lifetime": None, "class": 2} | fields))
            self.assertEqual(reply["verdict"], "refused", fields)
        self.assertEqual(a.step("datagram", link=99, bytes="")["drops"], [27])


if __name__ == "__main__":
    unittest.main()
