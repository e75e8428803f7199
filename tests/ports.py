"""Ports of the tests' own, below the range that the kernel gives to outgoing connections.

Each worker of a run has its share of them, so that two never try the same ones; two runs at once hardly do.
"""

from __future__ import annotations

import os
import random
import socket

ALL = range(20000, 32000, 10)
"""The first ports of all blocks of ten."""


def free_block() -> int:
    """Return the first of ten free ports on 127.0.0.1, out of this worker's share.

    Raises: RuntimeError if there are none.
    """
    mine = share()
    for base in random.sample(mine, len(mine)):
        if all(_is_free(port) for port in range(base, base + 10)):
            return base
    raise RuntimeError(f"no ten free ports between {ALL.start} and {ALL.stop}")


def share() -> range:
    """The blocks that this worker of pytest-xdist may take; all of them where there is one process."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return ALL[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
