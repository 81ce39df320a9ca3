from os import PathLike

from ._errors import ScenarioError as ScenarioError
from ._types import (
    Expanded as Expanded,
    Head as Head,
    Outcome as Outcome,
    Queue as Queue,
    Suite as Suite,
    Verdict as Verdict,
    Wrong as Wrong,
)

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
