"""Parts on disk: two tables, written whole or not at all.

    OUT/runs/scenario=NAME/part-ID-FIRST-LAST.parquet
    OUT/metrics/scenario=NAME/part-ID-FIRST-LAST.parquet

FIRST and LAST are seeds, both included. ID is a digest of the scenario's text, suite and commit: sweeps of two
commits stand side by side, and only what was measured on the same counts as done. A range is done when its
part of `runs` is there; that of `metrics` is written before it.
"""

import contextlib
import fcntl
import hashlib
import os
import re

import pyarrow as pa
import pyarrow.parquet as pq

# One row per seed. `scenario` is in the path, as readers of partitioned sets expect.
RUNS = pa.schema(
    [
        ("commit", pa.string()),
        ("suite", pa.string()),
        ("digest", pa.string()),
        ("seed", pa.uint64()),
        ("hash", pa.string()),
        ("verdict", pa.string()),
        (
            "wrong",
            pa.list_(
                pa.struct(
                    [
                        ("what", pa.string()),
                        ("at_s", pa.float64()),
                        ("node", pa.uint32()),
                        ("detail", pa.string()),
                        ("message", pa.uint32()),
                    ]
                )
            ),
        ),
        ("nodes", pa.uint32()),
        ("simulated_s", pa.float64()),
        ("events", pa.uint64()),
        ("externals", pa.uint64()),
        ("cpu_s", pa.float64()),
    ]
)

# One row per seed and figure. `kind`: metric, situation (how often it came up) or lost (packets, by reason).
METRICS = pa.schema(
    [
        ("commit", pa.string()),
        ("suite", pa.string()),
        ("digest", pa.string()),
        ("seed", pa.uint64()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("value", pa.float64()),
    ]
)

KINDS = {"metric": "metrics", "situation": "situations", "lost": "lost"}


class Unwritable(Exception):
    """The directory cannot be written; with the remedy."""


@contextlib.contextmanager
def locked(out):
    """One sweep at a time in a directory."""
    with refused(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = open(out / ".lock", "w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unwritable(f"{out}: another sweep writes there; wait for it, or take another --out") from None
        except OSError:
            pass  # a file system without locks: nobody is kept away, and nothing else changes
        yield


@contextlib.contextmanager
def refused(path):
    try:
        yield
    except OSError as error:
        raise Unwritable(
            f"{path}: cannot be written: {error.strerror or error}; make room or take another --out (what is there is whole)"
        ) from None


def gaps(first, last, done):
    """What of first..last no range of `done` covers, in order."""
    missing = []
    for low, high in sorted(done):
        if low > last:
            break
        if low > first:
            missing.append((first, low - 1))
        first = max(first, high + 1)
    if first <= last:
        missing.append((first, last))
    return missing


class Parts:
    """The parts of one scenario, suite and commit."""

    def __init__(self, out, scenario, suite, commit, text):
        def digest(*of):
            return hashlib.blake2b("\0".join(of).encode(), digest_size=6).hexdigest()

        self.same = {"commit": commit, "suite": suite, "digest": digest(text)}
        self.id = digest(text, suite, commit)
        self.runs, self.metrics = (out / table / f"scenario={scenario}" for table in ("runs", "metrics"))
        with refused(out):
            for directory in (self.runs, self.metrics):
                directory.mkdir(parents=True, exist_ok=True)
                # Left by a sweep that was killed: a part that was not finished, figures without their runs.
                for left in directory.glob(f".part-{self.id}-*.tmp"):
                    left.unlink()
            for part in self.metrics.glob(f"part-{self.id}-*.parquet"):
                if not (self.runs / part.name).exists():
                    part.unlink()

    def written(self):
        """The ranges that are there."""
        name = re.compile(rf"part-{self.id}-(\d+)-(\d+)\.parquet")
        found = (name.fullmatch(path.name) for path in self.runs.iterdir())
        return sorted((int(at[1]), int(at[2])) for at in found if at)

    def write(self, first, last, outcomes):
        """Both tables of a range."""
        name = f"part-{self.id}-{first}-{last}.parquet"
        runs = [self.same | {key: outcome[key] for key in RUNS.names[3:]} for outcome in outcomes]
        figures = [
            self.same | {"seed": outcome["seed"], "kind": kind, "name": figure, "value": value}
            for outcome in outcomes
            for kind, field in KINDS.items()
            for figure, value in outcome[field].items()
        ]
        put(self.metrics, name, figures, METRICS)
        put(self.runs, name, runs, RUNS)

    def read(self, first, last):
        """The rows of `runs` of these seeds, and in how many of them each situation came up."""
        rows, came_up = [], {}
        for low, high in self.written():
            if low > last or high < first:
                continue
            name = f"part-{self.id}-{low}-{high}.parquet"
            within = [("seed", ">=", first), ("seed", "<=", last)]
            # As a file, not as a partitioned set: there is nothing to find out from the path.
            rows += pq.read_table(self.runs / name, filters=within, partitioning=None).to_pylist()
            figures = pq.read_table(self.metrics / name, filters=within, partitioning=None).to_pylist()
            for row in figures:
                if row["kind"] == "situation" and row["value"] > 0:
                    came_up[row["name"]] = came_up.get(row["name"], 0) + 1
        return sorted(rows, key=lambda row: row["seed"]), came_up


def put(directory, name, rows, schema):
    """Under another name first: what is called a part is a whole one, also after a power cut."""
    unfinished = directory / f".{name}.tmp"
    table = pa.Table.from_pylist(rows, schema=schema)
    with refused(directory):
        with open(unfinished, "wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, directory / name)
