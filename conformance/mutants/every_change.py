#!/usr/bin/env python3
"""Tries the suite on every change cargo-mutants can think of. By hand: a change takes some five seconds.

    cargo install cargo-mutants --locked
    conformance/mutants/every_change.py --part 0/8 --out survivors.json

Takes the places and replacements from `cargo mutants --list`, builds the reference's port with each of
them in a copy of the sources, and puts it to the suite. What does not build is not counted. Changes of
wire, crypto, session, delivery and routing; `--part k/n` takes every n-th from the k-th on. The cases are
those of this checkout: when they change meanwhile, what was noticed says nothing, and the end says so.
"""
import argparse, json, os, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AREAS = ["wire", "crypto", "session", "delivery", "routing"]


def changes():
    files = [word for area in AREAS for word in ("-f", f"tom-core/src/{area}/**")]
    command = ["cargo", "mutants", "-p", "tom-core", *files, "--list", "--json"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def build(tree):
    """As `tom-conformance mutants` builds, in the copy it made."""
    env = {**os.environ, "CARGO_TARGET_DIR": "build", "RUSTFLAGS": "-Awarnings"}
    command = ["cargo", "build", "--quiet", "-p", "tom-port"]
    return subprocess.run(command, cwd=tree, env=env, stderr=subprocess.PIPE).returncode == 0


def notice(suite, tree):
    """The first case that fails, or None."""
    command = [suite, "run", "--fail-fast", "--profile", "full", "--show", "1", "--patience", "3000",
               "--port", str(tree / "build/debug/tom-port")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return None
    return next(iter(done.stdout.splitlines()), f"exit code {done.returncode}")


def changed(text, change):
    lines = text.splitlines(keepends=True)
    start, end = change["span"]["start"], change["span"]["end"]
    before = "".join(lines[:start["line"] - 1]) + lines[start["line"] - 1][:start["column"] - 1]
    after = lines[end["line"] - 1][end["column"] - 1:] + "".join(lines[end["line"]:])
    return before + change["replacement"] + after


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--part", default="0/1", metavar="K/N")
    asked.add_argument("--tree", type=Path, default=ROOT / "target/every_change")
    asked.add_argument("--suite", default=str(ROOT / "target/debug/tom-conformance"))
    asked.add_argument("--out", type=Path, default=Path("survivors.json"))
    args = asked.parse_args()
    part, parts = (int(number) for number in args.part.split("/"))
    subprocess.run([args.suite, "mutants", "--only", "none of them", "--tree", args.tree], check=True)
    if not build(args.tree):
        sys.exit("the unchanged reference does not build")
    first = notice(args.suite, args.tree)
    if first is not None:
        sys.exit(f"the unchanged reference fails: {first}")
    noticed, unbuilt, survivors = 0, 0, []
    for change in changes()[part::parts]:
        path = args.tree / change["file"]
        whole = path.read_text()
        path.write_text(changed(whole, change))
        try:
            if not build(args.tree):
                unbuilt += 1
            elif notice(args.suite, args.tree) is None:
                survivors.append(change["name"])
                print(change["name"], flush=True)
            else:
                noticed += 1
        finally:
            path.write_text(whole)
        told = {"part": args.part, "noticed": noticed, "does not build": unbuilt, "survivors": survivors}
        args.out.write_text(json.dumps(told, indent=1) + "\n")
    if not build(args.tree) or notice(args.suite, args.tree) is not None:
        sys.exit("the unchanged reference fails in the end: the cases changed meanwhile, and this run says nothing")
    print(f"{noticed} of {noticed + len(survivors)} noticed, {unbuilt} do not build")


main()
