"""Single rules, with one node and a scripted neighbour."""

from __future__ import annotations

import unittest
from typing import Any

from network import Host, Net

from tom import content, envelope, handshake, link, transport
from tom.content import Content, RespPayload, SealPayload, Traits
from tom.drops import Reason as R
from tom.envelope import AckBody, DataBody, Envelope, NackBody, SealBody
from tom.identity import Identity

HELLO = link.Hello(link.RELAY, 65_538, None)


class Scripted(unittest.TestCase):
    """`self.n` is the node, `self.p` its neighbour, who is also somebody to talk to."""

    profile = "leaf"
    config: dict[str, Any] = {}

    def setUp(self) -> None:
        self.net = Net()
        self.n: Host = self.net.host("n", self.profile, **self.config)
        self.n.takes = False
        self.p = Identity(b"\7" * 32)
        self.pk = bytes.fromhex(self.n.pk)
        self.out: list[dict[str, Any]] = []
        self.draws = 0
        self.note(self.n.step("up", link=1, pk=self.p.pk.hex(), mtu=1_400, maxFrame=65_538, dialed=True))
        self.feed(HELLO)
        self.out.clear()

    def note(self, reply: dict[str, Any]) -> dict[str, Any]:
        self.out += reply["out"]
        return reply

    def feed(self, *frames: link.Frame, number: int = 1) -> dict[str, Any]:
        data = b"".join(link.encode(f) for f in frames)
        return self.note(self.n.step("datagram", link=number, bytes=data.hex()))

    def give(self, raw: bytes, number: int = 1) -> list[int]:
        """An envelope; the drops it causes."""
        return list(self.feed(link.EnvelopeFrame(raw), number=number).get("drops", []))

    def tick(self, ms: int) -> None:
        self.net.now += ms
        self.note(self.n.step("tick"))

    def frames(self, kind: type) -> list[Any]:
        """The frames of this kind put out since the last look."""
        found = []
        for out in [out for out in self.out if out["is"] == "transmit"]:
            for item in link.split(bytes.fromhex(out["bytes"])):
                assert isinstance(item, tuple)
                frame = link.parse(*item)
                if isinstance(frame, kind):
                    found.append(frame)
        return found

    def envelopes(self) -> list[Envelope]:
        found = [envelope.parse(f.envelope) for f in self.frames(link.EnvelopeFrame)]
        self.out.clear()
        return found

    def seal(self, body: bytes = b"hi", sid: bytes | None = None, **fields: Any) -> handshake.Sealed:
        self.draws += 1
        plain = fields.pop("plain", None) or content.encode(Content(content.BYTES, True, None, body))
        payload = SealPayload(self.p.sign_bit, sid, Traits(), plain)
        expiry = fields.pop("expiry", self.net.unix() + 1_000)
        to = fields.pop("to", self.pk)
        return handshake.seal(self.p, to, self.draws.to_bytes(32, "big"), payload, expiry=expiry, **fields)

    def session(self) -> handshake.Keys:
        """A session that the neighbour started under the sid 1111; the node's own is kept in `self.sid`."""
        sealed = self.seal(sid=b"1111")
        self.assertEqual(self.give(sealed.env.raw), [])
        resp = next(e for e in self.envelopes() if e.kind == envelope.RESP)
        assert isinstance(resp.body, envelope.RespBody)
        payload, keys = handshake.read_resp(self.p, sealed.ephemeral, sealed.state, resp.body.noise)
        self.sid = payload.sid
        return keys

    def data(self, keys: handshake.Keys, n: int, plain: bytes) -> transport.SealedData:
        key = transport.epoch_key(keys.i2r, n // 64)
        expiry = self.net.unix() + 1_000
        return transport.seal_data(key, keys.ack_root, 0, n, self.pk, self.sid, plain, expiry=expiry)


class Links(Scripted):
    def test_hello(self) -> None:
        self.feed(link.Hello(1, 2_000, None, 0, 2))
        self.assertEqual([o["is"] for o in self.out], ["close"])
        self.assertEqual(self.n.drops, [R.BAD_VERSION])
        self.assertEqual(self.feed(HELLO)["drops"], [R.UNKNOWN_LINK])

    def test_rates(self) -> None:
        replies = [self.feed(link.Ping(i, False)) for i in range(9)]
        self.assertEqual([r.get("drops") for r in replies], [None] * 8 + [[R.RATE_LIMITED]])
        replies = [self.feed(link.ReachQuestion(self.p.handle, i, 0)) for i in range(9)]
        self.assertEqual([r.get("drops") for r in replies], [None] * 8 + [[R.RATE_LIMITED]])
        self.assertEqual([a.distance for a in self.frames(link.ReachAnswer)], [255] * 8)
        self.out.clear()
        self.tick(60_000)
        self.feed(link.ReachQuestion(bytes.fromhex(self.n.pk)[:0] + self.handle(), 1, 2), link.Ping(5, True))
        self.assertEqual([a.distance for a in self.frames(link.ReachAnswer)], [0])
        self.assertEqual(self.frames(link.Ping), [])

    def handle(self) -> bytes:
        return Identity(bytes.fromhex(self.n.seed)).handle

    def test_receipts_for_nothing(self) -> None:
        self.assertNotIn("drops", self.feed(link.Taken((bytes(8),))))
        self.assertEqual(self.feed(link.Passed(bytes(8)))["drops"], [R.RECEIPT_UNKNOWN])
        self.assertEqual(self.feed(link.ReachAnswer(bytes(8), 1, 0))["drops"], [R.REACH_UNKNOWN])


class Receiving(Scripted):
    config = {"limits": {"inbox": 2}}

    def test_prekeys_are_unknown(self) -> None:
        raw = self.seal().env.raw
        self.assertEqual(self.give(raw[:15] + b"\1" + raw[16:]), [R.UNKNOWN_KID])
        (nack,) = self.envelopes()
        assert isinstance(nack.body, NackBody)
        self.assertEqual(nack.body.code, envelope.NO_KEY)

    def test_life(self) -> None:
        now = self.net.unix()
        self.assertEqual(self.give(self.seal(expiry=now + 86_400 + 301).env.raw), [R.EXPIRY_TOO_FAR])
        self.assertEqual(self.give(self.seal(expiry=now - 301).env.raw), [R.EXPIRED])
        self.assertEqual(self.give(self.seal(expiry=now - 300).env.raw), [])

    def test_inbox_full_spends_no_counter(self) -> None:
        keys = self.session()
        plain = content.encode(Content(content.BYTES, True, None, b"x"))
        self.assertEqual(self.give(self.data(keys, 0, plain).env.raw), [])
        self.out.clear()
        third = self.data(keys, 1, plain)
        self.assertEqual(self.give(third.env.raw), [R.INBOX_FULL])
        self.assertEqual(self.frames(link.Taken), [])
        self.n.take(self.n.delivered[0])
        self.assertEqual(self.give(third.env.raw), [])
        self.assertEqual(self.give(third.env.raw), [R.REPLAY])

    def test_a_replay_that_waits_or_was_useless_is_not_acknowledged(self) -> None:
        keys = self.session()
        self.n.take(self.n.delivered[0])
        plain = content.encode(Content(content.BYTES, True, None, b"x"))
        waits, useless = self.data(keys, 0, plain), self.data(keys, 1, b"\x84")
        self.assertEqual(self.give(waits.env.raw) + self.give(useless.env.raw), [R.UNKNOWN_CONTENT])
        self.assertEqual(self.give(waits.env.raw) + self.give(useless.env.raw), [R.REPLAY, R.REPLAY])
        self.assertEqual([e for e in self.envelopes() if e.kind == envelope.ACK], [])
        self.note(self.n.step("taken", **{"from": self.p.pk.hex(), "message": waits.env.ref.hex()}))
        acks = [e.body for e in self.envelopes()]
        self.assertEqual(acks, [AckBody(((waits.env.ref, waits.ack_secret),))])
        self.give(waits.env.raw)
        self.assertEqual([e.body for e in self.envelopes()], acks)
        other = self.data(keys, 0, content.encode(Content(content.BYTES, True, None, b"y")))
        self.give(other.env.raw)  # the commitment of n = 0 verifies for it as well, so it is acknowledged under its ref

    def test_resp_is_repeated_and_limited(self) -> None:
        one, two = self.seal(sid=b"1111"), self.seal(sid=b"2222")
        for raw in (one.env.raw, one.env.raw, two.env.raw):
            self.give(raw)
        resps = [e.raw for e in self.envelopes() if e.kind == envelope.RESP]
        self.assertEqual((len(resps), len(set(resps))), (2, 1))
        self.assertEqual(self.n.sessions, [], "its first DATA confirms it")

    def test_sealed_again_is_delivered_once(self) -> None:
        first = self.seal()
        again = [self.seal(plain=content.encode(Content(1, True, first.env.ref, b"hi"))) for _ in range(3)]
        drops = [self.give(s.env.raw) for s in (first, again[0], again[1])]
        self.assertEqual(drops, [[], [R.ALREADY_DELIVERED], [R.RATE_LIMITED]])
        self.out.clear()
        self.note(self.n.step("taken", **{"from": self.p.pk.hex(), "message": first.env.ref.hex()}))
        (ack,) = self.envelopes()
        assert isinstance(ack.body, AckBody)
        self.assertEqual({ref for ref, _ in ack.body.proofs}, {first.env.ref, again[0].env.ref})
        self.assertEqual(self.give(again[2].env.raw), [R.ALREADY_DELIVERED])
        (ack,) = self.envelopes()
        self.assertEqual(ack.body, AckBody(((again[2].env.ref, again[2].ack_secret),)))
        self.assertEqual(len(self.n.delivered), 1)

    def test_unknown_session(self) -> None:
        raw = envelope.encode(Envelope(DataBody(b"none", 0, None, bytes(17)), self.net.unix(), self.handle()))
        for _ in range(10):
            self.assertEqual(self.give(raw), [R.UNKNOWN_SESSION])
        codes = [e.body.code for e in self.envelopes() if isinstance(e.body, NackBody)]
        self.assertEqual(codes, [envelope.NO_KEY] * 8)

    def handle(self) -> bytes:
        return Identity(bytes.fromhex(self.n.seed)).handle

    def test_far_counters(self) -> None:
        keys = self.session()
        plain = content.encode(Content(content.PAD, True))
        for n, drops in ((17 * 64, [R.TOO_FAR_AHEAD]), (16 * 64, []), (13 * 64, []), (12 * 64, [R.TOO_OLD])):
            self.assertEqual(self.give(self.data(keys, n, plain).env.raw), drops, n)
        sealed = self.data(keys, 16 * 64 + 1, plain)
        self.assertEqual(self.give(sealed.env.raw[:-1] + bytes([sealed.env.raw[-1] ^ 1])), [R.BAD_TAG])


class Sending(Scripted):
    def send(self, payload: str = "00", **fields: Any) -> str:
        given = {"to": self.p.pk.hex(), "payload": payload, "lifetime": None, "class": 2} | fields
        return str(self.note(self.n.step("send", **given))["message"])

    def test_sixteen_attempts_then_sealed_again(self) -> None:
        message = self.send("aa")
        while self.net.now < 12 * 3_600_000:
            self.tick(max(1, (self.n.wake or 0) - self.net.now))
        sent = self.envelopes()
        self.assertEqual([e.attempt for e in sent[:17]], [*range(16), 0])
        self.assertEqual({e.msg_id.hex() for e in sent[:16]}, {message})
        opened = handshake.open_seal(self.p, sent[16])
        again = content.parse(opened.payload().content)
        self.assertEqual((again.orig, again.body, sent[16].expiry), (sent[0].ref, b"\xaa", sent[0].expiry))
        # The secret of the new envelope proves the message as well (SES-34).
        ack = AckBody(((sent[16].ref, opened.ack_secret),))
        self.give(envelope.encode(Envelope(ack, 0)))
        self.assertEqual(self.n.states[message], ["sent", "delivered"])

    def test_waits(self) -> None:
        self.send()
        self.assertEqual(self.n.wake, self.net.now + 300)
        self.net.now += 100
        ref = self.envelopes()[0].ref
        self.feed(link.Taken((ref,)))
        self.assertEqual(self.n.wake, self.net.now + 700)
        self.tick(700)
        self.assertEqual(self.n.wake, self.net.now + 600)

    def test_resp(self) -> None:
        self.send()
        seal = self.envelopes()[0]
        opened = handshake.open_seal(self.p, seal)
        good, keys = handshake.answer(opened, b"\3" * 32, RespPayload(b"3333", Traits()))
        wrong_sid = good.raw[:23] + b"none" + good.raw[27:]
        bad = good.raw[:-1] + bytes([good.raw[-1] ^ 1])
        drops = [self.give(raw) for raw in (wrong_sid, bad, good.raw, good.raw)]
        self.assertEqual(drops, [[R.RESP_MISMATCH], [R.BAD_RESP], [], [R.RESP_UNKNOWN]])
        self.out.clear()
        self.send("bb")
        (data,) = self.envelopes()
        assert isinstance(data.body, DataBody)
        self.assertEqual(data.body.sid, b"3333")
        plain = transport.open_data(data, data.body, keys.i2r, 0, self.p.pk)
        self.assertEqual(plain, b"\x81\xbb")
        # NO_KEY: sealed again as a one-shot that offers a sid, with orig.
        self.give(envelope.encode(Envelope(NackBody(data.ref, envelope.NO_KEY, 0), data.expiry)))
        (again,) = self.envelopes()
        assert isinstance(again.body, SealBody)
        payload = handshake.open_seal(self.p, again).payload()
        self.assertIsNotNone(payload.sid)
        self.assertEqual(content.parse(payload.content).orig, data.ref)
        self.assertEqual(self.give(envelope.encode(Envelope(NackBody(data.ref, 1, 0), data.expiry))), [R.NACK_UNKNOWN])


class Held(unittest.TestCase):
    def test_long_messages_wait_for_the_session(self) -> None:
        net = Net()
        a, b = net.host("a", "full"), net.host("b", "full")
        net.join(a, b)
        for i in range(300):  # too long for a one-shot
            a.send(b, f"{i} " + "x" * 1_100)
        self.assertEqual(a.tables()["pending"], 1)
        net.run(60_000)
        self.assertEqual(len(b.delivered), 300)
        self.assertTrue(all(d["session"] for d in b.delivered))


class WithoutClock(unittest.TestCase):
    def test_takes_time_from_a_neighbour(self) -> None:
        net = Net()
        a, b = net.host("a"), net.host("b")
        a.ask(do="reset", profile="leaf", seed=a.seed, now=net.now, unix=None, config={})
        given = {"to": b.pk, "payload": "00", "lifetime": None, "class": 2}
        self.assertEqual(a.step("send", **given)["verdict"], "refused")
        net.join(a, b)
        self.assertEqual(a.step("send", **given)["verdict"], "accepted")
        net.run(1_000)
        self.assertEqual(len(b.delivered), 1)


if __name__ == "__main__":
    unittest.main()
