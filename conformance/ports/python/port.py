"""The conformance port: JSON Lines on standard input and output.

    python3 conformance/ports/python/port.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from runner.main import serve  # noqa: E402

if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
