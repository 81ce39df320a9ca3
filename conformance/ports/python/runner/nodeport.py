"""`reset`, `step`, `snapshot`, `restore` and `inspect node`: a node behind the port."""

from __future__ import annotations

import json
from typing import Any

from tom import outputs
from tom.candidates import Candidate, from_text
from tom.drops import Drop, Refused
from tom.envelope import NORMAL
from tom.identity import Identity
from tom.link import MAX_FRAME
from tom.memory import CAPACITIES, FULL, LEAF, RELAY, Config, Entropy, Starved
from tom.node import Node

from .inspect import Unsupported

Request = dict[str, Any]
Reply = dict[str, Any]

PROFILES = {"leaf": LEAF, "relay": RELAY, "full": FULL}


def _entropy(lists: dict[str, list[Any]] | None) -> Entropy:
    names = ("e", "sid", "id", "nonce")
    return Entropy({name: [bytes.fromhex(value) for value in (lists or {}).get(name) or []] for name in names})


def _config(request: Request) -> Config:
    asked = request.get("config") or {}
    limits = {name.lower(): value for name, value in (asked.get("limits") or {}).items()}
    unknown = sorted(set(limits) - set(CAPACITIES))
    if unknown:
        raise Unsupported(f"no capacity for {', '.join(unknown)}")
    given: dict[str, Any] = {}
    for theirs, mine in (("skew", "skew"), ("durable", "durable"), ("maxFrame", "max_frame"), ("maxEnvelope", "most")):
        if asked.get(theirs) is not None:
            given[mine] = asked[theirs]
    return Config(PROFILES[request["profile"]], limits=limits, **given)


class NodePort:
    def __init__(self) -> None:
        self._node: Node | None = None
        self._reset: tuple[Identity, Config] | None = None

    @property
    def _it(self) -> Node:
        if self._node is None:
            raise ValueError("no node: reset comes first")
        return self._node

    def reset(self, request: Request) -> Reply:
        me, config = Identity(bytes.fromhex(request["seed"])), _config(request)
        self._reset = (me, config)
        self._node = Node(me, config, request["now"], request.get("unix"))
        return {"pk": me.pk.hex()}

    def step(self, request: Request) -> Reply:
        node = self._it
        given = request["in"]
        try:
            entropy = _entropy(request.get("entropy"))
            node.begin(request["now"], entropy)
            reply = self._feed(node, given)
            out = [_output(output) for output in node.finish()]
        except Starved as starved:
            return {"starved": starved.which}
        drops = sorted(int(reason) for reason in node.drops)
        if drops:
            reply["drops"] = drops
        if entropy.drew:
            reply["drew"] = entropy.drew
        return reply | {"out": out, "wake": node.deadline()}

    @staticmethod
    def _feed(node: Node, given: Request) -> Reply:
        reply: Reply = {"verdict": "accepted", "message": None}
        try:
            function = _INPUTS.get(given["is"])
            if function is None:
                raise Unsupported(f"input {given['is']!r}")
            message = function(node, given)
            if isinstance(message, bytes):
                reply["message"] = message.hex()
            elif message is False:
                reply["verdict"] = "dropped"
        except Drop as drop:
            node.drop(drop.reason)
            reply["verdict"] = "dropped"
        except Refused as why:
            reply |= {"verdict": "refused", "why": str(why)}
        return reply

    def snapshot(self) -> Reply:
        return {"blob": json.dumps(self._it.records.snapshot()).encode().hex()}

    def restore(self, request: Request) -> Reply:
        if self._reset is None:
            raise ValueError("no node: reset comes first")
        me, config = self._reset
        rows = json.loads(bytes.fromhex(request["blob"]))
        node = Node(me, config, request["now"], request.get("unix"))
        try:
            node.begin(request["now"], _entropy(request.get("entropy")))
            if config.durable:
                node.records.restore(rows)
        except Starved as starved:
            return {"starved": starved.which}
        self._node = node
        return {"pk": me.pk.hex()}

    def inspect(self) -> Reply:
        node = self._it
        tables: dict[str, int] = {
            "links": len(node.links),
            "sessions": len(node.sessions.by_sid),
            "pending": len(node.sessions.pending),
            "outbox": len(node.outbox.messages),
            "inbox": len(node.inbox.waiting),
            "opened": len(node.inbox.opened),
            "forwards": len(node.relay.held),
            "returns": len(node.relay.returns),
        }
        return {"is": tables}


def _hex(given: Request, name: str) -> bytes:
    return bytes.fromhex(given[name])


def _address(given: Request | None) -> Candidate | None:
    return None if given is None else from_text(given["ip"], given["port"])


def _nothing(_node: Node, _given: Request) -> None:
    """Time passed; what is due ran already."""


_INPUTS: dict[str, Any] = {
    "tick": _nothing,
    "up": lambda node, g: node.up(
        g["link"], _hex(g, "pk"), g.get("maxFrame") or MAX_FRAME, bool(g.get("dialed")), _address(g.get("observed"))
    ),
    "candidates": lambda node, g: node.candidates(tuple(from_text(c["ip"], c["port"]) for c in g["candidates"])),
    "down": lambda node, g: node.down(g["link"]),
    "blocked": lambda node, g: node.blocked(g["link"], True),
    "writable": lambda node, g: node.blocked(g["link"], False),
    "dialFailed": lambda node, g: node.meeting.dial_failed(_hex(g, "pk")),
    "datagram": lambda node, g: node.datagram(g["link"], _hex(g, "bytes")),
    "send": lambda node, g: node.send(_hex(g, "to"), _hex(g, "payload"), g.get("lifetime"), g.get("class", NORMAL)),
    "read": lambda node, g: node.read(_hex(g, "from"), _hex(g, "message")),
    "taken": lambda node, g: node.taken(_hex(g, "from"), _hex(g, "message")),
    "sent": lambda node, g: node.sent(g["link"], g["ticket"], g["ok"]),
    "clock": lambda node, g: node.clock(g["unix"]),
    "persisted": lambda node, g: node.records.persisted(g["kind"], _hex(g, "key"), g["version"], g["ok"]),
}


def _output(out: outputs.Output) -> Reply:
    if isinstance(out, outputs.Transmit):
        return {"is": "transmit", "link": out.link, "bytes": out.data.hex(), "ticket": out.ticket}
    if isinstance(out, outputs.Dial):
        items = [{"ip": c.text(), "port": c.port} for c in out.candidates]
        return {"is": "dial", "pk": out.pk.hex(), "candidates": items}
    if isinstance(out, outputs.Close):
        return {"is": "close", "link": out.link}
    if isinstance(out, outputs.Deliver):
        return {
            "is": "deliver",
            "from": out.sender.hex(),
            "message": out.message.hex(),
            "payload": out.payload.hex(),
            "session": out.session,
            "direct": out.direct,
        }
    if isinstance(out, outputs.StateIs):
        return {"is": "state", "message": out.message.hex(), "state": out.state}
    if isinstance(out, outputs.SessionIs):
        return {"is": "session", "pk": out.pk.hex()}
    if isinstance(out, outputs.Persist):
        return {"is": "persist", "kind": out.kind, "key": out.key.hex(), "version": out.version}
    return {"is": "forget", "kind": out.kind, "key": out.key.hex()}
