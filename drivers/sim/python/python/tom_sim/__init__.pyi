from os import PathLike
from typing import Literal, TypedDict

Suite = Literal["real", "realmemo", "simfast"]
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

class ScenarioError(ValueError):
    file: str
    line: int
    problem: str
    remedy: str
    def __init__(self, file: str, line: int, problem: str, remedy: str) -> None: ...

def run(
    scenario_toml: str,
    seed: int,
    *,
    suite: Suite | None = None,
    queue: Queue | None = None,
    data: str | PathLike[str] | None = None,
    name: str = "scenario.toml",
) -> Outcome: ...
def run_many(
    scenario_toml: str,
    first: int,
    last: int,
    *,
    suite: Suite | None = None,
    queue: Queue | None = None,
    data: str | PathLike[str] | None = None,
    name: str = "scenario.toml",
) -> list[Outcome]: ...
def explain(
    scenario_toml: str,
    seed: int,
    all: bool = False,
    *,
    suite: Suite | None = None,
    data: str | PathLike[str] | None = None,
    name: str = "scenario.toml",
) -> str: ...
def expand(
    scenario_toml: str,
    seed: int,
    *,
    data: str | PathLike[str] | None = None,
    name: str = "scenario.toml",
) -> Expanded: ...
def head(
    scenario_toml: str,
    *,
    suite: Suite | None = None,
    data: str | PathLike[str] | None = None,
    name: str = "scenario.toml",
) -> Head: ...
def version() -> str: ...
def commit() -> str: ...
