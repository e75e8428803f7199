"""Prepares a fresh clone: `python3.11 -m local.bootstrap`, which every command of the Makefile calls first.

Standard library only. It checks the Python version and installs the toolchain: .venv with the packages of
requirements.txt, and the tools below .toolchain.
"""

from __future__ import annotations

import signal
import sys
import time

from local import toolchain
from local.toolchain.runner import say
from local.toolchain.versions import PYTHON


def main() -> int:
    if sys.version_info[:2] != PYTHON:
        say(
            f"The project needs Python {PYTHON[0]}.{PYTHON[1]}, as AWS Glue and the functions run it; "
            f"this is {sys.version.split()[0]} ({sys.executable}).\n"
            "Install it, or name it: make PYTHON=/path/to/python3.11 ..."
        )
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the steps' programs too
    began = time.monotonic()
    try:
        done = toolchain.install()
    except toolchain.StepError as failure:
        say(f"\n{failure}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted; the same command goes on where this one stopped")
        return 130
    if done:
        say(f"toolchain: ready after {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
