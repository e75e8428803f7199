"""Traffic over the links while something happens to them: pings, and how long they went unanswered."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from local.links.namespaces import Namespaces
from local.links.router import Router

INTERVAL_S = 0.2
MARK = b"novaretail-clear"
"""In every packet, so that one that is not encrypted is known on the wire; ping takes sixteen bytes."""
LOST_S = 2.0
"""A flow is interrupted if it is silent for longer; a busy machine may be late."""


@dataclass
class Flow:
    """One pair of machines, on AWS and behind the other cloud's router."""

    source: str
    target: str
    there: str
    """The tunnel by which it goes."""
    back: str
    """The tunnel by which replies come."""
    process: Any = field(default=None, repr=False)
    file: Path | None = None

    def uses(self, tunnel: str) -> bool:
        """Whether it goes, or comes back, by the tunnel."""
        return tunnel in (self.there, self.back)

    @property
    def replies(self) -> list[float]:
        """When each came, in seconds of the clock."""
        text = self.file.read_text("utf-8", "replace") if self.file else ""
        return [float(at) for at in re.findall(r"^\[([\d.]+)\].* bytes from", text, re.MULTILINE)]

    def silence(self, since: float, until: float) -> float:
        """The longest time without a reply, less what lies between two pings anyway."""
        times = [since, *(at for at in self.replies if since <= at <= until), until]
        return max(0.0, max(later - sooner for sooner, later in pairwise(times)) - INTERVAL_S)

    def answered_within(self, seconds: float) -> bool:
        """Whether the last reply came so recently."""
        replies = self.replies
        return bool(replies) and time.time() - replies[-1] < seconds


def choose(
    ours: Router, theirs: Router, sources: Iterable[str], targets: Iterable[str], tunnels: Iterable[str], each: int = 1
) -> list[Flow]:
    """Choose, for each tunnel that carries anything, `each` flow there and `each` back by it."""
    pairs = [(source, target) for target in _hosts(targets, 24) for source in _hosts(sources, 2)]
    wanted = {(tunnel, way): each for tunnel in tunnels for way in ("there", "back")}
    chosen = []
    for source, target in pairs:
        if not any(wanted.values()):
            break
        flow = Flow(source, target, ours.device(source, target), theirs.device(target, source))
        served = [key for key in ((flow.there, "there"), (flow.back, "back")) if wanted.get(key)]
        for key in served:
            wanted[key] -= 1
        if served:
            chosen.append(flow)
    return chosen


@contextmanager
def sending(spaces: Namespaces, router: str, flows: list[Flow], folder: Path) -> Iterator[float]:
    """Ping from the router's namespace as long as the block lasts; gives the time at which all had answered."""
    for number, flow in enumerate(flows):
        flow.file = folder / f"flow-{time.monotonic_ns()}-{number}"
        command = ["ping", "-n", "-D", "-O", "-i", str(INTERVAL_S), "-p", MARK.hex(), "-I", flow.source, flow.target]
        flow.process = spaces.start(router, command, flow.file)
    try:
        deadline = time.monotonic() + 5
        while not all(flow.replies for flow in flows) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield time.time()
    finally:
        for flow in flows:
            spaces.stop(flow.process, signal.SIGINT)


def _hosts(blocks: Iterable[str], count: int) -> list[str]:
    """Some addresses of each block, not its first ones, which clouds keep for themselves."""
    found = []
    for block in blocks:
        network = IPv4Network(block)
        skip = 10 if network.num_addresses > 64 else 0
        found += [str(host) for host in islice(network.hosts(), skip, skip + count)]
    return found
