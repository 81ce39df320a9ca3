"""What runs come to, for type checkers: dicts at run time."""

from typing import Literal, TypedDict

Suite = Literal["real", "real-memo", "sim-fast"]
Queue = Literal["wheel", "heap"]
Verdict = Literal["passed", "failed", "liveness", "safety", "crash"]


class Wrong(TypedDict):
    what: str
    at_s: float | None
    node: int | None
    detail: str
    message: int | None


class Outcome(TypedDict):
    scenario: str
    seed: int
    suite: Suite
    hash: str
    verdict: Verdict
    wrong: list[Wrong]
    nodes: int
    simulated_s: float
    events: int
    cpu_s: float
    metrics: dict[str, float]
    situations: dict[str, int]
    lost: dict[str, int]
    externals: int


class Expanded(TypedDict):
    classes: list[str]
    links: list[tuple[int, int]]
    externals: list[str]


class Head(TypedDict):
    name: str
    nodes: int
    duration_s: float
    suite: Suite
    xfail: str | None
    sometimes: list[str]
