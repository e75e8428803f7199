"""Prepares a fresh clone: `python3.11 -m local.bootstrap`, which every command of the Makefile calls first.

    python3.11 -m local.bootstrap               all of the toolchain
    python3.11 -m local.bootstrap packages      all of it too, but it ends as soon as this step is done

Standard library only. It checks the Python version and installs the toolchain: .venv with the packages of
requirements.txt, and the tools below .toolchain. With a step named, the rest goes on behind the command's back (its
progress is in .toolchain/logs/bootstrap.log), so that tests which need nothing but the packages can run meanwhile;
the next command without one waits for it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from local import toolchain
from local.site import ROOT, TOOLCHAIN
from local.toolchain.runner import Runner, say
from local.toolchain.versions import PYTHON

LOG = TOOLCHAIN / "logs" / "bootstrap.log"
INSTALLATION = (sys.executable, "-m", "local.bootstrap")
POLL_SECONDS = 0.2


def main(arguments: Sequence[str]) -> int:
    if sys.version_info[:2] != PYTHON:
        say(
            f"The project needs Python {PYTHON[0]}.{PYTHON[1]}, as AWS Glue and the functions run it; "
            f"this is {sys.version.split()[0]} ({sys.executable}).\n"
            "Install it, or name it: make PYTHON=/path/to/python3.11 ..."
        )
        return 1
    if arguments:
        return until(arguments[0])
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


def until(step: str) -> int:
    """Begin what is missing in the background, and wait for one step of it; its progress is told meanwhile.

    Returns: 0 once the step is done; else the exit code of the installation, which has said why.
    """
    runner = Runner(toolchain.steps(), TOOLCHAIN)

    def missing() -> set[str]:
        return {each.name for each in runner.missing()}

    if not missing():
        return 0
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as log, LOG.open("rb") as told:
        # not in a session of its own: Ctrl-C ends it as well
        installation = subprocess.Popen(
            INSTALLATION, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        while True:
            ended = installation.poll()
            done = step not in missing()
            if text := told.read().decode(errors="replace").rstrip():
                say(text)
            if done:
                return 0
            if ended is not None:
                return ended or 1
            time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
