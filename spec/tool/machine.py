"""Reads spec/states.toml, and refuses a machine that names what is not there."""
import re
import tomllib
from dataclasses import dataclass, field

from .layout import SPEC


@dataclass
class State:
    name: str
    at: list
    note: str = ""
    kind: str = ""


@dataclass
class Group:
    name: str
    states: list


@dataclass
class Go:
    to: str
    event: str
    label: str
    rules: list
    bend: int | None = None
    along: float = 0.5
    number: int = 0
    # From a list of states, or from a group as a whole.
    sources: list = field(default_factory=list)
    group: str = ""


class Machine:
    def __init__(self, name, raw):
        self.name, self.page, self.title = name, raw["page"], raw["title"]
        self.states = {s["name"]: State(**s) for s in raw["state"]}
        self.groups = {g["name"]: Group(**g) for g in raw.get("group", [])}
        self.go = []
        for number, told in enumerate(raw["go"], 1):
            start = told.pop("from")
            group = self.groups.get(start) if isinstance(start, str) else None
            sources = group.states if group else [start] if isinstance(start, str) else start
            self.go.append(Go(**told, number=number, sources=sources, group=group.name if group else ""))

    def check(self, rules):
        seen = set()
        for go in self.go:
            where = f"states.toml: {self.name}, transition {go.number}"
            for state in [*go.sources, go.to]:
                if state not in self.states:
                    raise SystemExit(f"{where}: there is no state {state!r}")
            for rule in go.rules:
                if rule not in rules:
                    raise SystemExit(f"{where}: there is no rule {rule}")
            if not go.rules:
                raise SystemExit(f"{where}: it names no rule")
            seen |= {*go.sources, go.to}
        for state in self.states.values():
            comes = any(go.to == state.name and state.name not in go.sources for go in self.go)
            leaves = any(state.name in go.sources for go in self.go)
            if state.name not in seen or (state.kind == "start" and not leaves) or (state.kind == "end" and not comes):
                raise SystemExit(f"states.toml: {self.name}: nothing comes to or leaves {state.name!r}")

    def name_of(self, state):
        return f"*{state}*" if self.states[state].kind else state

    def table(self):
        """The transitions for the book, one line each."""
        heads, rows = ["no", "from", "event", "to", "rules"], []
        for g in self.go:
            to = "stays" if g.sources == [g.to] else self.name_of(g.to)
            rows.append([str(g.number), ", ".join(map(self.name_of, g.sources)), g.event, to, ", ".join(g.rules)])
        line = lambda cells: "| " + " | ".join(cells) + " |"
        return [line(heads), "|---" * len(heads) + "|", *map(line, rows)]


def machines():
    raw = tomllib.loads((SPEC / "states.toml").read_text())["machine"]
    rules = {r for p in (SPEC / "src").glob("*.md") for r in re.findall(r"^- \*\*([A-Z]+-\d+)\*\* ", p.read_text(), re.M)}
    found = [Machine(name, told) for name, told in raw.items()]
    for machine in found:
        machine.check(rules)
    return found
