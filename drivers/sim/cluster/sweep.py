#!/usr/bin/env python3
"""Plays many seeds of scenarios on a Ray cluster, and keeps what came of them as Parquet.

    python sweep.py --seeds 1..1000 --out out ../scenarios/02-steady-unicast.toml

Exit codes are those of `tom-sim sweep`: 0 everything held; 1 a figure is not what a scenario asserts; 2 wrong
input, or the cluster failed; 3 an invariant did not hold; 4 not everything was proven in time after the last
fault; 5 a run panicked. Interrupted, it goes on where it was when it is called again.
"""

import argparse
import collections
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
from pathlib import Path

# Before Ray is imported anywhere: nothing is reported to its makers.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

HERE = Path(__file__).resolve().parent


class Stop(Exception):
    """What cannot be done, in one line with its remedy."""


try:
    import pyarrow  # noqa: F401
except ImportError:
    print(f"error: there is no pyarrow; pip install -r {HERE / 'requirements.txt'}", file=sys.stderr)
    sys.exit(2)

import store  # noqa: E402
from report import Progress, judge, summary  # noqa: E402

# A machine that dies takes its tasks with it: so often each is begun again elsewhere.
RETRIES = 3
# No task has more seeds: so much is lost at most when a machine dies.
MOST_SEEDS = 2_000
# Outcomes are a few KB each and leave the store as soon as they are written.
STORE_BYTES = 100 << 20


def seeds(text):
    """Reads `A..B`, both included."""
    first, _, last = text.partition("..")
    try:
        first, last = int(first), int(last.removeprefix("=") or first)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not A..B") from None
    if not 0 <= first <= last < 2**64:
        raise argparse.ArgumentTypeError(f"{text}: A is at least 0, and B is not before A")
    return first, last


def arguments(argv):
    parser = argparse.ArgumentParser(prog="sweep.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("scenarios", nargs="+", type=Path, help="the scenario files")
    add("--seeds", type=seeds, default=(1, 100), metavar="A..B", help="both ends included; default 1..100")
    add("--out", type=Path, default=Path("out"), metavar="DIR", help="where parts are written; default out")
    add("--suite", choices=["real", "real-memo", "sim-fast"], help="instead of the scenarios'")
    add("--data", type=Path, metavar="DIR", help="the directory of the files scenarios name, on every machine")
    add("--address", default="local", help="of a running cluster, HOST:PORT; default: one on this machine, for the sweep")
    add("--cpus", type=int, help="tasks at a time; default: the cluster's cores")
    add("--task-seconds", type=float, default=15, metavar="S", help="how long a task is to take; default 15")
    add("--commit", help="what to write as commit; default: the one tom_sim was built from")
    add("--quiet", "-q", action="store_true", help="print nothing but what is wrong")
    return parser.parse_args(argv)


class Scenario:
    """A scenario, and what of it is not there yet."""

    def __init__(self, tom_sim, path, args):
        try:
            self.text = path.read_text()
        except OSError as error:
            raise Stop(f"{path}: cannot be read: {error.strerror}") from None
        self.path = path
        # The name decides where the files are that it names: the same on every machine, or --data.
        self.asked = {"suite": args.suite, "data": args.data and str(args.data.resolve()), "name": str(path.resolve())}
        try:
            self.head = tom_sim.head(self.text, **self.asked)
        except tom_sim.ScenarioError as error:
            raise Stop(str(error)) from None
        self.commit = args.commit or tom_sim.commit()
        self.built = tom_sim.commit()
        self.parts = store.Parts(args.out, self.head["name"], self.head["suite"], self.commit, self.text)
        self.first, self.last = args.seeds
        self.missing = collections.deque(store.gaps(self.first, self.last, self.parts.written()))

    def take(self, most):
        """The next seeds that are missing, `most` of them at most."""
        first, last = self.missing.popleft()
        end = min(last, first + most - 1)
        if end < last:
            self.missing.appendleft((end + 1, last))
        return first, end


def play(text, first, last, asked, built):
    """The task: outcomes of a few seeds, and how long they took."""
    import time

    import tom_sim

    if tom_sim.commit() != built:
        raise RuntimeError(f"tom_sim here is of {tom_sim.commit()}, not of {built}")
    started = time.monotonic()
    return tom_sim.run_many(text, first, last, **asked), time.monotonic() - started


@contextlib.contextmanager
def connected(address):
    """Ray, connected: to a cluster there is, or to one of its own that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="tom-sim-", ignore_cleanup_errors=True) as scratch:
        host = address.rpartition(":")[0] or address
        if host in ("local", "127.0.0.1", "localhost"):
            # Ray takes the loopback for the machine's outer address, and listens there, unless it is told that
            # there are no other machines: the switch is named for systems where that is so.
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        if address == "local" and not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(os.environ):
            # Ray would make a token for all its clusters, in the home directory.
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        ray = connect(address, scratch)
        # Ray has put its own in place, which ends with a trace and a code that says something else.
        signal.signal(signal.SIGTERM, interrupted)
        try:
            yield ray
        finally:
            ray.shutdown()


def connect(address, scratch):
    """Starts Ray, or says in one line why not."""
    try:
        import ray
    except ImportError:
        raise Stop(f"there is no ray; pip install -r {HERE / 'requirements.txt'}") from None
    if address not in ("local", "auto"):
        reach(address)
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == "local":
            cores = len(os.sched_getaffinity(0))
            own = {"num_cpus": cores, "object_store_memory": STORE_BYTES, "_temp_dir": scratch}
            ray.init("local", _node_ip_address="127.0.0.1", **own, **quiet)
        else:
            del quiet["include_dashboard"]
            ray.init(address, **quiet)
    except Exception as error:  # Ray raises a dozen kinds, RuntimeError and ConnectionError among them.
        line = str(error).strip().splitlines()[:1]
        raise Stop(
            f"no cluster at {address}: {line[0] if line else type(error).__name__}; "
            "see `ray status --address`, and that RAY_AUTH_MODE and the token are the same everywhere"
        ) from None
    return ray


def reach(address):
    """Ray would try for minutes, and say so in many lines."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except ValueError:
        raise Stop(f"--address {address}: it is HOST:PORT, as `ray start --head` says it") from None
    except OSError as error:
        why = error.strerror or error
        raise Stop(f"no cluster at {address}: {why}; start one with `ray start --head`, or leave out --address") from None


def sweep(ray, scenario, args, progress):
    """Plays what is missing of one scenario; parts are written as tasks end."""
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(play)
    text = ray.put(scenario.text)
    running, spent, played = {}, 0.0, 0
    try:
        while scenario.missing or running:
            # Machines come and go: twice as many tasks as cores, so that none waits for this loop.
            cores = args.cpus or max(1, int(ray.cluster_resources().get("CPU", 1)))
            # Nothing is known of the first: they are of one seed.
            fit = int(args.task_seconds * played / spent) if spent else 1
            while scenario.missing and len(running) < (args.cpus or 2 * cores):
                first, last = scenario.take(min(max(fit, 1), MOST_SEEDS))
                running[task.remote(text, first, last, scenario.asked, scenario.built)] = first, last
            done, _ = ray.wait(list(running), timeout=1)
            for ref in done:
                first, last = running.pop(ref)
                outcomes, took = answer(ray, ref, first, last)
                scenario.parts.write(first, last, outcomes)
                spent, played = spent + took, played + len(outcomes)
                progress.add(outcomes)
            progress.show()
    finally:
        for ref in running:
            ray.cancel(ref, force=True)


def answer(ray, ref, first, last):
    """What a task returned; what went wrong, in one line."""
    again = "what is written is whole: call the same again, and it goes on"
    try:
        return ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause if isinstance(getattr(error, "cause", None), Exception) else error
        line = str(cause).strip().splitlines()[-1]
        if "No module named" in line or "tom_sim here is" in line:
            line += "; install the same wheel on every machine"
        raise Stop(f"seeds {first}..{last}: {line}") from None
    except ray.exceptions.RayError as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Stop(f"seeds {first}..{last}: {RETRIES + 1} machines were lost or out of memory ({line}); {again}") from None


def run(args):
    try:
        import tom_sim
    except ImportError:
        raise Stop(
            f"there is no tom_sim; in {HERE.parent / 'python'}: maturin build --release --out dist && pip install dist/*.whl"
        ) from None
    with store.locked(args.out):
        scenarios = [Scenario(tom_sim, path, args) for path in args.scenarios]
        names = [scenario.head["name"] for scenario in scenarios]
        for name in names:
            if names.count(name) > 1:
                raise Stop(f"two scenarios are called {name}; sweep them into two directories")
        if any(scenario.missing for scenario in scenarios):
            with connected(args.address) as ray:
                for scenario in scenarios:
                    count = scenario.last - scenario.first + 1
                    missing = sum(last - first + 1 for first, last in scenario.missing)
                    with Progress(scenario.head["name"], count, count - missing, args.quiet) as progress:
                        sweep(ray, scenario, args, progress)
        worst, rows = 0, []
        for scenario in scenarios:
            row = judge(scenario)
            rows.append(row)
            worst = max(worst, row.code)
        summary(rows, args.quiet)
        return worst


def interrupted(*_):
    raise KeyboardInterrupt


def main(argv=None):
    args = arguments(argv)
    # What a batch system sends first: it ends as Ctrl-C does, and Ray's processes end too.
    signal.signal(signal.SIGTERM, interrupted)
    try:
        return run(args)
    except (Stop, store.Unwritable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what is written is whole: call the same again, and it goes on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
