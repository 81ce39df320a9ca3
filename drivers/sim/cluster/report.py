"""What a sweep says: how far it is, and what came of it."""

import dataclasses
import sys
import time

VERDICTS = ["passed", "failed", "liveness", "safety", "crash"]
# As `tom-sim` exits.
CODES = {"passed": 0, "failed": 1, "liveness": 4, "safety": 3, "crash": 5}
# So many seeds per scenario are named; the others are in the table.
NAMED = 10


class Progress:
    """One line, kept up to date on a terminal; elsewhere a line every half a minute."""

    def __init__(self, name, count, before, quiet):
        self.name, self.count, self.before, self.quiet = name, count, before, quiet
        self.done, self.bad = 0, 0
        self.started = self.shown = time.monotonic()
        self.live = sys.stderr.isatty()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.live and not self.quiet:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def add(self, outcomes):
        self.done += len(outcomes)
        self.bad += sum(outcome["verdict"] != "passed" for outcome in outcomes)

    def show(self):
        now = time.monotonic()
        if self.quiet or now - self.shown < (0.2 if self.live else 30):
            return
        self.shown = now
        rate = self.done / max(now - self.started, 1e-9)
        left = self.count - self.before - self.done
        when = f"{span(left / rate)} left" if rate else "no seed is done yet"
        line = f"{self.name}: {self.before + self.done} of {self.count} seeds, {rate:.2f} seeds/s, {when}, {self.bad} not passed"
        print(f"\r{line}\x1b[K" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True)


def span(seconds):
    seconds = int(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


@dataclasses.dataclass
class Row:
    """A scenario in the summary."""

    name: str
    counts: dict
    events: int
    cpu_s: float
    notes: list
    code: int


def judge(scenario):
    """What the seeds of a scenario came to; says so as `tom-sim sweep` does, exit code included."""
    rows, came_up = scenario.parts.read(scenario.first, scenario.last)
    head, notes = scenario.head, []
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    worst = max((VERDICTS.index(row["verdict"]) for row in rows), default=0)
    never = [name for name in head["sometimes"] if not came_up.get(name)]
    for name in never:
        notes.append(f"{head['name']}: `{name}` never came up")
        worst = max(worst, VERDICTS.index("failed"))
    bad = [row for row in rows if row["verdict"] != "passed"]
    for row in bad[:NAMED]:
        wrong = row["wrong"][0] if row["wrong"] else {"what": row["verdict"], "detail": ""}
        notes.append(f"{head['name']} seed {row['seed']}: {wrong['what']}: {wrong['detail']}")
        replay = f"tom-sim run {scenario.path} --seed {row['seed']} --suite {row['suite']}"
        notes.append(f"  {replay}" + (f" --expect-hash {row['hash']}" if row["hash"] else ""))
    if len(bad) > NAMED:
        notes.append(f"{head['name']}: {len(bad) - NAMED} more, in {scenario.parts.runs}")
    code = CODES[VERDICTS[worst]]
    if head["xfail"] is not None:
        if worst == 0:
            notes.append(f"{head['name']} passed, though it is expected to fail until {head['xfail']}: remove `xfail`")
            code = CODES["failed"]
        elif VERDICTS[worst] in ("failed", "liveness"):
            notes.append(f"{head['name']} fails as expected until {head['xfail']}")
            code = 0
    return Row(head["name"], counts, sum(r["events"] for r in rows), sum(r["cpu_s"] for r in rows), notes, code)


def summary(rows, quiet):
    """The table, and below it what is wrong."""
    if not quiet:
        head = ["scenario", "seeds", *VERDICTS, "events", "cpu_s"]
        lines = [head] + [
            [row.name, str(sum(row.counts.values())), *(str(row.counts[v]) for v in VERDICTS), str(row.events), f"{row.cpu_s:.1f}"]
            for row in rows
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = [cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths, strict=True))]
            print("  ".join(cells))
    for row in rows:
        if not quiet or row.code:
            for note in row.notes:
                print(note)
