"""One bird for each router: AWS's transit gateway with its route tables, and the router of each other cloud.

The transit gateway has a table for each attachment, into which its sessions learn, and one for each of its route
tables. An attachment is told what the table that it is associated with leads to, and what it says goes to the tables
that it is propagated to: so which cloud learns what follows from the graph, here as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from local.links.namespaces import Namespaces, run
from local.links.plan import End, Tunnel, Zones

# Clouds try again sooner than BIRD's own two and five minutes; how soon, none of them says.
HEAD = """log "{folder}/bird.log" all;
router id {router_id};
protocol device {{ scan time 1; }}
template bgp session {{
  connect delay time 1;
  connect retry time 2;
  error wait time 1, 4;
  startup hold time 30;
}}
"""
MERGE = "merge paths yes limit 8; "


@dataclass(frozen=True)
class Session:
    """A BGP session as the router sees it."""

    state: str
    neighbour: str
    peer_asn: int
    hold_s: int
    received: tuple[str, ...]
    """The blocks that came and were taken."""

    @property
    def up(self) -> bool:
        return self.state == "Established"


def protocol(tunnel: str) -> str:
    """A tunnel's name as BIRD takes it."""
    return tunnel.replace("-", "_")


def render_transit(tunnels: Iterable[Tunnel], zones: Zones, asn: int) -> str:
    """Render the transit gateway's configuration, after HEAD.

    Args:
        asn: what it calls itself; each end has its own, and all are the gateway's.
    """
    tunnels = list(tunnels)
    number = {table: index for index, table in enumerate(sorted(zones.planned))}
    lines = [f"ipv4 table zone{index};" for index in number.values()]
    for table, index in number.items():
        if zones.planned[table]:
            routes = " ".join(f"route {block} blackhole;" for block in zones.planned[table])
            lines.append(f"protocol static planned{index} {{ ipv4 {{ table zone{index}; }}; {routes} }}")
    attachments = sorted({tunnel.aws.attachment for tunnel in tunnels})
    for at, attachment in enumerate(attachments):
        lines.append(f"ipv4 table attachment{at};")
        told, taught = zones.associated.get(attachment), zones.propagated.get(attachment, ())
        for table in sorted({*taught, *([told] if told else [])}):
            into = "where source = RTS_BGP" if table in taught else "none"
            out = "all" if table == told else "none"
            lines.append(
                f"protocol pipe pipe{at}_{number[table]} {{ table attachment{at}; peer table zone{number[table]};"
                f" export {into}; import {out}; }}"
            )
    for tunnel in tunnels:
        end, at = tunnel.aws, attachments.index(tunnel.aws.attachment)
        # What a neighbour said itself is not told to it again by the attachment's other tunnel.
        told = f"where source = RTS_STATIC || (source = RTS_BGP && bgp_path.first != {end.peer_asn})"
        channel = f"ipv4 {{ table attachment{at}; import all; export {told}; next hop self; }};"
        lines.append(_session(tunnel.name, end, asn, channel))
    vpc = number[zones.vpc_table]
    merge = MERGE if zones.ecmp else ""
    lines.append(
        f"protocol kernel vpc {{ {merge}ipv4 {{ table zone{vpc}; import none; export where source = RTS_BGP; }}; }}"
    )
    return "\n".join(lines) + "\n"


def render_peer(tunnels: Iterable[Tunnel]) -> str:
    """Render the configuration of another cloud's router, after HEAD; several instances of a gateway are one router."""
    tunnels = list(tunnels)
    blocks = dict.fromkeys(block for tunnel in tunnels for block in tunnel.other.announces)
    routes = " ".join(f"route {block} blackhole;" for block in blocks)
    lines = [f"protocol static own {{ ipv4; {routes} }}"]
    for tunnel in tunnels:
        end = tunnel.other
        announced = ", ".join(end.announces)
        med = f"bgp_med = {end.med}; " if end.med is not None else ""
        out = f"filter {{ if net ~ [ {announced} ] then {{ {med}accept; }} reject; }}" if announced else "none"
        channel = f"ipv4 {{ import {_imports(end)}; export {out}; next hop self; }};"
        lines.append(_session(tunnel.name, end, end.asn, channel))
    lines.append(f"protocol kernel network {{ {MERGE}ipv4 {{ import none; export where source = RTS_BGP; }}; }}")
    return "\n".join(lines) + "\n"


def _imports(end: End) -> str:
    if end.accepts is None:
        return "all"
    terms = (
        f"if net = {block} then {{ {f'bgp_med = {med}; ' if med is not None else ''}accept; }}"
        for block, med in end.accepts
    )
    return f"filter {{ {' '.join(terms)} reject; }}"


def _session(tunnel: str, end: End, asn: int, channel: str) -> str:
    own = IPv4Interface(end.inside).ip
    return (
        f"protocol bgp {protocol(tunnel)} from session {{ local {own} as {asn}; neighbor {end.peer} as {end.peer_asn};"
        f' interface "{tunnel}"; hold time {end.hold_s}; {channel} }}'
    )


class Router:
    """A router in the namespace `name`; `render` gives its configuration of the tunnels that it has."""

    def __init__(self, spaces: Namespaces, folder: Path, name: str, router_id: str) -> None:
        self.name, self._spaces, self._id = name, spaces, router_id
        self._folder = folder / name
        self._folder.mkdir()

    def make_namespace(self, own: Iterable[str]) -> None:
        """Make the namespace; every address of the blocks `own` answers there, as if machines had them."""
        self._spaces.add(self.name)
        self._spaces.within(self.name, "sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=0")
        for block in own:
            self._spaces.ip(self.name, "route", "add", "local", block, "dev", "lo")

    def start(self, configuration: str) -> None:
        """Start the daemon."""
        self._write(configuration)
        paths = ["-c", f"{self._folder}/bird.conf", "-s", f"{self._folder}/control", "-P", f"{self._folder}/pid"]
        self._spaces.start(self.name, ["bird", "-f", *paths], self._folder / "bird.out")

    def _write(self, configuration: str) -> None:
        head = HEAD.format(folder=self._folder, router_id=self._id)
        (self._folder / "bird.conf").write_text(head + configuration)

    def reconfigure(self, configuration: str) -> None:
        """Give the running daemon another configuration."""
        self._write(configuration)
        self.birdc("configure")

    def session(self, tunnel: str) -> Session:
        """Ask the daemon for the session over a tunnel; one that is not there has an empty state."""
        name = protocol(tunnel)
        said = self.birdc("show", "protocols", "all", name)

        def value(pattern: str) -> str:
            match = re.search(pattern, said)
            return match[1] if match else ""

        # the table is that of the channel, so all are asked
        routes = self.birdc("show", "route", "table", "all", "protocol", name)
        received = re.findall(r"^([\d.]+/\d+)\s", routes, re.MULTILINE)
        return Session(
            value(r"BGP state:\s+(\S+)"),
            value(r"Neighbor address:\s+([\d.]+)"),
            int(value(r"Neighbor AS:\s+(\d+)") or 0),
            int(float(value(r"Hold timer:\s+[\d.]+/([\d.]+)") or 0)),
            tuple(sorted(set(received))),
        )

    def said(self, since: int, about: Callable[[str], bool]) -> list[str]:
        """Read the log from a mark on: the lines that `about` takes, each once."""
        lines = self._log()[since:].splitlines()
        texts = (re.sub(r"^\S+ \S+ (<\w+> )?", "", line) for line in lines)
        return list(dict.fromkeys(text for text in texts if about(text)))

    def mark(self) -> int:
        """Give the place where the log ends now."""
        return len(self._log())

    def device(self, source: str, target: str) -> str:
        """Find the tunnel by which the router sends from one address to another; empty if it has no way."""
        try:
            said = self._spaces.ip(self.name, "route", "get", target, "from", source)
        except RuntimeError:
            return ""
        match = re.search(r" dev (\S+)", said)
        return match[1] if match and match[1] != "lo" else ""

    def _log(self) -> str:
        file = self._folder / "bird.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def birdc(self, *command: str) -> str:
        """Run a command of the daemon's own client; gives what it says."""
        return run("birdc", "-s", f"{self._folder}/control", *command, check=False)


def add_routes_by_attachment(
    spaces: Namespaces, zones: Zones, tunnels: Iterable[Tunnel], name: str
) -> Mapping[str, str]:
    """Route what comes by each tunnel of the transit gateway by the table of its attachment; gives their numbers.

    The VPC's own addresses are this namespace's and need no route.
    """
    numbers = {table: str(200 + index) for index, table in enumerate(sorted(zones.planned))}
    for table, number in numbers.items():
        spaces.ip(name, "route", "add", "unreachable", "default", "table", number)
        for block in zones.planned[table]:
            spaces.ip(name, "route", "add", "local", block, "dev", "lo", "table", number)
    for tunnel in tunnels:
        number = numbers.get(zones.associated.get(tunnel.aws.attachment, ""), "253")
        spaces.ip(name, "rule", "add", "iif", tunnel.name, "lookup", number)
    return numbers
