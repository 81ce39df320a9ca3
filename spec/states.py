#!/usr/bin/env python3
"""Draws the state machines of states.toml into src/states-*.svg, and puts picture and transitions into their chapters.

Usage: states.py [--check]. With --check nothing is written; exit status 1 when anything differs from what is committed. Needs Python 3.11.
"""
import sys

from tool.layout import SPEC
from tool.machine import machines
from tool.marked import Marked
from tool.picture import Picture


def main():
    out, found = Marked(), machines()
    for machine in found:
        out.put(SPEC / f"src/states-{machine.name}.svg", Picture(machine).svg())
        picture = f"![States of {machine.title}](states-{machine.name}.svg)"
        mark = f"<!-- generated: states {machine.name} "
        out.between(SPEC / f"src/{machine.page}.md", mark + "begin -->", mark + "end -->", ["", picture, "", *machine.table(), ""])
    drawn = {f"states-{machine.name}.svg" for machine in found}
    for path in (SPEC / "src").glob("states-*.svg"):
        if path.name not in drawn:
            sys.exit(f"src/{path.name} is of no machine in states.toml")
    code = out.finish("--check" in sys.argv[1:], "spec/states.py")
    print(f"{len(found)} state machines, {sum(len(m.go) for m in found)} transitions")
    sys.exit(code)


main()
