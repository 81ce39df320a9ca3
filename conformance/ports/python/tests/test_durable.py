"""What survives a restart."""

from __future__ import annotations

import unittest

from network import Net


class Durable(unittest.TestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.a, self.b = self.net.host("a", durable=True), self.net.host("b", durable=True)

    def test_records_come_before_what_rests_on_them(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.writes = False
        message = a.send(b)
        net.run(5_000)
        self.assertNotIn(message, a.states)  # its record is not durable: nothing leaves
        a.writes = True
        net.run(60_000)
        self.assertEqual(a.states[message], ["sent", "delivered"])
        b.writes = False
        message = a.send(b)
        net.run(5_000)
        self.assertNotIn("delivered", a.states[message])
        b.writes = True
        net.run(120_000)
        self.assertEqual(a.states[message][-1], "delivered")
        self.assertEqual(len(b.delivered), 2)

    def test_acknowledged_once_it_is_written(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        b.takes = False
        message = a.send(b)
        net.run(1_000)
        self.assertEqual(a.states[message], ["sent", "delivered"])
        self.assertEqual(b.tables()["inbox"], 1)
        b.restart()
        net.run(10)
        self.assertEqual(b.texts(), ["hello", "hello"])  # not taken, so it comes again, with its id
        self.assertEqual(b.delivered[0]["message"], b.delivered[1]["message"])

    def test_unsettled_messages_go_on(self) -> None:
        net, a, b = self.net, self.a, self.b
        message = a.send(b)
        net.run(100)
        a.restart()
        net.join(a, b)
        net.run(2_000)
        self.assertEqual(b.texts(), ["hello"])
        self.assertEqual(a.states[message], ["sent", "delivered"])
        a.restart()
        net.join(a, b)
        net.run(5_000)
        self.assertEqual(b.texts(), ["hello"])
        self.assertEqual(a.tables()["outbox"], 0)

    def test_sessions_go_on(self) -> None:
        net, a, b = self.net, self.a, self.b
        net.join(a, b)
        a.send(b, "one")
        net.run(1_000)
        a.send(b, "two")
        net.run(1_000)
        b.restart()
        net.join(a, b)
        a.send(b, "three")
        net.run(1_000)
        self.assertTrue(b.delivered[2]["session"])
        a.restart()
        net.join(a, b)
        a.send(b, "four")
        net.run(65_000)
        a.send(b, "five")
        net.run(1_000)
        self.assertEqual(b.texts(), ["one", "two", "three", "four", "five"])
        self.assertNotIn(43, a.drops + b.drops)
        # What was taken is not delivered again after a restart.
        sent = [data for name, _, data in net.sent if name == "a"]
        b.restart()
        net.join(a, b)
        for data in sent:
            b.step("datagram", link=next(iter(b.links)), bytes=data.hex())
        net.run(1_000)
        self.assertEqual(len(b.delivered), 5)

    def test_a_bad_blob_stops_nothing(self) -> None:
        rows = b'[[1, "00", {}], [2, "00", null], [3, "00", []], [4, "00", {"sender": 1}]]'
        self.a.reset()
        reply = self.a.ask(do="restore", blob=rows.hex(), now=5, unix=None, entropy=None)
        self.assertEqual(reply["pk"], self.a.pk)


if __name__ == "__main__":
    unittest.main()
