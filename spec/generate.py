#!/usr/bin/env python3
"""Writes all that is generated in spec/ and in the skeletons: layouts, state machines, the lines of conformance cases. Needs Python 3.11.

Usage: generate.py [--check]. With --check nothing is written; exit status 1 when anything differs. The worked example is example.py's, which
needs the package `cryptography`; the table of memory is written by the tests of tom-core.
"""
import subprocess
import sys
from pathlib import Path

PARTS = ("wire.py", "states.py", "cases.py")

codes = [subprocess.run([sys.executable, Path(__file__).parent / part, *sys.argv[1:]], check=False).returncode for part in PARTS]
sys.exit(max(codes))
