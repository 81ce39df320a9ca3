"""What `spec/wire.py`, `spec/states.py`, `spec/cases.py` and `spec/dissect.py` are made of."""
import sys

if sys.version_info < (3, 11):
    sys.exit(f"error: Python 3.11 or newer is needed (it reads TOML); this is {sys.version.split()[0]}")
