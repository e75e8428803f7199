"""The daemons of all tunnels: a gateway for each end, the transit gateway's router and one for each other cloud."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from local.links.gateway import Gateway
from local.links.namespaces import Namespaces
from local.links.plan import Plan, Tunnel
from local.links.router import Router, add_routes_by_attachment, render_peer, render_transit
from local.links.waiting import SlowError, wait

UP_S = 30
"""So soon all tunnels must be up with their sessions and routes, from nothing."""
WORKERS = 8
TRANSIT = "transit"


class Lab:
    """Started with `start`; ends with its namespaces."""

    def __init__(self, plan: Plan, spaces: Namespaces, folder: Path) -> None:
        self.plan, self.spaces, self.folder = plan, spaces, folder
        self.ours: dict[str, Gateway] = {}
        self.theirs: dict[str, Gateway] = {}
        first = plan.tunnels[0].aws
        self.transit = Router(spaces, folder, TRANSIT, str(IPv4Interface(first.inside).ip))
        self.peers = {
            link: Router(spaces, folder, link, str(IPv4Interface(plan.link(link)[0].other.inside).ip))
            for link in plan.links
        }
        self.asn = first.asn
        self._capture: Any = None

    @property
    def vpc(self) -> tuple[str, ...]:
        """The blocks of the VPC that any link leads to."""
        return tuple(sorted({block for blocks in self.plan.zones.planned.values() for block in blocks}))

    def blocks(self, link: str) -> tuple[str, ...]:
        """What a link's other end announces."""
        return tuple(dict.fromkeys(block for tunnel in self.plan.link(link) for block in tunnel.other.announces))

    def start(self) -> tuple[float, float]:
        """Start everything; gives the seconds until all tunnels stood, and until all routes were learned.

        Raises: SlowError that says what is missing, if it takes longer than UP_S.
        """
        self.transit.make_namespace(self.vpc)
        for link, router in self.peers.items():
            router.make_namespace(self.blocks(link))
        self._capture_wire()
        began = time.monotonic()
        for tunnel in self.plan.tunnels:
            device = tunnel.name
            self.ours[device] = Gateway(self.spaces, self.folder, f"aws-{device}", tunnel.aws, TRANSIT, device)
            self.theirs[device] = Gateway(self.spaces, self.folder, device, tunnel.other, tunnel.link, device)
            self.ours[device].start()
            self.theirs[device].start()
        self.each(Gateway.attach, [*self.ours.values(), *self.theirs.values()])
        add_routes_by_attachment(self.spaces, self.plan.zones, self.plan.tunnels, TRANSIT)
        self.transit.start(self._transit_configuration())
        for link, router in self.peers.items():
            router.start(render_peer(self.plan.link(link)))
        self.each(lambda tunnel: self.starter(tunnel).initiate(), self.plan.tunnels)
        tunnels = time.monotonic() - began
        wait(self.all_up, max(1.0, UP_S - tunnels), self.tell_what_is_missing)
        return tunnels, time.monotonic() - began

    def _transit_configuration(self) -> str:
        return render_transit(self.plan.tunnels, self.plan.zones, self.asn)

    def starter(self, tunnel: Tunnel) -> Gateway:
        """Give the end that begins; AWS's if both do.

        Raises: SlowError if both wait for the other one.
        """
        if tunnel.aws.starts:
            return self.ours[tunnel.name]
        if tunnel.other.starts:
            return self.theirs[tunnel.name]
        raise SlowError(f"{tunnel.name}: AWS waits for {tunnel.other.cloud} to begin, and {tunnel.other.cloud} for AWS")

    def answerer(self, tunnel: Tunnel) -> Gateway:
        """Give the end that waits for the other one to begin."""
        return self.theirs[tunnel.name] if tunnel.aws.starts else self.ours[tunnel.name]

    def is_up(self, tunnel: Tunnel) -> bool:
        """Whether both routers have the session, and have learned by it what they should."""
        ours = self.transit.session(tunnel.name)
        theirs = self.peers[tunnel.link].session(tunnel.name)
        return ours.up and theirs.up and bool(ours.received) and bool(theirs.received)

    def all_up(self) -> bool:
        """Whether every tunnel is up."""
        return all(self.is_up(tunnel) for tunnel in self.plan.tunnels)

    def tell_what_is_missing(self) -> str:
        """Say of each tunnel that is not up what both ends said."""
        lines = [f"not all tunnels were up in {UP_S} s:"]
        for tunnel in self.plan.tunnels:
            if self.is_up(tunnel):
                continue
            if self.ours[tunnel.name].association() is None:
                said = self.ours[tunnel.name].said(0) + self.theirs[tunnel.name].said(0)
                lines.append(f"{tunnel.name}: no association; {'; '.join(said) or 'neither end heard of the other'}")
                continue
            states = [router.session(tunnel.name) for router in (self.transit, self.peers[tunnel.link])]
            both = self.transit.said(0, _of(tunnel)) + self.peers[tunnel.link].said(0, _of(tunnel))
            seen = ", ".join(f"{one.state or 'none'} with {len(one.received)} routes" for one in states)
            lines.append(f"{tunnel.name}: sessions {seen}; {'; '.join(both[-4:])}")
        return "\n".join(lines)

    def cut(self, tunnel: Tunnel) -> None:
        """Drop every packet between the tunnel's two ends, without a word to either."""
        self.spaces.cut(tunnel.aws.address, tunnel.other.address)

    def mend(self, tunnel: Tunnel) -> None:
        """Let packets between the tunnel's two ends pass again."""
        self.spaces.mend(tunnel.aws.address, tunnel.other.address)

    def each(self, do: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
        """Do it to all things at once; gives what came of each, in their order."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(do, things))

    # The wire

    def _capture_wire(self) -> None:
        self._pcap = self.folder / "wire.pcap"
        command = ["tcpdump", "-Z", "root", "-nn", "-i", "any", "-B", "16384", "-U", "-w", str(self._pcap)]
        self._capture = self.spaces.start("internet", command, self.folder / "tcpdump.out")
        listening = self.folder / "tcpdump.out"
        wait(lambda: "listening" in listening.read_text(), 10, "tcpdump does not listen")

    def read_wire(self) -> tuple[int, list[str], bytes]:
        """End the capture; gives (packets of IPsec, any others, all bytes) that went between the gateways.

        Raises: SlowError if the capture has missed some.
        """
        self.spaces.stop(self._capture, signal.SIGINT)
        told = (self.folder / "tcpdump.out").read_text()
        if not re.search(r"^0 packets dropped by kernel", told, re.MULTILINE):
            raise SlowError(f"the capture is not whole: {told.strip().splitlines()[-1]}")

        def read(expression: str) -> list[str]:
            said = self.spaces.within("internet", "tcpdump", "-Z", "root", "-nnr", str(self._pcap), expression)
            return [line for line in said.splitlines() if not line.startswith(("reading from", "tcpdump:", "Warning"))]

        ipsec = "udp port 500 or udp port 4500 or esp"
        return len(read(ipsec)), read(f"not ({ipsec}) and not arp"), self._pcap.read_bytes()


def other_host(inside: str) -> str:
    """Make an inside address that the neighbour does not expect: of the next block."""
    network = IPv4Network(inside, strict=False)
    return f"{network.network_address + network.num_addresses + 2}/{network.prefixlen}"


def _of(tunnel: Tunnel) -> Callable[[str], bool]:
    return lambda line: tunnel.name.replace("-", "_") in line or "Unexpected" in line
