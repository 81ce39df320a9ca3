"""Packets on a byte stream (NLK-25)."""

from __future__ import annotations

import random
import unittest

from helpers import inspect

from tom import stream


class Streams(unittest.TestCase):
    def test_there_and_back(self) -> None:
        """Whatever the packets are, also where their blocks are full: no zero byte stands in a frame, one after each."""
        rng = random.Random(1)
        sizes = [1, 2, 253, 254, 255, 256, 507, 508, 509, 510, 1_200]
        packets = [b"\1" * size + tail for size in sizes for tail in (b"", b"\0", b"\0\0", b"\0\1")]
        packets += [b"\0" * size for size in sizes]
        packets += [bytes(rng.choice([0, 1, 255]) for _ in range(size)) for size in sizes]
        data = stream.join(packets)
        self.assertEqual(data.count(0), len(packets))
        self.assertEqual(list(stream.split(data)), packets)

    def test_a_full_block_at_the_end_is_all(self) -> None:
        self.assertEqual(stream.encode(b"\1" * 254), b"\xff" + b"\1" * 254)
        self.assertEqual(stream.encode(b"\1" * 254 + b"\0"), b"\xff" + b"\1" * 254 + b"\1\1")

    def test_what_is_none_is_dropped_alone(self) -> None:
        for lost in ("00", "0100", "040700", "ff0700", "02070900"):
            self.assertEqual(inspect("stream", bytes="020600" + lost + "020800"), {"packets": ["06", "08"]}, lost)

    def test_a_packet_ends_with_its_zero_byte(self) -> None:
        self.assertEqual(inspect("stream", bytes="0207000308"), {"packets": ["07"]})

    def test_encode(self) -> None:
        encoded = inspect("encode", **{"as": "stream", "fields": {"packets": ["0708", "00"]}})
        self.assertEqual(encoded, {"bytes": "03070800010100"})


if __name__ == "__main__":
    unittest.main()
