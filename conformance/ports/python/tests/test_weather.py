"""A network in bad weather: whatever happens, a proof is a delivery, and nothing is delivered twice."""

from __future__ import annotations

import random
import unittest
from typing import Any

from network import Host, Net

# What a session read back from its record has delivered is not acknowledged again (DLV-18): its sender makes its sixteen
# attempts of at most an hour each (DLV-9), and only the envelope sealed again (DLV-10) is proven.
SETTLED_MS = 17 * 3_600_000


class Weather(unittest.TestCase):
    def play(self, seed: int, durable: bool, limits: dict[str, int] | None = None) -> None:
        rng, net = random.Random(seed), Net()
        small: dict[str, Any] = {"limits": limits or {}}
        ends = [net.host(f"e{i}", rng.choice(["leaf", "relay", "full"]), durable=durable, **small) for i in range(3)]
        relays = [net.host(f"r{i}", "relay", **small) for i in range(3)]
        net.loses = lambda a, b, data: rng.random() < 0.1
        sent: dict[str, tuple[Host, Host]] = {}

        def shuffle(share: float) -> None:
            for a in ends + relays:
                for number in [n for n in a.links if rng.random() < share]:
                    net.cut(a, number)
            for r in relays:
                for other in rng.sample(ends + relays, 3):
                    if other is not r and all(peer is not other for peer, _ in r.links.values()):
                        net.join(r, other)

        for _ in range(40):
            shuffle(0.1)
            a, b = rng.sample(ends, 2)
            payload = f"{len(sent)} " + "x" * rng.choice([0, 900, 1_000, 1_060])
            given = {"to": b.pk, "payload": payload.encode().hex(), "lifetime": None, "class": 2}
            reply = a.step("send", **given)
            if reply["verdict"] == "accepted":
                sent[reply["message"]] = (a, b)
            self.assertTrue(reply["verdict"] == "accepted" or limits, reply)
            net.run(5)  # what was put out is written
            if durable and rng.random() < 0.1:
                rng.choice(ends).restart()
            if rng.random() < 0.1:
                relay = rng.choice(relays)
                relay.restart()
            net.run(rng.randrange(3_000))
        net.loses = lambda a, b, data: False
        for a in relays:
            for b in ends:
                if all(peer is not b for peer, _ in a.links.values()):
                    net.join(a, b)
        net.run(3_600_000 if limits else SETTLED_MS)
        for message, (a, b) in sent.items():
            count = sum(d["message"] == message[:16] for d in b.delivered)
            states = a.states.get(message, [])
            self.assertFalse("delivered" in states and not count, (seed, message, states))
            if not limits:
                self.assertEqual((states[-1:], count >= 1), (["delivered"], True), (seed, message, a.name, states))
            if not durable:
                self.assertLessEqual(count, 1)
        for host in ends + relays:
            tables = host.tables()
            if limits:
                self.assertTrue(all(tables[name] <= limits[name] for name in tables if name in limits), tables)
                continue
            self.assertEqual((tables["outbox"], tables["inbox"], tables["forwards"]), (0, 0, 0), host.name)

    def test_volatile(self) -> None:
        for seed in range(3):
            self.play(seed, durable=False)

    def test_shortage(self) -> None:
        """MEM-2: shortage may delay or refuse, never prove what is not so, nor deliver twice."""
        limits = {"links": 6, "contacts": 16, "sessions": 1, "pending": 1, "outbox": 8, "proofs": 2, "inbox": 1}
        limits |= {"opened": 64, "delivered": 64, "forwards": 1, "returns": 2, "routes": 1, "asks": 1}
        for seed in range(3):
            self.play(200 + seed, durable=seed == 2, limits=limits)

    def test_durable(self) -> None:
        for seed in range(3):
            self.play(100 + seed, durable=True)


if __name__ == "__main__":
    unittest.main()
