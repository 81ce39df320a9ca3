"""The loop: one line in, one line out, in order (CNF-1)."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from .inspect import Unsupported, inspect
from .nodeport import NodePort

PROFILES = ["codec", "leaf", "relay", "full", "stream"]  # the add-on among them

Request = dict[str, Any]
Reply = dict[str, Any]


def hello() -> Reply:
    return {"name": "tom-python", "version": "0.1.0", "language": "python", "spec": "0.1", "profiles": PROFILES}


class Port:
    def __init__(self) -> None:
        self._node = NodePort()

    def answer(self, line: bytes) -> Reply:
        """The reply to one line. It never raises: what cannot be understood is an `error`."""
        number: Any = None
        try:
            request = json.loads(line)
            number = request.get("id")
            return {"id": number} | self._do(request)
        except Unsupported as why:
            return {"id": number, "unsupported": str(why)}
        except Exception as why:  # noqa: BLE001 - an odd request must not end the port
            return {"id": number, "error": f"{type(why).__name__}: {why}"}

    def _do(self, request: Request) -> Reply:
        do = request["do"]
        if do == "hello":
            return hello()
        if do == "inspect":
            return self._node.inspect() if request["what"] == "node" else inspect(request)
        if do == "reset":
            return self._node.reset(request)
        if do == "step":
            return self._node.step(request)
        if do == "snapshot":
            return self._node.snapshot()
        if do == "restore":
            return self._node.restore(request)
        raise Unsupported(f"do {do!r}")


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    port = Port()
    for line in source:
        if line.strip():
            sink.write(json.dumps(port.answer(line)).encode() + b"\n")
            sink.flush()
