"""The deterministic simulator of ToM, The Open Messaging.

A scenario's text and a seed become an outcome, the same on every machine:

    tom_sim.run(open("drivers/sim/scenarios/02-steady-unicast.toml").read(), 1)["hash"]

Runs release the GIL: threads play seeds side by side. In every function `data` is the directory of the
files a scenario names (else beside `name`, then where TOM_SIM_DATA says), and `name` is what errors call
the text.
"""

import functools
import hashlib
import json
from pathlib import Path

from . import _tom_sim
from ._errors import ScenarioError
from ._types import Expanded, Head, Outcome, Queue, Suite, Verdict, Wrong

__all__ = [
    "Expanded",
    "Head",
    "Outcome",
    "Queue",
    "ScenarioError",
    "Suite",
    "Verdict",
    "Wrong",
    "commit",
    "expand",
    "explain",
    "head",
    "run",
    "run_many",
    "version",
]


def run(scenario_toml, seed, *, suite=None, queue=None, data=None, name="scenario.toml"):
    """Play one seed; the outcome, as `tom-sim run --json` prints it.

    `suite`: "real", "real-memo" or "sim-fast", instead of the scenario's. `queue`: "wheel" or "heap", which
    give the same run. Raises ScenarioError; a run that fails, or panics, is an outcome with that verdict.
    """
    return run_many(scenario_toml, seed, seed, suite=suite, queue=queue, data=data, name=name)[0]


def run_many(
    scenario_toml, first, last, *, suite=None, queue=None, data=None, name="scenario.toml"
):
    """Play the seeds from `first` to `last`, both included, one after the other; their outcomes."""
    outcomes = _tom_sim.outcomes(scenario_toml, first, last, suite, queue, data, name)
    return [json.loads(outcome) for outcome in outcomes]


def explain(
    scenario_toml, seed, all=False, *, suite=None, data=None, name="scenario.toml"
):
    """The scenario with all defaults as TOML, and as comments what the seed makes of it.

    Every external event with `all`, else the first and the last.
    """
    return _tom_sim.explain(scenario_toml, seed, all, suite, data, name)


def expand(scenario_toml, seed, *, data=None, name="scenario.toml"):
    """What the seed makes of the scenario: per node its class, the links, the external events as lines."""
    classes, links, externals = _tom_sim.expand(scenario_toml, seed, data, name)
    return {"classes": classes, "links": links, "externals": externals}


def head(scenario_toml, *, suite=None, data=None, name="scenario.toml"):
    """Check a scenario, and say what it is: name, nodes, duration_s, suite, xfail, sometimes."""
    fields = ("name", "nodes", "duration_s", "suite", "xfail", "sometimes")
    return dict(zip(fields, _tom_sim.head(scenario_toml, suite, data, name), strict=True))


def version():
    """The version of the engine."""
    return _tom_sim.VERSION


@functools.cache
def commit():
    """The commit the module was built from; where there were changes, "-dirty" and a digest of the module."""
    known = _tom_sim.COMMIT
    if known.endswith("-dirty") or known == "unknown":
        known += "+" + hashlib.blake2b(Path(_tom_sim.__file__).read_bytes(), digest_size=6).hexdigest()
    return known
