"""What every check needs: the daemons, the result to which it adds, a word for who waits, and traffic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from local.links import flows
from local.links.flows import Flow
from local.links.lab import Lab
from local.links.plan import Plan, Tunnel
from local.links.report import Result

RETURN_S = 60
"""So long a tunnel gets to come back by itself."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run of the checks over the daemons of a lab."""

    lab: Lab
    result: Result
    say: Say

    @property
    def plan(self) -> Plan:
        """What the lab was made of."""
        return self.lab.plan

    @property
    def first_tunnels(self) -> list[Tunnel]:
        """One tunnel of each link, for what need not be tried on all."""
        return [self.plan.link(link)[0] for link in self.plan.links]

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note the seconds that the block takes as those of the step."""
        began = time.monotonic()
        yield
        self.result.seconds[step] = round(time.monotonic() - began, 1)

    @contextmanager
    def traffic(self) -> Iterator[tuple[float, list[Flow]]]:
        """Send pings over each tunnel that carries anything while the block lasts; gives (since when, flows)."""
        with ExitStack() as stack:
            running: list[Flow] = []
            for link, router in self.lab.peers.items():
                names = [tunnel.name for tunnel in self.plan.link(link)]
                sources = self.plan.zones.announced(self.plan.link(link)[0].aws.attachment)
                found = flows.choose(self.lab.transit, router, sources, self.lab.blocks(link), names)
                stack.enter_context(flows.sending(self.lab.spaces, "transit", found, self.lab.folder))
                running += found
            yield time.time(), running
