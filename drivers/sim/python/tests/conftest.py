"""What the tests share."""

import os
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parents[2]

SHORT = """\
[scenario]
name = "short"
duration = "2min"

[topology]
nodes = 20
shape = { kind = "core", relays = 4, degree = 3, uplinks = 2 }
latency = { model = "uniform", from = "5ms", to = "50ms" }
loss = "2%"

[[traffic]]
kind = "uniform"
per_hour = 60
until = "1min"

[[assert]]
always = "no_false_delivered"
"""


@pytest.fixture
def short():
    """A scenario that plays in the blink of an eye."""
    return SHORT


@pytest.fixture
def slow(short):
    """The same for longer, and with much more to say: a good part of a second."""
    longer = short.replace('"2min"', '"30min"').replace('"1min"', '"25min"')
    return longer.replace("per_hour = 60", "per_hour = 600")


@pytest.fixture
def binary():
    """The command, built from the same sources."""
    path = os.environ.get("TOM_SIM")
    if not path:
        pytest.skip("TOM_SIM does not name the command to compare with")
    return path
