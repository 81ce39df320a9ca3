"""The worked example of the book, byte by byte."""

from __future__ import annotations

import unittest
from typing import Any

from helpers import inspect

SEED_A, SEED_B = "11" * 32, "22" * 32
PK_A = "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
PK_B = "a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0"
HANDLE_B = "b2b4aba0d083885c"
EXPIRY = 0x6B49D200
SEAL = (
    "11220800d2496bb2b4aba0d083885c00c919440aa1e7762f7b0d47d93427f8311160781c7c733fd89f88970aef490d8a"
    "a0ee19a4cb8a1b14ba9dd566a6c4cdf878b18bab40c156a7f67e0cf90ec16eb3a8954bafedb4106477f2f871fabfcf4e"
    "eaaf132bcf4c7bb8506a966773d3b18047996022d1a3b81c37600e915b7c020bc79254394e15ea"
)
SECRET = "520497c287c0f9b01ba4a5c962273638"
MSG_ID = "42a2089b691716666ce2e4fa2260b059"
ACK = "14000800d2496b00000000000000000142a2089b69171666" + SECRET
RESP = (
    "12000800d2496b000000000000000042a2089b69171666a1a2a3a4ff2ee45601ec1b67310c7790404585ae697331eee1"
    "c1f8cf2419731c1fff3e6bd60ceb91812ce0e006534b7092c35e0350d2b539e4"
)
KEYS = {
    "kI2r": "e9c2a017d15aeadcd8841aaa153002511b372e95938ad9dbab508a2fbe062f7d",
    "kR2i": "5e8d5dcd6bd141aa2a4d33931c424e8ad1c18f6ce06ca1d9b1cd23bcb79b349f",
    "ackRoot": "ccb1dc05d255f6badb73d807b16364b85d1e9e0460110cee3384652305b5dd0e",
    "hash": "0cbe24aef4cab5856ba0e9cf4bbc9e226424b18cd049c87c5f395d9cf2eabd4c",
}
TRAITS: dict[str, Any] = {"persists": False, "window": 1024, "maxEnvelope": 65535}
PAYLOAD: dict[str, Any] = TRAITS | {"sid": "a1a2a3a4", "content": "8168656c6c6f20546f4d"}
HEADER = {"class": 2, "trace": False, "expiry": EXPIRY, "attempt": 0, "hop": 8}
DATA = (
    "13220800d2496bb2b4aba0d083885cb1b2b3b441002221f69c311182d367c3e46f614aad6709c476b39e93fb404e9583649a72"
)
DATA_ID = "92c4f10a5b407326b5872bc902b96b38"
AGAIN = (
    "13220800d2496bb2b4aba0d083885cb1b2b3b442003632f374e78a70f9bb14c02cf9c918eba125c25afdc5fb9859b3df"
    "8d05d84f3e1c579cafdcd8"
)
NACK = "15000800d2496b000000000000000092c4f10a5b4073260100000000"


class Example(unittest.TestCase):
    maxDiff = None

    def test_identities(self) -> None:
        address = "tom1qrgy4v3jws4mf2e6zd5t63s4unndqgj2kudqz6a0s5s2xvkfw7rnw4lysdd"
        x_pk = "7a46e129fd805047448437e4744f1f1576be8c449fdf57e0c580d36c5cfc6668"
        a = {"pk": PK_A, "xPk": x_pk, "handle": "eca41b573ce51520", "address": address}
        self.assertEqual(inspect("identity", seed=SEED_A), a)
        self.assertEqual(inspect("address", text=address), {"pk": PK_A, "handle": "eca41b573ce51520"})
        self.assertEqual(inspect("address", text=address.upper()), {"pk": PK_A, "handle": "eca41b573ce51520"})
        self.assertEqual(inspect("key", pk=PK_A), {"xPk": x_pk, "handle": "eca41b573ce51520"})
        b = {
            "pk": PK_B,
            "xPk": "9d8d78b9c9e6661e552f2f1af02095ee2f8743fa2e6183f41bb7077ef51b5379",
            "handle": HANDLE_B,
            "address": "tom1qzsf4f050fn4nqp0l92l3hpd9g22tjvaywlf07ryzflljwp52kj0qh728fu",
        }
        self.assertEqual(inspect("identity", seed=SEED_B), b)

    def test_seal(self) -> None:
        sealed = inspect(
            "seal", seed=SEED_A, to=PK_B, ephemeral="33" * 32, prove=True, fields=PAYLOAD, **HEADER
        )
        self.assertEqual(sealed, {"bytes": SEAL, "ackSecret": SECRET, "msgId": MSG_ID})
        opened = inspect("open", seed=SEED_B, bytes=SEAL)
        self.assertEqual(opened, {"from": PK_A, "payload": PAYLOAD | {"sign": False}, "ackSecret": SECRET})
        commit = inspect("commit", expiry=EXPIRY, dst=HANDLE_B, secret=SECRET)
        self.assertEqual(commit, {"commit": "c919440aa1e7762f"})
        self.assertEqual(inspect("envelope", bytes=SEAL)["commit"], "c919440aa1e7762f")
        self.assertEqual(inspect("envelope", bytes=SEAL)["msgId"], MSG_ID)
        payload = "3aa1a2a3a4" + PAYLOAD["content"]
        self.assertEqual(inspect("sealPayload", bytes=payload), PAYLOAD | {"sign": False})

    def test_ack(self) -> None:
        fields = inspect("envelope", bytes=ACK)
        self.assertEqual(fields["proofs"], [{"ref": MSG_ID[:16], "secret": SECRET}])

    def test_resp(self) -> None:
        payload = TRAITS | {"sid": "b1b2b3b4"}
        answer = inspect("answer", seed=SEED_B, bytes=SEAL, ephemeral="44" * 32, fields=payload)
        self.assertEqual(answer, {"bytes": RESP} | KEYS)
        read = inspect("answered", seed=SEED_A, to=PK_B, ephemeral="33" * 32, seal=SEAL, bytes=RESP)
        self.assertEqual(read, {"payload": payload} | KEYS)
        self.assertEqual(inspect("respPayload", bytes="38b1b2b3b4"), payload)

    def test_data(self) -> None:
        shared = {"key": KEYS["kI2r"], "ackRoot": KEYS["ackRoot"], "dir": 0, "to": PK_B}
        data = inspect("data", n=65, sid="b1b2b3b4", prove=True, content="81616761696e", **shared, **HEADER)
        self.assertEqual(data, {"bytes": DATA, "ackSecret": "6d51a727522cea60fa01751498b8ca68", "msgId": DATA_ID})
        again = "c192c4f10a5b407326616761696e"
        data = inspect("data", n=66, sid="b1b2b3b4", prove=True, content=again, **shared, **HEADER)
        self.assertEqual(data["bytes"], AGAIN)
        self.assertEqual(data["msgId"], "00cb31160a0a5d7ea903aa7636b6da57")
        fields = inspect("content", bytes=again)
        self.assertEqual(fields, {"type": 1, "asksAck": True, "orig": DATA_ID[:16], "bytes": "616761696e"})
        opened = inspect("openData", top=None, bytes=AGAIN, **shared)
        self.assertEqual(opened, {"n": 66, "content": again, "ackSecret": "8e2a339a58d1be572e1ec30479569628"})

    def test_nack(self) -> None:
        fields = inspect("envelope", bytes=NACK)
        self.assertEqual((fields["kind"], fields["ref"], fields["code"], fields["arg"]), ("NACK", DATA_ID[:16], 1, 0))

    def test_envelopes_encode_to_themselves(self) -> None:
        for raw in (SEAL, ACK, RESP, DATA, AGAIN, NACK):
            fields = inspect("envelope", bytes=raw)
            del fields["msgId"]
            self.assertEqual(inspect("encode", **{"as": "envelope", "fields": fields}), {"bytes": raw})

    def test_frames(self) -> None:
        frames: dict[str, dict[str, Any]] = {
            "01070001038280040000": {"version": 1, "profile": 3, "maxFrame": 65538, "unix": None, "features": 0},
            "0309000142a2089b69171666": {"refs": [MSG_ID[:16]]},
            "04080042a2089b69171666": {"ref": MSG_ID[:16]},
            "050b00b2b4aba0d083885cac0202": {"handle": HANDLE_B, "nonce": 300, "ttl": 2},
            "060b00b2b4aba0d083885cac0201": {"handle": HANDLE_B, "nonce": 300, "distance": 1},
            "070900010406c00002015111": {"candidates": [{"ip": "192.0.2.1", "port": 4433}]},
            "0802000700": {"nonce": 7, "reply": False},
        }
        expected = [{"ftype": int(raw[:2])} | fields for raw, fields in frames.items()]
        raw = "".join(frames)
        self.assertEqual(inspect("datagram", bytes=raw), {"frames": expected})
        self.assertEqual(inspect("encode", **{"as": "datagram", "fields": {"frames": expected}}), {"bytes": raw})


if __name__ == "__main__":
    unittest.main()
