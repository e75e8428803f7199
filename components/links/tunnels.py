"""A tunnel as both of its ends know it: addresses, key, and what it carries."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi import Output

TUNNEL_BYTES_PER_SECOND = 1_250_000_000 // 8
"""What a standard tunnel carries (Site-to-Site VPN quotas)."""
BUSY_SHARE = 0.8
"""The share of it from which an alarm is raised."""


def peer_inside(block: IPv4Network) -> str:
    """Return the other end's address of a tunnel's /30: the second host; AWS has the first."""
    return str(block[2])


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """One tunnel as its other end needs it."""

    name: str
    """Link, connection and tunnel, such as azure-1-2; the numbers begin with 1."""
    connection: int
    number: int
    address: Output[str]
    """AWS's public address."""
    key: Output[str]
    """The pre-shared key, a secret: AWS's own, or the one that was given."""
    inside: IPv4Network
    """The /30 of both BGP speakers."""

    @property
    def aws_inside(self) -> str:
        return str(self.inside[1])

    @property
    def peer_inside(self) -> str:
        return peer_inside(self.inside)
