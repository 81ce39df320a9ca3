"""What a node asks of its driver (chapter "The node and its driver": Outputs)."""

from __future__ import annotations

from dataclasses import dataclass

from .candidates import Candidate


@dataclass(frozen=True)
class Transmit:
    link: int
    data: bytes
    ticket: int


@dataclass(frozen=True)
class Dial:
    pk: bytes
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Close:
    link: int


@dataclass(frozen=True)
class Deliver:
    sender: bytes
    message: bytes
    payload: bytes
    session: bool
    direct: bool


@dataclass(frozen=True)
class StateIs:
    message: bytes
    state: str


@dataclass(frozen=True)
class SessionIs:
    pk: bytes


@dataclass(frozen=True)
class Persist:
    kind: int
    key: bytes
    version: int


@dataclass(frozen=True)
class Forget:
    kind: int
    key: bytes


Output = Transmit | Dial | Close | Deliver | StateIs | SessionIs | Persist | Forget
