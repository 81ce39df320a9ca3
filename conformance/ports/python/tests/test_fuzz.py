"""Bytes from the network never make a node fail (CON-7, DRV-8), and no request ends the port."""

from __future__ import annotations

import random
import unittest

from network import Net


class Fuzz(unittest.TestCase):
    def test_bytes_are_used_or_dropped(self) -> None:
        net, rng = Net(), random.Random(7)
        a, b, r = net.host("a"), net.host("b", durable=True), net.host("r", "relay")
        net.join(a, r)
        net.join(r, b)
        for i in range(4):
            a.send(b, f"m{i}")
            b.send(a, f"n{i}")
            net.run(500)
        seen = [data for _, _, data in net.sent]
        expected = len(a.delivered) + len(b.delivered)
        for _ in range(3_000):
            data = bytearray(rng.choice(seen))
            if rng.random() < 0.1:
                data = bytearray(rng.randbytes(rng.randrange(60)))
            for _ in range(rng.randrange(4)):
                at = rng.randrange(max(1, len(data)))
                data[at : at + 1] = rng.randbytes(rng.randrange(3))
            host = rng.choice([a, b, r])
            for end in (a, b):  # a HELLO of another version closes a link
                if not end.links:
                    net.join(end, r)
            reply = host.step("datagram", link=rng.choice(list(host.links)), bytes=data.hex())
            self.assertIn(reply["verdict"], ("accepted", "dropped"))
            self.assertTrue(reply["verdict"] == "accepted" or reply["drops"])
            if rng.random() < 0.2:
                net.run(rng.randrange(200))
        net.run(5_000)
        self.assertEqual(len(a.delivered) + len(b.delivered), expected)


if __name__ == "__main__":
    unittest.main()
