#!/usr/bin/env python3
"""Tries the suite on every change cargo-mutants can think of. By hand: a change takes some five seconds.

    cargo install cargo-mutants --locked
    conformance/mutants/every_change.py --part 0/8 --out survivors.json
    conformance/mutants/every_change.py --own-tests --among survivors.json --out rest.json

Takes the places and replacements from `cargo mutants --list`, builds the reference's port with each of
them in a copy of the sources, and puts it to the suite. What does not build is not counted. Changes of
wire, crypto, session, delivery and routing; `--part k/n` takes every n-th from the k-th on. The cases are
those of this checkout: when they change meanwhile, what was noticed says nothing, and the end says so.
With `--own-tests` tom-core's tests judge instead, some half a minute for each.
"""
import argparse, json, os, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AREAS = ["wire", "crypto", "session", "delivery", "routing"]


def changes():
    files = [word for area in AREAS for word in ("-f", f"tom-core/src/{area}/**")]
    command = ["cargo", "mutants", "-p", "tom-core", *files, "--list", "--json"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


class Suite:
    """The suite, and the reference's port in a copy of the sources."""

    def __init__(self, suite, tree):
        self.suite, self.tree = suite, tree / "0"
        command = [suite, "mutants", "--only", "none of them", "--jobs", "1", "--tree", tree]
        subprocess.run(command, check=True)

    def builds(self):
        """As `tom-conformance mutants` builds, in the copy it made."""
        env = {**os.environ, "CARGO_TARGET_DIR": "build", "RUSTFLAGS": "-Awarnings"}
        command = ["cargo", "build", "--quiet", "-p", "tom-port"]
        return subprocess.run(command, cwd=self.tree, env=env, stderr=subprocess.PIPE).returncode == 0

    def notices(self):
        command = [self.suite, "run", "--fail-fast", "--profile", "full", "--show", "1", "--patience", "3000",
                   "--port", str(self.tree / "build/debug/tom-port")]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode != 0


class OwnTests:
    """What tom-core's own tests say, in a clone."""

    def __init__(self, tree):
        self.tree = tree
        if not tree.exists():
            subprocess.run(["git", "clone", "--quiet", ROOT, tree], check=True)

    def cargo(self, *words):
        env = {**os.environ, "CARGO_TARGET_DIR": "build", "RUSTFLAGS": "-Awarnings"}
        command = ["cargo", "test", "--quiet", "-p", "tom-core", "--lib", "--tests", *words]
        # What never ends is noticed too.
        done = subprocess.run(["timeout", "300", *command], cwd=self.tree, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode == 0

    def builds(self):
        return self.cargo("--no-run")

    def notices(self):
        return not self.cargo()


def changed(text, change):
    lines = text.splitlines(keepends=True)
    start, end = change["span"]["start"], change["span"]["end"]
    before = "".join(lines[:start["line"] - 1]) + lines[start["line"] - 1][:start["column"] - 1]
    after = lines[end["line"] - 1][end["column"] - 1:] + "".join(lines[end["line"]:])
    return before + change["replacement"] + after


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--part", default="0/1", metavar="K/N")
    asked.add_argument("--among", type=Path, help="only the survivors that stand in this file")
    asked.add_argument("--own-tests", action="store_true")
    asked.add_argument("--tree", type=Path, default=ROOT / "target/every_change")
    asked.add_argument("--suite", default=str(ROOT / "target/debug/tom-conformance"))
    asked.add_argument("--out", type=Path, default=Path("survivors.json"))
    args = asked.parse_args()
    part, parts = (int(number) for number in args.part.split("/"))
    among = json.loads(args.among.read_text())["survivors"] if args.among else None
    judge = OwnTests(args.tree / "clone") if args.own_tests else Suite(args.suite, args.tree)
    if not judge.builds() or judge.notices():
        sys.exit("the unchanged reference does not pass")
    noticed, unbuilt, survivors = 0, 0, []
    for change in changes()[part::parts]:
        if among is not None and change["name"] not in among:
            continue
        path = judge.tree / change["file"]
        whole = path.read_text()
        path.write_text(changed(whole, change))
        try:
            if not judge.builds():
                unbuilt += 1
            elif judge.notices():
                noticed += 1
            else:
                survivors.append(change["name"])
                print(change["name"], flush=True)
        finally:
            path.write_text(whole)
        told = {"part": args.part, "noticed": noticed, "does not build": unbuilt, "survivors": survivors}
        args.out.write_text(json.dumps(told, indent=1) + "\n")
    if not judge.builds() or judge.notices():
        sys.exit("the unchanged reference fails in the end: the cases changed meanwhile, and this run says nothing")
    print(f"{noticed} of {noticed + len(survivors)} noticed, {unbuilt} do not build")


main()
