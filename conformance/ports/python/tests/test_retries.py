"""How long a message waits from copy to copy, and what brings the next one on."""

from __future__ import annotations

import unittest

from network import Host, Net
from test_relay import envelopes
from test_rules import Scripted

from tom import envelope, link
from tom.envelope import DataBody, Envelope, NackBody, SealBody
from tom.identity import Identity
from tom.memory import LEAF, Config
from tom.node import Node
from tom.routing import Query


class Waits(unittest.TestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.a, self.b = self.net.host("a"), self.net.host("b")
        self.left: list[int] = []
        self.net.loses = self.watch
        self.silent = True  # what the sender sends is lost

    def watch(self, x: Host, y: Host, data: bytes) -> bool:
        if x is self.a and data[0] == link.ENVELOPE:
            self.left.append(self.net.now)
            return self.silent
        return False

    def gaps(self) -> list[int]:
        return [later - one for one, later in zip(self.left, self.left[1:])]

    def test_what_was_due_doubles(self) -> None:
        self.net.join(self.a, self.b)
        self.a.send(self.b)
        self.net.run(10_000)
        self.assertEqual(self.gaps(), [300, 600, 1_200, 2_400, 4_800])

    def test_a_link_that_comes_does_not(self) -> None:
        """DLV-9: neither the first nor the tenth link that comes puts off what follows."""
        number, _ = self.net.join(self.a, self.b)
        self.a.send(self.b)
        self.net.run(1_000)
        self.assertEqual(self.gaps(), [300, 600])
        for _ in range(10):
            self.net.cut(self.a, number)
            self.net.run(20_000)
            number, _ = self.net.join(self.a, self.b)
        self.assertEqual(len(self.left), 13)
        self.net.run(10_000)
        self.assertEqual(self.gaps()[-3:], [1_200, 2_400, 4_800])

    def test_the_loss_of_the_first_link_does_not(self) -> None:
        """DLV-13: made good at once, and the wait after it is the first one."""
        for name in ("r1", "r2"):
            self.net.join(self.a, self.net.host(name, "relay"))
        first, _ = self.net.join(self.a, self.b)
        self.a.send(self.b)
        self.net.run(50)
        self.net.cut(self.a, first)
        self.net.run(1_000)
        self.assertEqual(self.gaps()[1:], [300, 600])

    def test_asking_in_vain_does(self) -> None:
        """DLV-9: what asked and heard that nobody knows left because it was due."""
        self.net.join(self.a, self.b)
        for name in ("r1", "r2"):
            self.net.join(self.a, self.net.host(name, "relay"))
        self.a.send(self.b)
        self.net.run(2_600)
        asked = 20  # the retry after the second copy asks, and all have answered so soon
        self.assertEqual(self.gaps(), [300, 600 + asked, 1_200])

    def test_an_answer_that_knows_does_not(self) -> None:
        """DLV-9: a REACH! that knows the way says that it is new."""
        r1, r2 = (self.net.host(name, "relay") for name in ("r1", "r2"))
        for other in (self.b, r1, r2):
            self.net.join(self.a, other)
        self.net.join(r1, self.b)
        self.net.loses = lambda x, y, data: self.watch(x, y, data) and x is self.a
        self.a.send(self.b)
        self.net.run(2_600)
        self.assertEqual(self.gaps()[:3], [300, 600 + 20, 600])

    def test_a_link_of_no_use_is_waited_for_no_longer(self) -> None:
        """DLV-28: its last copy's neighbour is a leaf now, and another link comes up long before the copy is due."""
        first, other = (self.net.host(name, "relay") for name in ("r1", "r2"))
        number, _ = self.net.join(self.a, first)
        self.a.send(self.b)
        self.net.run(6_000)
        self.assertEqual(self.gaps(), [300, 600, 1_200, 2_400])
        self.a.step("datagram", link=number, bytes=link.encode(link.Hello(link.LEAF, 65_538)).hex())
        self.net.run(100)
        self.assertEqual(len(self.left), 5)
        at = self.net.now
        self.net.join(self.a, other)
        self.assertEqual(self.left[5:], [at])

    def test_a_number_again_is_another_link(self) -> None:
        """RTE-1, RTE-3: what comes up under the number of a link that went was not tried before."""
        relays = [self.net.host(name, "relay") for name in ("r1", "r2", "r3")]
        number, _ = self.net.join(self.a, relays[0])
        self.a.send(self.b)
        self.net.run(2_150)
        self.assertEqual(len(self.left), 4)
        self.net.cut(self.a, number)
        self.net._links = 0
        self.assertEqual(self.net.join(self.a, relays[1])[0], number)
        self.net.join(self.a, relays[2])
        self.net.sent.clear()
        self.net.run(1_500)
        self.assertEqual([to for to, _ in envelopes(self.net, self.a)][:1], ["r2"])  # attempt 4 of two candidates

    def test_a_restart_begins_anew(self) -> None:
        """DLV-9: the message is sealed again, and waits as at first."""
        self.a = self.net.host("durable", durable=True)
        self.net.join(self.a, self.b)
        self.a.send(self.b)
        self.net.run(6_000)
        self.a.restart()
        self.left.clear()
        self.net.join(self.a, self.b)
        self.net.run(2_500)
        self.assertEqual(self.gaps(), [300, 600, 1_200])


class Nacks(unittest.TestCase):
    def gaps(self, relays: int, leaves: int = 0) -> list[int]:
        """Nobody has a way: each copy is answered NO_ROUTE."""
        net = Net()
        a, b = net.host("a"), net.host("b")
        for i in range(relays):
            net.join(a, net.host(f"r{i}", "relay"))
        for i in range(leaves):
            net.join(a, net.host(f"l{i}"))
        left: list[int] = []

        def watch(x: Host, y: Host, data: bytes) -> bool:
            if x is a and data[0] == link.ENVELOPE:
                left.append(net.now)
            return False

        net.loses = watch
        a.send(b)
        net.run(25_000)
        return [later - one for one, later in zip(left, left[1:])]

    def test_as_often_as_there_are_others(self) -> None:
        """RTE-36: between two retries that were due, one for each other neighbour that forwards."""
        self.assertEqual(self.gaps(3)[:12], [300, 600, 1_000, 1_000, 1_200, 1_000, 1_000, 2_400, 1_000, 1_000, 4_800, 1_000])
        self.assertEqual(self.gaps(2)[:9], [300, 600, 1_000, 1_200, 1_000, 2_400, 1_000, 4_800, 1_000])

    def test_the_only_way_is_not_hurried(self) -> None:
        """RTE-36: a leaf is nobody to try."""
        for leaves in (0, 2):
            self.assertEqual(self.gaps(1, leaves), [300, 600, 1_200, 2_400, 4_800, 9_600])


class SealedAgain(Scripted):
    def test_it_goes_on_doubling(self) -> None:
        """DLV-10, also where a NO_KEY made it so and its wait was not over."""
        self.session()
        reply = self.note(self.n.step("send", to=self.p.pk.hex(), payload="bb", lifetime=None, **{"class": 2}))
        data = next(e for e in self.envelopes() if isinstance(e.body, DataBody))
        self.assertEqual(reply["verdict"], "accepted")
        self.tick(100)
        self.out.clear()
        self.give(envelope.encode(Envelope(NackBody(data.ref, envelope.NO_KEY, 0), data.expiry)))
        (seal,) = self.envelopes()
        self.assertIsInstance(seal.body, SealBody)
        self.tick(599)
        self.assertNotIn(seal.ref, [e.ref for e in self.envelopes()])
        self.tick(1)
        self.assertEqual([e.attempt for e in self.envelopes() if e.ref == seal.ref], [1])


class Known(unittest.TestCase):
    def test_a_failure_gives_no_rank(self) -> None:
        """RTE-40: the first proof after it is a first one, and of two of one rank the later first comes first."""
        node = Node(Identity(b"\1" * 32), Config(LEAF), 0, 1_800_000_000)
        for number in (1, 2):
            node.up(number, Identity(bytes([number + 1]) * 32).pk, 1_400, True)
        handle = b"\7" * 8
        node.routes.lost(handle, 1, taken=False)
        for number in (1, 2):
            node.routes.proven(handle, number)
        self.assertEqual([node.routes.way(handle, number).rank for number in (1, 2)], [1_024, 1_024])
        chosen = node.routes.choose(Query(handle, 100, 0))
        self.assertEqual(getattr(chosen, "number", None), 2)

    def test_a_failure_makes_no_way_known(self) -> None:
        """RTE-40: of two of one rank the one that became known last, by an answer, comes first."""
        node = Node(Identity(b"\1" * 32), Config(LEAF), 0, 1_800_000_000)
        for number in (1, 2):
            node.up(number, Identity(bytes([number + 1]) * 32).pk, 1_400, True)
        handle = b"\7" * 8
        node.routes.lost(handle, 2, taken=True)
        for number in (1, 2):
            node.routes.answered(handle, number, 1)
            node.routes.lost(handle, number, taken=True)
            node.routes.answered(handle, number, 1)
        chosen = node.routes.choose(Query(handle, 100, 0))
        self.assertEqual(getattr(chosen, "number", None), 2)


    def test_a_far_answer_is_no_failure(self) -> None:
        """RTE-40: 129 at least, so it counts from attempt 2 on as well; and 129 after a failure, however near."""
        node = Node(Identity(b"\1" * 32), Config(LEAF), 0, 1_800_000_000)
        for number in (1, 2):
            node.up(number, Identity(bytes([number + 1]) * 32).pk, 1_400, True)
        handle = b"\7" * 8
        node.routes.answered(handle, 2, 9)
        chosen = node.routes.choose(Query(handle, 100, 2))
        self.assertEqual(getattr(chosen, "number", None), 2)
        node.routes.answered(handle, 1, 0)
        node.routes.lost(handle, 1, taken=True)
        node.routes.answered(handle, 1, 0)
        self.assertEqual([node.routes.way(handle, number).rank for number in (1, 2)], [129, 129])


class Questions(unittest.TestCase):
    def test_what_it_reaches_by_the_end(self) -> None:
        """RTE-17: nobody it asked knows, but a link to the one came up meanwhile."""
        net = Net()
        a, r, other, b = net.host("a"), net.host("r", "relay"), net.host("other", "relay"), net.host("b")
        asking, _ = net.join(r, a)
        net.join(r, other)
        net.loses = lambda x, y, data: x is other
        question = link.encode(link.ReachQuestion(Identity(bytes.fromhex(b.seed)).handle, 1, 2))
        r.step("datagram", link=asking, bytes=question.hex())
        net.join(r, b)
        net.run(250)
        said = [data for name, to, data in net.sent if (name, to) == ("r", "a") and data[0] == link.REACH_A]
        self.assertEqual([data[-1] for data in said], [1])

    def test_a_lost_link_is_waited_for(self) -> None:
        """RTE-17: it said nothing, so a question of one's own that went over it too passes to its end."""
        for silent, gap in (("r1", 600 + 400), ("", 600 + 20)):
            net = Net()
            a, b, r1, r2 = net.host("a"), net.host("b"), net.host("r1", "relay"), net.host("r2", "relay")
            net.join(a, b)
            lost, _ = net.join(a, r1)
            net.join(a, r2)
            left: list[int] = []

            def loses(x: Host, y: Host, data: bytes) -> bool:
                if x is a and data[0] == link.ENVELOPE:
                    left.append(net.now)
                    return True
                return x.name == silent

            net.loses = loses
            a.send(b)
            net.run(905)
            if silent:
                net.cut(a, lost)
            net.run(600)
            self.assertEqual([later - one for one, later in zip(left, left[1:])], [300, gap])

    def test_a_lost_link_has_not_said_no(self) -> None:
        """RTE-17: a neighbour's question is answered 255 when all asked said so, or after 300 ms."""
        net = Net()
        a, r, other = net.host("a"), net.host("r", "relay"), net.host("other", "relay")
        asking, _ = net.join(r, a)
        asked, _ = net.join(r, other)
        net.loses = lambda x, y, data: x is other
        net.sent.clear()
        question = link.encode(link.ReachQuestion(b"\7" * 8, 1, 2))
        r.step("datagram", link=asking, bytes=question.hex())
        net.run(20)
        net.cut(r, asked)
        for waited, answers in ((270, []), (20, [255])):
            net.run(waited)
            said = [data for name, to, data in net.sent if (name, to) == ("r", "a") and data[0] == link.REACH_A]
            self.assertEqual([data[-1] for data in said], answers)


class Handshakes(unittest.TestCase):
    def test_one_whose_seal_was_proven_makes_room_by_itself(self) -> None:
        """SES-11: 60 s after it was made, though nothing woke the node for it."""
        net = Net()
        a, b = net.host("a"), net.host("b")
        net.join(a, b)
        net.loses = lambda x, y, data: x is b and len(data) > 80 and data[0] == link.ENVELOPE  # the RESP
        message = a.send(b)
        net.run(59_000)
        self.assertEqual((a.states[message][-1], a.sessions), ("delivered", []))
        net.run(2_000)
        net.loses = lambda x, y, data: False
        a.send(b)
        net.run(1_000)
        self.assertEqual(a.sessions, [b.pk])


if __name__ == "__main__":
    unittest.main()
