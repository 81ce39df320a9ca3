"""A small network of nodes behind their ports, with a clock, delays and loss of its own."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable
from typing import Any

import helpers  # noqa: F401  puts the packages on the path

from runner.main import Port

Fields = dict[str, Any]
UNIX = 1_800_000_000


class Host:
    """One node with what its driver owes it: Sent, Taken, Persisted, and ticks when it asks for them."""

    def __init__(self, net: Net, name: str, profile: str = "leaf", **config: Any) -> None:
        self.net, self.name, self.profile, self.config = net, name, profile, config
        self.port = Port()
        self.seed = hashlib.sha256(name.encode()).hexdigest()
        self.draws = 0
        self.takes = True  # whether the application takes what is delivered
        self.reads = False
        self.writes = True  # whether records are stored
        self.delivered: list[Fields] = []
        self.states: dict[str, list[str]] = {}
        self.sessions: list[str] = []
        self.dials: list[Fields] = []
        self.drops: list[int] = []
        self.links: dict[int, tuple[Host, int]] = {}
        self.wake: int | None = None
        self.blob: str | None = None
        self.pk = self.reset()

    def ask(self, **request: Any) -> Fields:
        reply = self.port.answer(json.dumps({"id": 1} | request).encode())
        assert not reply.keys() & {"error", "unsupported", "starved"}, reply
        return reply

    def reset(self) -> str:
        request = {"profile": self.profile, "seed": self.seed, "now": self.net.now, "unix": self.net.unix()}
        return str(self.ask(do="reset", config=self.config, **request)["pk"])

    def _entropy(self) -> dict[str, list[Any]]:
        def draw(what: str, size: int) -> list[str]:
            self.draws += 1
            key = f"{self.name}/{what}/{self.draws}"
            return [hashlib.sha256(f"{key}/{i}".encode()).hexdigest()[: 2 * size] for i in range(8)]

        return {"e": draw("e", 32), "sid": draw("sid", 4), "id": draw("id", 16), "nonce": draw("nonce", 4)}

    def step(self, what: str, **fields: Any) -> Fields:
        given = {"is": what} | fields
        reply = self.ask(do="step", now=self.net.now, entropy=self._entropy(), **{"in": given})
        self.drops += reply.get("drops", [])
        self.wake = reply["wake"]
        for out in reply["out"]:
            self._driven(out)
        return reply

    def _driven(self, out: Fields) -> None:
        kind = out["is"]
        if kind == "transmit":
            self.net.transmit(self, out)
        elif kind == "deliver":
            self.delivered.append(out)
            if self.takes:
                self.net.later(0, lambda: self.take(out))
        elif kind == "state":
            self.states.setdefault(out["message"], []).append(out["state"])
        elif kind == "session":
            self.sessions.append(out["pk"])
        elif kind == "dial":
            self.dials.append(out)
        elif kind == "close":
            self.net.cut(self, out["link"], closed=True)
        elif kind == "persist":
            fields = {name: out[name] for name in ("kind", "key", "version")}
            self.net.later(1, lambda: self.step("persisted", ok=self.writes, **fields))

    def take(self, out: Fields) -> None:
        self.step("taken", **{"from": out["from"], "message": out["message"]})
        if self.reads:
            self.step("read", **{"from": out["from"], "message": out["message"]})

    def send(self, to: Host, payload: str = "hello", lifetime: int | None = None, class_: int = 2) -> str:
        fields = {"payload": payload.encode().hex(), "lifetime": lifetime, "class": class_}
        reply = self.step("send", to=to.pk, **fields)
        assert reply["verdict"] == "accepted", reply
        return str(reply["message"])

    def texts(self) -> list[str]:
        return [bytes.fromhex(d["payload"]).decode() for d in self.delivered]

    def tables(self) -> Fields:
        return dict(self.ask(do="inspect", what="node")["is"])

    def restart(self) -> None:
        blob = self.ask(do="snapshot")["blob"]
        for number in list(self.links):
            self.net.cut(self, number, closed=True)
        self.reset()
        self.ask(do="restore", blob=blob, now=self.net.now, unix=self.net.unix(), entropy=self._entropy())
        self.step("tick")


class Net:
    def __init__(self) -> None:
        self.now = 1_000
        self.delay = 10
        self.loses: Callable[[Host, Host, bytes], bool] = lambda a, b, data: False
        self.hosts: list[Host] = []
        self.sent: list[tuple[str, str, bytes]] = []
        self._queue: list[tuple[int, int, Callable[[], Any]]] = []
        self._order = 0
        self._links = 0

    def unix(self) -> int:
        return UNIX + self.now // 1_000

    def host(self, name: str, profile: str = "leaf", **config: Any) -> Host:
        host = Host(self, name, profile, **config)
        self.hosts.append(host)
        return host

    def later(self, ms: int, action: Callable[[], Any]) -> None:
        self._order += 1
        heapq.heappush(self._queue, (self.now + ms, self._order, action))

    def join(self, a: Host, b: Host) -> tuple[int, int]:
        self._links += 2
        one, two = self._links - 1, self._links
        a.links[one], b.links[two] = (b, two), (a, one)
        fields = {"mtu": 1_400, "maxFrame": 65_538}
        a.step("up", link=one, pk=b.pk, dialed=True, **fields)
        b.step("up", link=two, pk=a.pk, dialed=False, **fields)
        self.run(100)
        return one, two

    def cut(self, a: Host, number: int, closed: bool = False) -> None:
        if number not in a.links:
            return
        b, other = a.links.pop(number)
        if b.links.pop(other, None) is not None:
            self.later(0, lambda: b.step("down", link=other))
        if not closed:
            a.step("down", link=number)

    def transmit(self, a: Host, out: Fields) -> None:
        link, data = out["link"], bytes.fromhex(out["bytes"])
        self.later(0, lambda: a.step("sent", link=link, ticket=out["ticket"], ok=True))
        if link not in a.links:
            return
        b, number = a.links[link]
        self.sent.append((a.name, b.name, data))
        if not self.loses(a, b, data):
            self.later(self.delay, lambda: number in b.links and b.step("datagram", link=number, bytes=data.hex()))

    def run(self, ms: int) -> None:
        end = self.now + ms
        while True:
            wakes = [h.wake for h in self.hosts if h.wake is not None]
            if self._queue:
                wakes.append(self._queue[0][0])
            at = min(wakes, default=end + 1)
            if at > end:
                break
            self.now = max(self.now, at)
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            for host in self.hosts:
                if host.wake is not None and host.wake <= self.now:
                    host.step("tick")
                    assert host.wake is None or host.wake > self.now, f"{host.name} makes no progress"
        self.now = end
