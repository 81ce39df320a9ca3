"""A sweep over two Ray nodes of which one dies, and the share of each task of an array job."""

import contextlib
import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

# Both ends of the test's own cluster know it, and nothing is left in the home directory.
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Loopback addresses only: see `connected` in sweep.py.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"

import pyarrow.dataset as ds
import pytest
import store
import tom_sim
import yaml

HERE = Path(__file__).resolve().parent
STORE_BYTES = 80 << 20

# About a fifth of a second per seed.
SCENARIO = """\
[scenario]
name = "swept"
duration = "15min"

[topology]
nodes = 20
shape = { kind = "core", relays = 4, degree = 3, uplinks = 2 }
latency = { model = "uniform", from = "5ms", to = "50ms" }
loss = "2%"

[[traffic]]
kind = "uniform"
per_hour = 600
until = "10min"

[[assert]]
always = "no_false_delivered"
"""

FAILS = """
[[assert]]
metric = "latency_p50"
op = "<="
value = "0s"
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "swept.toml"
    path.write_text(SCENARIO)
    return path


def sweep(*args, **more):
    command = [sys.executable, HERE / "sweep.py", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def ended(process, code, within=240):
    """What it printed; it must end by itself, with this code."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate(timeout=60)
        pytest.fail(f"the sweep did not end: {out}\n{err}")
    assert process.returncode == code, f"{process.returncode}\n{out}\n{err}"
    return out, err


@contextlib.contextmanager
def two_nodes():
    """A cluster of two raylets on this machine, one core each."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    try:
        yield cluster, cluster.add_node(**node)
    finally:
        cluster.shutdown()


def rows(out, table="runs"):
    return ds.dataset(out / table, partitioning="hive").to_table().to_pylist()


def seeds(out):
    return sorted(row["seed"] for row in rows(out))


def test_a_node_dies_and_every_seed_is_played_once(scenario, tmp_path):
    out, count = tmp_path / "out", 40
    with two_nodes() as (cluster, second):
        asked = ["--seeds", f"1..{count}", "--out", out, "--task-seconds", 1, "--address", cluster.address, scenario]
        process = sweep(*asked)
        # In the middle: some parts are there, others are not.
        until = time.monotonic() + 180
        while process.poll() is None and time.monotonic() < until:
            if len(list(out.glob("runs/*/part-*.parquet"))) >= 4:
                break
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()
        cluster.remove_node(second, allow_graceful=False)
        before = len(list(out.glob("runs/*/part-*.parquet")))
        printed, _ = ended(process, 0)
    assert seeds(out) == list(range(1, count + 1))
    assert before < len(list(out.glob("runs/*/part-*.parquet"))), "it was over before the node died"
    assert re.search(rf"swept +{count} +{count} +0 ", printed), printed
    # What came from two machines is what one computes.
    here = {outcome["seed"]: outcome for outcome in tom_sim.run_many(SCENARIO, 1, count)}
    for row in rows(out):
        assert row["hash"] == here[row["seed"]]["hash"]
        assert (row["scenario"], row["suite"], row["commit"]) == ("swept", "sim-fast", tom_sim.commit())
    figures = {(r["seed"], r["name"]): r["value"] for r in rows(out, "metrics") if r["kind"] == "metric"}
    assert figures == {
        (seed, name): value for seed, outcome in here.items() for name, value in outcome["metrics"].items()
    }


def test_it_goes_on_where_it_was_and_says_what_failed(scenario, tmp_path):
    """Alone on this machine: parts that are there stay as they are, leftovers go, the code is tom-sim's."""
    scenario.write_text(SCENARIO + FAILS)
    out = tmp_path / "out"
    asked = ["--out", out, "--suite", "sim-fast", "--cpus", 1, scenario]
    parts = store.Parts(out, "swept", "sim-fast", tom_sim.commit(), scenario.read_text())
    parts.write(3, 4, tom_sim.run_many(scenario.read_text(), 3, 4))
    old = {path: path.stat().st_mtime_ns for path in out.glob("*/*/part-*")}
    figures_only = parts.metrics / f"part-{parts.id}-5-5.parquet"
    figures_only.write_bytes(b"half")
    unfinished = parts.runs / f".part-{parts.id}-6-6.parquet.tmp"
    unfinished.write_bytes(b"half")
    printed, _ = ended(sweep("--seeds", "1..6", *asked), 1)
    assert seeds(out) == [1, 2, 3, 4, 5, 6]
    assert {path: path.stat().st_mtime_ns for path in old} == old
    assert not unfinished.exists()
    found = next(row for row in rows(out) if row["seed"] == 2)
    assert f"tom-sim run {scenario} --seed 2 --suite sim-fast --expect-hash {found['hash']}" in printed
    # All is there: no cluster is needed, and a part of the seeds is judged by itself.
    printed, _ = ended(sweep("--seeds", "2..5", "--address", "127.0.0.1:1", *asked), 1, within=30)
    assert re.search(r"swept +4 +0 +4 ", printed), printed


def test_stopped_it_leaves_whole_parts_and_nothing_else(scenario, tmp_path):
    out, scratch = tmp_path / "out", Path(os.environ.get("TMPDIR", "/tmp"))
    before = set(scratch.glob("tom-sim-*"))
    process = sweep("--seeds", "1..5000", "--task-seconds", 1, "--out", out, scenario)
    until = time.monotonic() + 120
    while not list(out.glob("runs/*/part-*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.terminate()
    _, err = ended(process, 130, within=60)
    assert err.endswith("stopped; what is written is whole: call the same again, and it goes on\n"), err
    found = seeds(out)
    assert found and len(found) == len(set(found))
    assert set(scratch.glob("tom-sim-*")) == before


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (SCENARIO.replace("nodes", "nods"), 2, r"error: \S+swept\.toml:6: .*nods.*did you mean `nodes`\?"),
        (None, 2, r"error: \S+swept\.toml: cannot be read: No such file"),
    ],
)
def test_a_wrong_scenario_is_one_line(scenario, tmp_path, text, code, said):
    scenario.write_text(text) if text else scenario.unlink()
    _, err = ended(sweep("--out", tmp_path / "out", scenario), code, within=30)
    assert re.fullmatch(said + ".*\n", err), err


def test_no_directory_no_ray_no_cluster_are_one_line_each(scenario, tmp_path):
    (tmp_path / "file").write_text("")
    _, err = ended(sweep("--out", tmp_path / "file" / "out", scenario), 2, within=30)
    assert re.fullmatch(r"error: .*cannot be written: Not a directory; make room or take another --out.*\n", err), err
    for module, remedy in (("ray", "pip install -r"), ("tom_sim", "maturin build"), ("pyarrow", "pip install -r")):
        (tmp_path / module).mkdir()
        (tmp_path / module / f"{module}.py").write_text("raise ImportError")
        env = os.environ | {"PYTHONPATH": str(tmp_path / module)}
        _, err = ended(sweep("--out", tmp_path / "out", scenario, env=env), 2, within=30)
        assert err.startswith(f"error: there is no {module}; ") and remedy in err and err.count("\n") == 1, err
    _, err = ended(sweep("--out", tmp_path / "out", "--address", "127.0.0.1:1", scenario), 2)
    assert err.startswith("error: no cluster at 127.0.0.1:1") and err.count("\n") == 1, err


def test_two_sweeps_do_not_write_one_directory(scenario, tmp_path):
    with store.locked(tmp_path / "out"):
        _, err = ended(sweep("--out", tmp_path / "out", scenario), 2, within=30)
    assert "another sweep writes there" in err


def test_gaps_are_what_is_not_there():
    assert store.gaps(1, 10, []) == [(1, 10)]
    assert store.gaps(1, 10, [(1, 10)]) == []
    assert store.gaps(5, 10, [(1, 5), (8, 8), (10, 20)]) == [(6, 7), (9, 9)]
    assert store.gaps(1, 3, [(7, 9)]) == [(1, 3)]


def shell(name):
    """The lines of a file that find a task's share."""
    if name.endswith(".yaml"):
        text = yaml.safe_load((HERE / name).read_text())["spec"]["template"]["spec"]["containers"][0]["args"][0]
    else:
        text = (HERE / name).read_text()
    return re.search(r"# share: begin\n(.*)# share: end\n", text, re.DOTALL)[1]


def test_shares_are_the_same_in_both_files():
    assert shell("slurm.sbatch") == shell("k8s-indexed-job.yaml")


@pytest.mark.parametrize(
    ("first", "last", "parts"),
    [(1, 10, 3), (1, 10, 10), (1, 3, 5), (7, 7, 1), (0, 99, 100), (100, 1_000_099, 7), (5, 28, 24)],
)
def test_shares_are_every_seed_once(first, last, parts):
    body = shell("slurm.sbatch").replace("exit 0", "continue")
    script = f"set -eu; FIRST={first} LAST={last} PARTS={parts} INDEX=-1\n"
    script += f"while [ $((INDEX += 1)) -lt $PARTS ]; do\n{body}\necho $FROM $TO; done"
    # The plainest shell: in the image there may be no other.
    said = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
    shares = [tuple(map(int, line.split())) for line in said.splitlines() if line[0].isdigit()]
    assert shares[0][0] == first and shares[-1][1] == last
    assert all(low == high + 1 for (_, high), (low, _) in zip(shares, shares[1:]))
    sizes = {high - low + 1 for low, high in shares}
    assert max(sizes) - min(sizes) <= 1 and len(shares) == min(parts, last - first + 1)


def test_the_array_job_calls_the_command_with_its_share(tmp_path):
    srun = tmp_path / "srun"
    srun.write_text('#!/bin/sh\necho "$@"\n')
    srun.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"}
    env |= {"SCENARIO": "s.toml", "FIRST": "1", "LAST": "10", "SLURM_CPUS_PER_TASK": "4"}
    said = subprocess.run(["bash", HERE / "slurm.sbatch"], env=env, check=True, capture_output=True, text=True).stdout
    assert said == "tom-sim sweep s.toml --seeds 7..8 --out out/part-2 --jobs 4 --quiet\n"


def test_the_indexed_job_is_whole():
    job = yaml.safe_load((HERE / "k8s-indexed-job.yaml").read_text())
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    assert int(env["PARTS"]) == spec["completions"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert pod["restartPolicy"] == "Never", "as a policy for failed pods demands"
    rule = spec["podFailurePolicy"]["rules"][0]["onExitCodes"]
    assert rule["containerName"] == container["name"] and rule["values"] == [1, 2, 3, 4, 5]
    subprocess.run(["sh", "-n", "-c", container["args"][0]], check=True)
