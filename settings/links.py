"""Sections of the links to Azure and Google Cloud: networks and AS numbers of the other ends, tunnels, proposals.

What holds across the three clouds (overlaps, equal numbers, reused keys) is in `plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import AZURE_REGIONS, GCP_REGIONS, LogDays

Tunnels = tuple[tuple[IPv4Network, IPv4Network], tuple[IPv4Network, IPv4Network]]
"""Inside addresses: two connections with AWS of two tunnels each; AWS has a block's first host, its peer the second."""
Phase = Literal["ike", "esp"]


class Proposal(Section):
    """What both ends of a tunnel propose, and the only thing that they take."""

    encryption: Literal["aes256", "aes256-gcm"] = Field(description="aes256 or aes256-gcm")
    integrity: Literal["sha256", "sha384", "sha512"] = Field(
        description="sha256, sha384 or sha512; of an esp with aes256-gcm it says nothing"
    )
    group: Literal[14, 15, 16, 17, 18, 19, 20, 21, 24] = Field(
        description="the Diffie-Hellman group, of 2048 bits or more: 14 to 21, or 24"
    )


@dataclass(frozen=True)
class Offer:
    """What a cloud's gateway offers in one phase."""

    encryption: frozenset[str]
    integrity: frozenset[str]
    groups: frozenset[int]

    def of(self, name: str) -> frozenset[str | int]:
        """The choices of a proposal's field."""
        choices: dict[str, frozenset[str | int]] = {
            "encryption": frozenset(self.encryption),
            "integrity": frozenset(self.integrity),
            "group": frozenset(self.groups),
        }
        return choices[name]


_ENCRYPTION = frozenset({"aes256", "aes256-gcm"})
_SHA2 = frozenset({"sha256", "sha384", "sha512"})
_AWS = Offer(_ENCRYPTION, _SHA2, frozenset({14, 15, 16, 17, 18, 19, 20, 21, 24}))
_AZURE_GROUPS = frozenset({14, 19, 20, 24})
_GOOGLE_GROUPS = frozenset({14, 15, 16, 18, 19, 20, 21, 24})
OFFERS: Mapping[str, Mapping[Phase, Offer]] = {
    "AWS": {"ike": _AWS, "esp": _AWS},
    "Azure": {
        "ike": Offer(_ENCRYPTION, frozenset({"sha256", "sha384"}), _AZURE_GROUPS),
        "esp": Offer(_ENCRYPTION, frozenset({"sha256"}), _AZURE_GROUPS),
    },
    "Google Cloud": {
        "ike": Offer(_ENCRYPTION, _SHA2, _GOOGLE_GROUPS),
        "esp": Offer(_ENCRYPTION, frozenset({"sha256", "sha512"}), _GOOGLE_GROUPS),
    },
}
"""Of what a `Proposal` can say. AWS: "Tunnel options" of Site-to-Site VPN; Azure: "About cryptographic requirements and
Azure VPN gateways"; Google: "Supported IKE ciphers"."""


def _unoffered(proposal: Proposal, phase: Phase, peer: str) -> Iterator[Problem]:
    """What one of the two ends of a tunnel does not offer; the other end's name is in the rule as well."""
    values = {"encryption": proposal.encryption, "integrity": proposal.integrity, "group": proposal.group}
    if phase == "esp" and proposal.encryption == "aes256-gcm":
        del values["integrity"]
    for name, value in values.items():
        offered = {side: OFFERS[side][phase].of(name) for side in ("AWS", peer)}
        lacking = [side for side, choices in offered.items() if value not in choices]
        if lacking:
            have = [side for side in offered if side not in lacking]
            rule = f"{' and '.join(lacking)} does not offer it" + (f", and {have[0]} would" if have else "")
            both = sorted(frozenset.intersection(*offered.values()), key=str)
            remedy = f"Take one that AWS and {peer} both offer: {', '.join(map(str, both))}"
            yield Problem(f"{phase}.{name}", value, rule, remedy)


class AzureSubnets(Section):
    """Blocks of the virtual network."""

    gateway: IPv4Network = Field(description="for the VPN gateway, /27 or larger")
    runtime: IPv4Network = Field(description="for Data Factory's runtime, /28 or larger; only this one reaches S3")
    endpoints: IPv4Network = Field(description="for private endpoints of storage and keys, /28 or larger")


class AzureLink(Section):
    """The link's end in Azure: a virtual network behind an active-active VPN gateway."""

    location: Literal[AZURE_REGIONS] = Field(description="an Azure region inside the European Union")  # type: ignore[valid-type]
    asn: int = Field(description="the gateway's private AS number, such as 65010; no other end's")
    gateway_sku: Literal["VpnGw1AZ", "VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ"] = Field(
        description="size of the gateway over all zones: VpnGw1AZ for 650 Mbit/s, VpnGw2AZ for one of AWS's tunnels"
    )
    network: IPv4Network = Field(description="the virtual network's block, such as 10.96.0.0/20: what Azure announces")
    subnets: AzureSubnets = Field(description="blocks of the gateway, the runtime and the private endpoints")
    tunnels: Tunnels = Field(
        description="inside blocks (/30): of the connection with the gateway's first instance, then of its second's"
    )
    ike: Proposal = Field(description="the proposal that protects the negotiation")
    esp: Proposal = Field(description="the proposal that protects the traffic")
    log_days: Literal[30, 60, 90, 120, 150, 180, 365, 400, 545] = Field(
        description="days to keep logs of negotiations and routes, a retention of CloudWatch's and of Log Analytics's"
    )

    def problems(self) -> Iterator[Problem]:
        named = {name: getattr(self.subnets, name) for name in AzureSubnets.model_fields}
        for name, block in named.items():
            if not block.subnet_of(self.network):
                rule = f"it is not inside the virtual network {self.network}"
                yield Problem(f"subnets.{name}", block, rule, "Take a block of the virtual network")
            longest = 27 if name == "gateway" else 28
            if block.prefixlen > longest:
                rule = f"it needs /{longest} or more (Azure keeps five addresses of each subnet)"
                yield Problem(f"subnets.{name}", block, rule, "Take a larger block")
        for (one, first), (other, second) in combinations(named.items(), 2):
            if first.overlaps(second):
                rule = f"it overlaps subnets.{one} ({first})"
                yield Problem(f"subnets.{other}", second, rule, "Give each subnet a block of its own")
        yield from _unoffered(self.ike, "ike", "Azure")
        yield from _unoffered(self.esp, "esp", "Azure")


class GcpLink(Section):
    """The link's end in Google Cloud: subnets behind an HA VPN gateway and a Cloud Router."""

    region: Literal[GCP_REGIONS] = Field(description="a Google Cloud region inside the European Union")  # type: ignore[valid-type]
    asn: int = Field(description="the Cloud Router's private AS number, such as 64630; no other end's")
    subnets: dict[str, IPv4Network] = Field(
        min_length=1, description="block of each subnet, such as analytics: 10.64.0.0/20; what Google announces"
    )
    tunnels: Tunnels = Field(
        description="inside blocks (/30): of the connection with the gateway's first interface, then its second's"
    )
    ike: Proposal = Field(description="the proposal that protects the negotiation")
    esp: Proposal = Field(description="the proposal that protects the traffic")
    log_days: LogDays = Field(description="days to keep logs of negotiations and routes")

    def problems(self) -> Iterator[Problem]:
        for name, block in self.subnets.items():
            if not (name.isascii() and name.isalpha() and name.islower() and len(name) <= 20):
                rule = "a subnet's name is one to twenty small letters, for resources are named after it"
                yield Problem(f"subnets.{name}", block, rule, "Name it such as analytics")
            if block.prefixlen > 29:
                yield Problem(f"subnets.{name}", block, "Google's subnets have /29 at least", "Take a larger block")
        yield from _unoffered(self.ike, "ike", "Google Cloud")
        yield from _unoffered(self.esp, "esp", "Google Cloud")


class Links(Section):
    """Site-to-site VPNs to other clouds; a stack without this section, or without one of the two, has no such link."""

    azure: AzureLink | None = Field(default=None, description="the link to Azure")
    gcp: GcpLink | None = Field(default=None, description="the link to Google Cloud")

    def problems(self) -> Iterator[Problem]:
        for name in ("azure", "gcp"):
            link: Section | None = getattr(self, name)
            for problem in link.problems() if link else ():
                yield Problem(f"{name}.{problem.key}", problem.value, problem.rule, problem.remedy)
