"""The module: the same runs as the command's, errors with a place, and no lock held meanwhile."""

import json
import pickle
import subprocess
import threading
import time

import pytest
import tom_sim
from conftest import SIM


def test_the_same_seed_is_the_same_run(short):
    once, again = tom_sim.run(short, 7), tom_sim.run(short, 7)
    assert once["hash"] == again["hash"] != tom_sim.run(short, 8)["hash"]
    assert (once["scenario"], once["seed"], once["suite"]) == ("short", 7, "sim-fast")
    assert once["events"] > 500 and once["verdict"] == "passed", once


def test_both_queues_play_the_same_run(short):
    assert tom_sim.run(short, 3)["hash"] == tom_sim.run(short, 3, queue="heap")["hash"]


def test_the_command_plays_the_same_run(short, binary, tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(short)
    for suite in ("sim-fast", "real-memo"):
        command = [binary, "run", path, "--seed", "5", "--suite", suite, "--json"]
        said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        here = tom_sim.run(short, 5, suite=suite)
        # All but the time it took.
        said.pop("cpu_s"), here.pop("cpu_s")
        assert here == said


def test_many_are_each_one(short):
    many = tom_sim.run_many(short, 4, 6)
    assert [outcome["seed"] for outcome in many] == [4, 5, 6]
    assert many[1]["hash"] == tom_sim.run(short, 5)["hash"]


def test_an_error_says_where_and_what_to_do(short):
    text = short.replace("per_hour", "per_our")
    with pytest.raises(tom_sim.ScenarioError) as raised:
        tom_sim.run(text, 1, name="here/short.toml")
    error = raised.value
    line = 1 + text[: text.index("per_our")].count("\n")
    assert (error.file, error.line) == ("here/short.toml", line)
    assert "per_our" in error.problem and "per_hour" in error.remedy
    assert str(error) == f"here/short.toml:{line}: {error.problem}; {error.remedy}"
    # Another machine's error is raised again here.
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"suite": "none"}, "one of real, real-memo, sim-fast"),
        ({"queue": "none"}, "one of wheel, heap"),
    ],
)
def test_what_there_is_not_is_refused(short, asked, said):
    with pytest.raises(ValueError, match=said):
        tom_sim.run(short, 1, **asked)


def test_seeds_are_whole_and_in_order(short):
    with pytest.raises(ValueError, match="2 is after 1"):
        tom_sim.run_many(short, 2, 1)
    with pytest.raises(OverflowError):
        tom_sim.run(short, -1)
    assert tom_sim.run(short, 2**64 - 1)["seed"] == 2**64 - 1


def test_data_files_are_looked_for_where_it_says(short, tmp_path):
    text = short.replace('{ model = "uniform", from = "5ms", to = "50ms" }', '{ model = "coordinates", file = "points.csv" }')
    line = 1 + text[: text.index("points.csv")].count("\n")
    with pytest.raises(tom_sim.ScenarioError) as raised:
        tom_sim.run(text, 1, data=tmp_path, name="short.toml")
    assert (raised.value.file, raised.value.line) == ("short.toml", line)
    (tmp_path / "points.csv").write_text("".join(f"{x},{x * 7 % 20}\n" for x in range(40)))
    assert tom_sim.run(text, 1, data=tmp_path)["hash"] == tom_sim.run(text, 1, data=str(tmp_path))["hash"]


def test_explained_it_is_the_same_scenario(short):
    text = tom_sim.explain(short, 9)
    assert "# What seed 9 makes of it" in text
    assert tom_sim.run(text, 9)["hash"] == tom_sim.run(short, 9)["hash"]
    assert len(tom_sim.explain(short, 9, True)) > len(text)


def test_expanded_it_is_what_was_drawn(short):
    drawn = tom_sim.expand(short, 9)
    assert len(drawn["classes"]) == 20
    assert all(a < b < 20 for a, b in drawn["links"])
    sends = [line for line in drawn["externals"] if " send " in line]
    assert len(drawn["externals"]) == tom_sim.run(short, 9)["externals"] and sends


def test_its_head():
    path = SIM / "scenarios" / "02-steady-unicast.toml"
    head = tom_sim.head(path.read_text(), suite="real")
    assert head["name"] == path.stem and head["suite"] == "real" and head["nodes"] == 100
    assert "relay_used" in head["sometimes"]


def test_it_says_what_it_is():
    assert tom_sim.version().count(".") == 2
    assert tom_sim.commit()


def test_python_goes_on_while_a_seed_plays(slow):
    """With the lock held there would be a moment before the run, and the next after it."""
    over, moments = threading.Event(), []

    def play():
        tom_sim.run(slow, 1)
        over.set()

    thread = threading.Thread(target=play)
    thread.start()
    while not over.is_set():
        moments.append(time.monotonic())
        time.sleep(0.001)
    thread.join()
    assert len(moments) > 20


def test_two_seeds_at_a_time_overlap(slow):
    spans = []

    def play(seed):
        began = time.monotonic()
        tom_sim.run(slow, seed)
        spans.append((began, time.monotonic()))

    threads = [threading.Thread(target=play, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (a, b), (c, d) = spans
    assert max(a, c) < min(b, d), spans
