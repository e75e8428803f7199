"""The address plan: every range, AS number, inside address and key of the three clouds, held against each other.

Each end is written where its cloud is (`network`, `links.azure`, `links.gcp`); this object puts them side by side, for
what is wrong between two of them shows at neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import combinations

from settings.foundation import Network
from settings.links import Links
from settings.problems import Problem
from settings.values import AZURE_ASNS, PRIVATE_ASNS, PRIVATE_RANGES

KEYS = "preshared_keys"
"""The one setting that is a secret: keys of single tunnels, by the tunnels' names."""
HIDDEN = "[secret]"

LINK_LOCAL = IPv4Network("169.254.0.0/16")
AWS_INSIDE = tuple(
    IPv4Network(f"169.254.{block}")
    for block in ("0.0/30", "1.0/30", "2.0/30", "3.0/30", "4.0/30", "5.0/30", "169.252/30")
)
"""Inside blocks that AWS keeps for itself (EC2 API, VpnTunnelOptionsSpecification)."""
AZURE_INSIDE = (IPv4Network("169.254.21.0/24"), IPv4Network("169.254.22.0/24"))
"""The only link-local addresses that Azure's gateway takes for BGP."""
RESERVED = {
    "Google's private API addresses": IPv4Network("199.36.153.4/30"),
    "Google's private API addresses, restricted or not": IPv4Network("199.36.153.8/30"),
    "Google's auto mode networks": IPv4Network("10.128.0.0/9"),
    "what AWS and Google use for containers": IPv4Network("172.17.0.0/16"),
    "Azure's platform services": IPv4Network("168.63.129.16/32"),
}
_KEY = re.compile(r"[A-Za-z1-9._][A-Za-z0-9._]{31,63}")


@dataclass(frozen=True)
class AddressPlan:
    """The ends of one environment's network, side by side."""

    network: Network
    links: Links
    """It may lack an end."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name of a tunnel -> its key, of those that shall not have the one that AWS makes."""

    def ranges(self) -> dict[str, IPv4Network]:
        """Setting -> what its end announces, or may announce."""
        azure, gcp = self.links.azure, self.links.gcp
        found = {"network.cidr": self.network.cidr}
        if azure:
            found["links.azure.network"] = azure.network
        for name, block in gcp.subnets.items() if gcp else ():
            found[f"links.gcp.subnets.{name}"] = block
        return found

    def numbers(self) -> dict[str, int]:
        """Setting -> the AS number of its end."""
        found = {"network.transit_asn": self.network.transit_asn}
        for name in ("azure", "gcp"):
            if link := getattr(self.links, name):
                found[f"links.{name}.asn"] = link.asn
        return found

    def tunnels(self) -> dict[str, tuple[str, IPv4Network]]:
        """Name of each tunnel (link, connection, tunnel: `azure-1-2`) -> its setting, and its inside block."""
        found = {}
        for name in ("azure", "gcp"):
            link = getattr(self.links, name)
            for connection, pair in enumerate(link.tunnels if link else ()):
                for tunnel, block in enumerate(pair):
                    key = f"links.{name}.tunnels[{connection}][{tunnel}]"
                    found[f"{name}-{connection + 1}-{tunnel + 1}"] = (key, block)
        return found

    def problems(self) -> Iterator[Problem]:
        """Keys are relative to `novaretail:`; those of the VPC alone are its section's own."""
        yield from self._ranges()
        yield from self._numbers()
        yield from self._inside()
        yield from self._keys()

    def _ranges(self) -> Iterator[Problem]:
        ranges = self.ranges()
        for key, block in ranges.items():
            if key != "network.cidr" and not any(block.subnet_of(private) for private in PRIVATE_RANGES):
                rule, remedy = "a linked network has private addresses", "Take a block of 10.0.0.0/8 or 172.16.0.0/12"
                yield Problem(key, block, rule, remedy)
            for owner, reserved in RESERVED.items():
                if block.overlaps(reserved):
                    yield Problem(key, block, f"it overlaps {reserved}, {owner}", "Take a block outside of it")
        for (one, first), (other, second) in combinations(ranges.items(), 2):
            if first.overlaps(second):
                rule = f"it overlaps novaretail:{one} ({first}), so neither end could tell where an address is"
                yield Problem(other, second, rule, "Give each end ranges of its own")

    def _numbers(self) -> Iterator[Problem]:
        numbers = self.numbers()
        for key, number in numbers.items():
            if key == "network.transit_asn":
                continue  # its section says so
            if not any(number in private for private in PRIVATE_ASNS) or number in AZURE_ASNS:
                rule = "an end has a private AS number that Azure does not keep for itself"
                remedy = "Take one of 64512 to 65514 or of 4200000000 to 4294967294"
                yield Problem(key, number, rule, remedy)
        for (one, first), (other, second) in combinations(numbers.items(), 2):
            if first == second:
                rule = f"novaretail:{one} has it too, and a route that comes back to its own number is dropped"
                yield Problem(other, second, rule, "Give each end a number of its own")

    def _inside(self) -> Iterator[Problem]:
        tunnels = self.tunnels()
        for name, (key, block) in tunnels.items():
            if block.prefixlen != 30 or not block.subnet_of(LINK_LOCAL):
                rule = "the inside of a tunnel is a /30 of 169.254.0.0/16"
                yield Problem(key, block, rule, "Take one such as 169.254.21.0/30")
                continue
            if block in AWS_INSIDE:
                yield Problem(key, block, "AWS keeps it for itself", "Take another /30 of 169.254.0.0/16")
            if name.startswith("azure") and not any(block.subnet_of(taken) for taken in AZURE_INSIDE):
                rule = "Azure's gateway takes 169.254.21.0 to 169.254.22.255 only, AWS any"
                yield Problem(key, block, rule, "Take a /30 of 169.254.21.0/24 or 169.254.22.0/24")
        for (_, (one, first)), (_, (other, second)) in combinations(tunnels.items(), 2):
            if first.overlaps(second):
                rule = f"it overlaps novaretail:{one} ({first}), and the transit gateway has both ends"
                yield Problem(other, second, rule, "Give each tunnel a /30 of its own")

    def _keys(self) -> Iterator[Problem]:
        names = self.tunnels()
        for name, key in self.keys.items():
            at = f"{KEYS}.{name}"
            if name not in names:
                known = ", ".join(names) or "none, for there is no link"
                yield Problem(at, HIDDEN, "there is no such tunnel", f"Remove it; tunnels are {known}")
            if not _KEY.fullmatch(key):
                rule = "a key has 32 to 64 letters, digits, points and underscores, and does not begin with 0"
                yield Problem(at, HIDDEN, rule, "Make one with: openssl rand -hex 32 | tr 0 A")
        for (one, first), (other, second) in combinations(self.keys.items(), 2):
            if first == second:
                rule = f"{one} has the same: whoever learns a tunnel's key would have both, at either end"
                yield Problem(f"{KEYS}.{other}", HIDDEN, rule, "Give each tunnel a key of its own")
