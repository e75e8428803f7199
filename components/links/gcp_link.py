"""The link to Google Cloud, both ends: an HA VPN gateway and a Cloud Router there, two VPN connections here.

Each end needs the other's addresses, and gets them as outputs, in this order: Google's gateway has its two addresses
before it has a tunnel; AWS's connections need these, and then have four addresses and four keys; Google's tunnels need
those. Interfaces are matched as Google's guide "Connect HA VPN to AWS peer gateways" has it, which is what its 99.99 %
depend on: interface 0 has the first connection's two tunnels, interface 1 the second's.

Routes are planned: Google announces its subnets and the addresses of its APIs, and accepts the VPC's application
subnets; no other route is announced or accepted by either end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_gcp as gcp
from pulumi import ComponentResource, Input, Resource, ResourceOptions

import settings
from components.blocks.google_alerts import google_alert
from components.blocks.tagging import labels
from components.blocks.traffic import GOOGLE_PRIVATE_RANGE
from components.links.google_network import EVERYWHERE, NetworkArgs, google_network
from components.links.proposals import gcp_esp, gcp_ike
from components.links.tunnels import BUSY_SHARE, TUNNEL_BYTES_PER_SECOND, Tunnel
from components.links.vpn import AwsEnd, AwsEndArgs, LinkArgs

LINK = "gcp"
KEEPALIVE_SECONDS = 20
"""Cloud Router's shortest. The hold time is the shorter of the two ends' own: AWS's, 30 seconds."""
PREFERENCE = {1: 100, 2: 200}
"""Tunnel of a connection -> priority of its routes, in both directions; the lower wins.

The first tunnels of the two connections, which end at different interfaces on both sides, share the load (ECMP). The
second ones stand by with the same capacity, so that the loss of a tunnel costs no bandwidth.
"""
DROPPED_PACKETS_PER_SECOND = 1


@dataclass(frozen=True, kw_only=True)
class GcpLinkArgs(LinkArgs):
    """What a link to Google Cloud is given besides."""

    link: settings.GcpLink
    """What is in Google Cloud."""
    gcp: settings.Gcp
    """In which project."""
    google_channels: Sequence[Input[str]]
    """Whom Google itself tells."""


class GcpLink(ComponentResource):
    """Four tunnels join the transit gateway and a network in Google Cloud, with BGP sessions over them."""

    aws: AwsEnd
    network: gcp.compute.Network
    subnets: dict[str, gcp.compute.Subnetwork]
    """By name."""
    router: gcp.compute.Router
    tunnels: dict[str, gcp.compute.VPNTunnel]
    """Google's ends, by the tunnels' names."""
    peers: dict[str, gcp.compute.RouterPeer]
    """The BGP sessions, by the tunnels' names."""
    ready: list[Resource]
    """What must be there before something is sent over the link."""

    def __init__(self, name: str, args: GcpLinkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:GcpLink", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self._labels = labels(args.where.tags)
        made = google_network(
            self,
            name,
            NetworkArgs(project=args.gcp.project, region=args.link.region, subnets=args.link.subnets),
        )
        self.network, self.subnets = made.network, made.subnets
        self._gateway = gcp.compute.HaVpnGateway(
            f"{name}-gateway",
            project=args.gcp.project,
            region=args.link.region,
            network=self.network.id,
            stack_type="IPV4_ONLY",
            labels=self._labels,
            opts=self._own,
        )
        self.aws = self._aws_end()
        self.router = self._router()
        imports = {rank: self._imports(rank) for rank in PREFERENCE}
        external = self._external()
        self.tunnels, self.peers = {}, {}
        for slot, tunnel in enumerate(self.aws.tunnels.values()):
            self._tunnel(slot, tunnel, external, imports[tunnel.number])
        routes = self.aws.add_routes(
            "applications", args.route_table_id, [GOOGLE_PRIVATE_RANGE, *args.link.subnets.values()]
        )
        self.ready = [*self.peers.values(), made.private_apis, *routes]
        self._watch()
        self.register_outputs({"network": self.network.name, "tunnels": list(self.tunnels)})

    def _aws_end(self) -> AwsEnd:
        return AwsEnd(
            f"{self._name}-aws",
            AwsEndArgs(
                name=LINK,
                link=self._args,
                other_end=self._args.link,
                peer_addresses=[self._gateway.vpn_interfaces[interface].ip_address for interface in (0, 1)],
                # Google begins by itself; if both did, they would make a pair of associations each, at every rekey.
                starts=False,
            ),
            opts=self._own,
        )

    def _external(self) -> gcp.compute.ExternalVpnGateway:
        """Tell Google AWS's four addresses, in the order of connections and tunnels: that of the interfaces."""
        return gcp.compute.ExternalVpnGateway(
            f"{self._name}-aws-addresses",
            project=self._args.gcp.project,
            description="AWS: two VPN connections of two tunnels",
            redundancy_type="FOUR_IPS_REDUNDANCY",
            interfaces=[
                {"id": slot, "ip_address": tunnel.address} for slot, tunnel in enumerate(self.aws.tunnels.values())
            ],
            labels=self._labels,
            opts=self._own,
        )

    def _router(self) -> gcp.compute.Router:
        args = self._args
        announced: list[gcp.compute.RouterBgpAdvertisedIpRangeArgsDict] = [
            {"range": str(block), "description": subnet} for subnet, block in args.link.subnets.items()
        ]
        announced.append({"range": GOOGLE_PRIVATE_RANGE, "description": "private.googleapis.com"})
        return gcp.compute.Router(
            f"{self._name}-router",
            project=args.gcp.project,
            region=args.link.region,
            network=self.network.id,
            bgp={
                "asn": args.link.asn,
                # Peers have no list of their own and take this one.
                "advertise_mode": "CUSTOM",
                "advertised_ip_ranges": announced,
                "keepalive_interval": KEEPALIVE_SECONDS,
            },
            opts=self._own,
        )

    def _imports(self, rank: int) -> gcp.compute.RouterRoutePolicy:
        """Accept from a session of this rank the planned blocks as they are, and no other route."""
        args = self._args
        planned = " || ".join(f"destination == '{block}'" for block in args.planned)
        return gcp.compute.RouterRoutePolicy(
            f"{self._name}-imports-{rank}",
            name=f"planned-{rank}",
            project=args.gcp.project,
            region=args.link.region,
            router=self.router.name,
            type="ROUTE_POLICY_TYPE_IMPORT",
            terms=[
                {
                    "priority": 1,
                    "match": {"expression": planned},
                    "actions": [{"expression": f"med.set({PREFERENCE[rank]})"}, {"expression": "accept()"}],
                },
                {
                    "priority": 2,
                    "match": {"expression": f"destination.inAnyRange(prefix('{EVERYWHERE}').orLonger())"},
                    "actions": [{"expression": "drop()"}],
                },
            ],
            opts=self._own,
        )

    def _tunnel(
        self,
        slot: int,
        tunnel: Tunnel,
        external: gcp.compute.ExternalVpnGateway,
        imports: gcp.compute.RouterRoutePolicy,
    ) -> None:
        """Make a tunnel, the router's interface in it, and the session over it; all three have the tunnel's name.

        Alerts and the runbook call tunnels by that name, at both ends. A tunnel is one of its kind between two
        addresses, so the old one goes before the new one comes: with another key, it and its session are made again.
        """
        args = self._args
        stem = f"{self._name}-{tunnel.connection}-{tunnel.number}"
        placed: dict[str, Any] = {"project": args.gcp.project, "region": args.link.region}
        again = ResourceOptions(parent=self, delete_before_replace=True)
        # One proposal, as at the other end: of a whole offer, IKE's packets get so long that they are cut up and lost.
        suite: Any = {"phase1": gcp_ike(args.link.ike), "phase2": gcp_esp(args.link.esp)}
        self.tunnels[tunnel.name] = gcp.compute.VPNTunnel(
            f"{stem}-tunnel",
            name=tunnel.name,
            description=f"To AWS, connection {tunnel.connection}, tunnel {tunnel.number}",
            vpn_gateway=self._gateway.id,
            vpn_gateway_interface=tunnel.connection - 1,
            peer_external_gateway=external.id,
            peer_external_gateway_interface=slot,
            ike_version=2,
            cipher_suite=suite,
            shared_secret=tunnel.key,
            router=self.router.id,
            labels=self._labels,
            opts=again,
            **placed,
        )
        interface = gcp.compute.RouterInterface(
            f"{stem}-interface",
            name=tunnel.name,
            router=self.router.name,
            ip_range=f"{tunnel.peer_inside}/30",
            ip_version="IPV4",
            vpn_tunnel=self.tunnels[tunnel.name].name,
            opts=again,
            **placed,
        )
        self.peers[tunnel.name] = gcp.compute.RouterPeer(
            f"{stem}-peer",
            name=tunnel.name,
            router=self.router.name,
            interface=interface.name,
            ip_address=tunnel.peer_inside,
            peer_ip_address=tunnel.aws_inside,
            peer_asn=args.transit.asn,
            advertised_route_priority=PREFERENCE[tunnel.number],
            import_policies=[imports.name],
            # AWS's VPN has neither BFD nor MD5: the hold time is what ends a dead session.
            opts=again,
            **placed,
        )

    def _watch(self) -> None:
        """Watch the tunnels from Google's side; one policy is about all of them, and its mail names the tunnel."""
        down: dict[str, Any] = {
            "threshold": 1,
            "comparison": "COMPARISON_LT",
            "aligner": "ALIGN_MIN",
            "align_minutes": 1,
            "lasting_minutes": 2,
            # A tunnel that is gone, or was never made, says nothing.
            "silence": "EVALUATION_MISSING_DATA_ACTIVE",
        }
        self._alert(
            "tunnel-down",
            "vpn_gateway",
            "vpn.googleapis.com/tunnel_established",
            "Google's end of a tunnel is down; the link's others carry its load. See the tunnel's status and the "
            "gateway's log in Google Cloud, and whether AWS says the same of this tunnel.",
            **down,
        )
        self._alert(
            "session-down",
            "gce_router",
            "router.googleapis.com/bgp/session_up",
            "The Cloud Router has lost a session with AWS, and the routes that came by it. If its tunnel is down, "
            "begin there; if not, read the router's log.",
            **down,
        )
        for way in ("sent", "received"):
            self._alert(
                f"{way}-drops",
                "vpn_gateway",
                f"vpn.googleapis.com/network/dropped_{way}_packets_count",
                f"Google drops packets that a tunnel has {way}. Compare with the tunnel's bytes: a busy one has no "
                "room, an idle one gets packets that are too large.",
                threshold=DROPPED_PACKETS_PER_SECOND,
                aligner="ALIGN_RATE",
                lasting_minutes=15,
            )
            self._alert(
                f"{way}-busy",
                "vpn_gateway",
                f"vpn.googleapis.com/network/{way}_bytes_count",
                f"A tunnel has {way} {BUSY_SHARE:.0%} of what AWS's end of it takes. See who sends so much, and "
                "whether the other tunnels are up.",
                threshold=TUNNEL_BYTES_PER_SECOND * BUSY_SHARE,
                aligner="ALIGN_RATE",
                lasting_minutes=15,
            )

    def _alert(self, name: str, resource_type: str, metric: str, why: str, **bounds: Any) -> None:
        google_alert(
            self,
            f"{self._name}-{name}",
            where=self._args.where,
            project=self._args.gcp.project,
            channels=self._args.google_channels,
            why=why,
            metric=metric,
            resource_type=resource_type,
            selects={"resource.labels.region": self._args.link.region},
            **bounds,
        )
