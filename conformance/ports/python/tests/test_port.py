"""The port as a program: lines in, lines out."""

from __future__ import annotations

import json
import subprocess
import sys
import unittest
from pathlib import Path

PORT = Path(__file__).resolve().parent.parent / "port.py"


class Program(unittest.TestCase):
    def test_lines(self) -> None:
        seed = "05" * 32
        reset = {"profile": "leaf", "seed": seed, "now": 0, "unix": 1_800_000_000}
        send: dict[str, object] = {"is": "send", "to": "a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0"}
        send |= {"payload": "00", "lifetime": None, "class": 2}
        nothing: dict[str, list[str]] = {"e": [], "sid": [], "id": [], "jitter": []}
        requests: list[object] = [
            {"id": 1, "do": "hello"},
            {"id": 2, "do": "step", "now": 0, "entropy": {}, "in": {"is": "tick"}},
            {"id": 3, "do": "reset", "config": {"skew": 300, "durable": False, "limits": {"jobs": 3}}} | reset,
            {"id": 4, "do": "reset", "config": {"skew": 300, "durable": False, "limits": {"Outbox": 3}}} | reset,
            {"id": 5, "do": "step", "now": 0, "entropy": nothing, "in": {"is": "tick"}},
            {"id": 6, "do": "step", "now": 0, "entropy": nothing, "in": {"is": "dance"}},
            {"id": 7, "do": "step", "now": 0, "entropy": nothing, "in": send},
            {"id": 8, "do": "snapshot"},
            7,
            {"id": 9, "do": "inspect", "what": "node"},
        ]
        text = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run([sys.executable, str(PORT)], input=text, capture_output=True, text=True, check=True)
        replies = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["id"] for r in replies], [1, 2, 3, 4, 5, 6, 7, 8, None, 9])
        self.assertIn("codec", replies[0]["profiles"])
        self.assertIn("error", replies[1])
        self.assertIn("unsupported", replies[2])
        self.assertEqual(len(replies[3]["pk"]), 64)
        expected = {"id": 5, "verdict": "accepted", "message": None, "out": [], "wake": None}
        self.assertEqual(replies[4], expected)
        self.assertIn("unsupported", replies[5])
        self.assertEqual(replies[6]["starved"], "sid")
        self.assertIn("blob", replies[7])
        self.assertIn("error", replies[8])
        self.assertEqual(replies[9]["is"]["outbox"], 0)


if __name__ == "__main__":
    unittest.main()
