"""What all tests use: the packages on the path, and the port asked in place."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runner.main import Port  # noqa: E402


def ask(**request: Any) -> dict[str, Any]:
    """A request through the port, JSON both ways."""
    reply = Port().answer(json.dumps({"id": 1} | request).encode())
    assert reply.pop("id") == 1
    answer: dict[str, Any] = json.loads(json.dumps(reply))
    return answer


def inspect(what: str, **request: Any) -> Any:
    """What is inspected: its fields, or the whole reply where it is a drop or refused."""
    reply = ask(do="inspect", what=what, **request)
    return reply.get("is", reply)
