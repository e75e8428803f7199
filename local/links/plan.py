"""The links that are tried: the two ends of every tunnel, and the transit gateway's route tables between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class PlanError(ValueError):
    """The graph has no links, or ends of tunnels that do not find each other."""


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a tunnel, as its cloud was told."""

    cloud: str
    name: str
    address: str
    """Its own outside address."""
    remote: str
    """The outside address where it looks for the other end."""
    inside: str
    """Its own inside address, with the prefix's length."""
    peer: str
    """The neighbour's inside address."""
    asn: int
    peer_asn: int
    key: str = field(repr=False)
    ike: str
    """The proposal for the negotiation, as strongSwan spells it; `esp` is that for the traffic."""
    esp: str
    ike_s: int
    """Seconds after which the keys of the negotiation are renewed; `esp_s`, those of the traffic."""
    esp_s: int
    hold_s: int
    """BGP's hold time in seconds, as this end has it."""
    starts: bool
    """Whether it begins the negotiation by itself."""
    attachment: str = ""
    """Of AWS's end: its attachment to the transit gateway."""
    announces: tuple[str, ...] = ()
    """Of the other ends: the blocks that AWS is told."""
    med: int | None = None
    """Of the other ends: the priority that the blocks are announced with."""
    accepts: tuple[tuple[str, int | None], ...] | None = None
    """The blocks that its import policy lets in, with the MED that it gives them; None if it takes all."""


@dataclass(frozen=True)
class Tunnel:
    """Two ends that look for each other by their outside addresses."""

    aws: End
    other: End

    @property
    def name(self) -> str:
        """What the other cloud calls it: azure-1-2."""
        return self.other.name

    @property
    def link(self) -> str:
        """The part of the name that says to which cloud: azure."""
        return self.name.partition("-")[0]

    @property
    def number(self) -> str:
        """The part of the name that counts within its link, connection and tunnel: 1-2."""
        return self.name.partition("-")[2]

    @property
    def hold_s(self) -> int:
        """The session's hold time in seconds: the shorter one of its two ends'."""
        return min(self.aws.hold_s, self.other.hold_s)


@dataclass(frozen=True)
class Zones:
    """The transit gateway's route tables."""

    planned: Mapping[str, tuple[str, ...]]
    """Table -> the blocks of the VPC that it leads to."""
    associated: Mapping[str, str]
    """Attachment -> the table that sorts what comes by it, and that is announced to it."""
    propagated: Mapping[str, tuple[str, ...]]
    """Attachment -> the tables that learn what is announced by it."""
    vpc_table: str
    """The table of what comes from the VPC."""
    ecmp: bool
    """Whether the gateway spreads traffic over equal routes."""

    def announced(self, attachment: str) -> tuple[str, ...]:
        """The blocks that the attachment's other end is told."""
        return self.planned.get(self.associated.get(attachment, ""), ())


@dataclass(frozen=True)
class Plan:
    """All tunnels, by name, and the transit gateway's route tables."""

    tunnels: tuple[Tunnel, ...]
    zones: Zones

    def link(self, name: str) -> tuple[Tunnel, ...]:
        """The tunnels of one link."""
        return tuple(tunnel for tunnel in self.tunnels if tunnel.link == name)

    @property
    def links(self) -> tuple[str, ...]:
        """The names of the links, in the order of their tunnels."""
        return tuple(dict.fromkeys(tunnel.link for tunnel in self.tunnels))
