"""`python -m local.dms`: run the site's replications until SIGTERM or SIGINT."""

import os
import signal
import threading

from local.dms.runtime import Runtime
from local.site import Site


def main() -> None:
    site = Site.current()
    site.activate()
    # Python's clients would ask the environment's proxy even for this machine.
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    Runtime(site).run(stopping)


if __name__ == "__main__":
    main()
