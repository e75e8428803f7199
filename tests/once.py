"""What is dear to make is made once a test run, also where several workers (pytest-xdist) ask for it."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path


def once(name: str, make: Callable[[], str]) -> str:
    """Return the text that `make` gives, from a file if this test run has made it before.

    Args:
        name: a file name that stands for everything that the text depends on, within one state of the tree.
        make: may raise; the next one that asks tries again.
    """
    file = folder() / name
    with file.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another name is another lock: two can be made side by side
        if not file.exists():
            fresh = file.with_suffix(".fresh")
            fresh.write_text(make(), "utf-8")
            fresh.replace(file)
    return file.read_text("utf-8")


@cache
def folder() -> Path:
    """The folder of this test run; whoever of its processes began it (not a worker) removes it at its end."""
    shared = os.environ.get(VARIABLE)
    if shared is not None:
        return Path(shared)
    made = tempfile.mkdtemp(prefix="novaretail-run-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ[VARIABLE] = made
    return Path(made)


VARIABLE = "NOVARETAIL_TEST_RUN"
"""Workers find the folder of their run here: they are started by the process that made it."""
