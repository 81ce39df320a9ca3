"""Layouts that are no layouts, and the edges of those that are."""

from __future__ import annotations

import unittest

from helpers import ask, inspect
from test_example import ACK, AGAIN, DATA, EXPIRY, HEADER, KEYS, NACK, PAYLOAD, PK_B, RESP, SEAL, SEED_A, SEED_B

from runner.main import Port


def patched(raw: str, at: int, value: str) -> str:
    return raw[: 2 * at] + value + raw[2 * at + len(value) :]


class Envelopes(unittest.TestCase):
    def drop(self, raw: str) -> int:
        return int(inspect("envelope", bytes=raw)["drop"])

    def test_header(self) -> None:
        self.assertEqual(self.drop("00" * 65536), 8)
        self.assertEqual(self.drop("ff" * 14), 1)
        self.assertEqual(self.drop(patched(SEAL, 0, "21")), 5)
        self.assertEqual(self.drop(patched(SEAL, 0, "16")), 7)
        self.assertEqual(self.drop(patched(SEAL, 1, "23")), 6)
        self.assertEqual(self.drop(patched(ACK, 1, "02")), 6)
        self.assertEqual(self.drop(patched(SEAL, 2, "09")), 10)
        self.assertEqual(self.drop(patched(SEAL, 7, "00" * 8)), 11)
        self.assertEqual(self.drop(patched(RESP, 14, "01")), 11)

    def test_bodies(self) -> None:
        short_seal = SEAL[: 2 * (24 + 98)]
        self.assertNotIn("drop", inspect("envelope", bytes=short_seal))
        self.assertEqual(self.drop(short_seal[:-2]), 1)
        self.assertEqual(self.drop(DATA[: 2 * (29 + 16)]), 1)
        self.assertEqual(self.drop(RESP[:-2]), 1)
        self.assertEqual(self.drop(RESP + "00"), 2)
        self.assertEqual(self.drop(ACK[:30]), 1)
        self.assertEqual(self.drop(patched(ACK, 15, "00")), 9)
        self.assertEqual(self.drop(patched(ACK, 15, "32")), 9)
        self.assertEqual(self.drop(ACK[:-2]), 2)
        self.assertEqual(self.drop(NACK[:-2]), 1)
        self.assertEqual(self.drop(NACK + "00"), 2)
        self.assertEqual(self.drop(patched(NACK, 23, "05")), 67)


class Opening(unittest.TestCase):
    def test_seal(self) -> None:
        for at, value, reason in ((130, "00", 40), (16, "00", 41), (15, "01", 40), (30, "00", 40)):
            reply = inspect("open", seed=SEED_B, bytes=patched(SEAL, at, value))
            self.assertEqual(reply, {"drop": reason})
        self.assertEqual(inspect("open", seed=SEED_B, bytes=patched(SEAL, 24, "00" * 32)), {"drop": 52})
        self.assertEqual(inspect("open", seed=SEED_A, bytes=SEAL), {"drop": 40})
        self.assertEqual(inspect("open", seed=SEED_B, bytes=RESP), {"refused": True})
        # The path is the one byte that may change (ENV-3).
        self.assertIn("from", inspect("open", seed=SEED_B, bytes=patched(SEAL, 2, "31")))

    def test_resp(self) -> None:
        for raw, reason in (
            (patched(RESP, 15, "00"), 60),
            (patched(RESP, 23, "00"), 61),
            (patched(RESP, 3, "01"), 61),
            (patched(RESP, 79, "00"), 62),
            (patched(RESP, 27, "00" * 32), 52),
        ):
            reply = inspect("answered", seed=SEED_A, to=PK_B, ephemeral="33" * 32, seal=SEAL, bytes=raw)
            self.assertEqual(reply, {"drop": reason})

    def test_data(self) -> None:
        shared = {"key": KEYS["kI2r"], "ackRoot": KEYS["ackRoot"], "dir": 0, "to": PK_B}
        self.assertEqual(inspect("openData", top=70, bytes=DATA, **shared)["n"], 65)
        self.assertEqual(inspect("openData", top=None, bytes=patched(DATA, 19, "ffff"), **shared), {"drop": 46})
        self.assertEqual(inspect("openData", top=None, bytes=patched(DATA, 50, "00"), **shared), {"drop": 42})
        # The commitment is in the AAD, so one that is changed fails the tag first.
        self.assertEqual(inspect("openData", top=None, bytes=patched(AGAIN, 21, "00"), **shared), {"drop": 42})

    def test_weak_recipient(self) -> None:
        fields = {"prove": False, "fields": PAYLOAD} | HEADER
        for weak in ("01" + "00" * 31, "ec" + "ff" * 30 + "7f", "02" + "00" * 31, "f0" + "ff" * 30 + "7f"):
            self.assertEqual(inspect("key", pk=weak), {"refused": True})
            self.assertEqual(inspect("seal", seed=SEED_A, to=weak, ephemeral="55" * 32, **fields), {"refused": True})
        order_eight = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        self.assertEqual(inspect("key", pk=order_eight), {"refused": True})

    def test_unproven(self) -> None:
        fields = {"prove": False, "fields": PAYLOAD} | HEADER
        sealed = inspect("seal", seed=SEED_A, to=PK_B, ephemeral="55" * 32, **fields)
        self.assertIsNone(inspect("envelope", bytes=sealed["bytes"])["commit"])
        self.assertEqual(inspect("open", seed=SEED_B, bytes=sealed["bytes"])["ackSecret"], sealed["ackSecret"])


class Contents(unittest.TestCase):
    def test_contents(self) -> None:
        for raw, reason in (
            ("", 12),
            ("c1", 12),
            ("02", 12),
            ("020102", 12),
            ("0309", 12),
            ("03", 12),
            ("04", 55),
            ("3f", 55),
        ):
            self.assertEqual(inspect("content", bytes=raw), {"drop": reason}, raw)
        self.assertEqual(inspect("content", bytes="01")["bytes"], "")
        # Unknown kinds of candidates are skipped by their length.
        self.assertEqual(inspect("content", bytes="0301050100")["candidates"], [])

    def test_payloads(self) -> None:
        for what, raw in (
            ("sealPayload", ""),
            ("sealPayload", "4001"),
            ("sealPayload", "02010203"),
            ("respPayload", "01b1b2b3b4"),
            ("respPayload", "02b1b2b3b4"),
            ("respPayload", "38b1b2b3"),
            ("respPayload", "38b1b2b3b4b5"),
        ):
            self.assertEqual(inspect(what, bytes=raw), {"drop": 12}, raw)


class Datagrams(unittest.TestCase):
    def frames(self, raw: str) -> list[int]:
        return [f.get("drop", 0) for f in inspect("datagram", bytes=raw)["frames"]]

    def test_ends(self) -> None:
        ping = "0802000700"
        self.assertEqual(self.frames(""), [])
        self.assertEqual(self.frames(ping + "0802"), [0, 1])
        self.assertEqual(self.frames(ping + "08030007"), [0, 2])
        self.assertEqual(self.frames("090100ff" + ping + "000000"), [3, 0, 3])

    def test_bodies(self) -> None:
        for raw, reason in (
            ("01010002", 5),
            ("0102000101", 1),
            ("080300870000", 4),  # a varint not of least length
            ("0802000702", 4),  # no bool
            ("080300070000", 2),  # trailing
            ("0806008080808010" + "00", 4),  # over u32
            ("050a00" + "00" * 8 + "0103", 10),
            ("03010000", 9),
            ("0302000100", 2),
            ("0400 00".replace(" ", ""), 1),
            ("02 0200 0100".replace(" ", ""), 2),
            ("02 0300 0000 01".replace(" ", ""), 1),
            ("02 0400 0000 0100".replace(" ", ""), 9),
            ("02 0500 0000 010100".replace(" ", ""), 2),
            ("02 0600 0000 05000500".replace(" ", ""), 4),
            ("02 0400 0000 0200".replace(" ", ""), 2),
            ("07010009", 9),
            ("0702000104", 1),
            ("070300010405", 2),
        ):
            self.assertEqual(self.frames(raw), [reason], raw)


class Odd(unittest.TestCase):
    def test_odd_requests(self) -> None:
        port = Port()
        for line in (b"", b"null", b"[]", b"{", b"\xff", b'{"id":1}', b'{"id":1,"do":"inspect","what":"envelope"}'):
            self.assertIn("error", port.answer(line))
        self.assertIn("unsupported", ask(do="inspect", what="weather"))
        self.assertIn("error", ask(do="inspect", what=["envelope"]))
        self.assertIn("error", ask(do="inspect", what="commit", expiry=EXPIRY, dst="00", secret=None))

    def test_draw(self) -> None:
        whole = inspect("draw", seed="07" * 32, label="session", sizes=[65536, 3])["bytes"]
        self.assertEqual(inspect("draw", seed="07" * 32, label="session", sizes=[65539])["bytes"], ["".join(whole)])
        mixed = inspect("draw", seed="07" * 32, label="session", sizes=[65536, 3], reseed="08" * 32)["bytes"]
        self.assertEqual(mixed[0], whole[0])
        self.assertNotEqual(mixed[1], whole[1])

    def test_addresses(self) -> None:
        good = inspect("identity", seed=SEED_B)["address"]
        for text in ("", "tom1", good[:-1] + "q", "T" + good[1:], good.replace("tom", "tum")):
            self.assertEqual(inspect("address", text=text), {"refused": True}, text)


if __name__ == "__main__":
    unittest.main()
