"""The main program of a service that is Python of ours: run until SIGTERM or SIGINT."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Protocol

from local.site import Site


class Runtime(Protocol):
    def run(self, stopping: threading.Event) -> None: ...


def run(make: Callable[[Site], Runtime]) -> None:
    """Make the runtime of this process's site, and run it until the process is asked to stop."""
    site = Site.current()
    site.activate()
    # Python's clients would ask the environment's proxy even for this machine.
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    make(site).run(stopping)
