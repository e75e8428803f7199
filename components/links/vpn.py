"""The AWS end of a link to another cloud: two VPN connections of two tunnels each on the transit gateway.

What both ends of a tunnel must agree on is written once: `proposals` has each cloud's spelling of the same algorithms,
and a `Tunnel` the addresses and the key that AWS gave it, from which the other end is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

import settings
from components.blocks.transit import Transit
from components.blocks.watched import WatchedPlace
from components.links.proposals import aws_phase
from components.links.tunnel_alarms import watch_connection, watch_rekeys
from components.links.tunnels import Tunnel

IKE_SECONDS = 21600
ESP_SECONDS = 3600
"""Lifetimes are not negotiated in IKEv2, each end has its own: AWS's are shorter than the other clouds' (Azure has
28,800 seconds for IKE, Google 36,000), so AWS rekeys first, and the two do not do it at once."""
REKEY_MARGIN_SECONDS = 540
REKEY_FUZZ_PERCENT = 100
REPLAY_PACKETS = 1024
DPD_SECONDS = 30
"""AWS's shortest. BGP's hold time, which AWS sets to 30 seconds as well, is what moves the traffic."""


@dataclass(frozen=True, kw_only=True)
class LinkArgs:
    """What a link is given whichever its other end is."""

    where: WatchedPlace
    transit: Transit
    planned: Sequence[IPv4Network]
    """The blocks of the VPC that the other end may reach, and is told of."""
    route_table_id: Input[str]
    """Of the subnets with these blocks."""
    preshared_keys: Mapping[str, Input[str]]
    """By a tunnel's name, of those only that do not take AWS's own."""


@dataclass(frozen=True, kw_only=True)
class AwsEndArgs:
    """What AWS's end is told of the link and of its other end."""

    name: str
    """Begins the tunnels' names, and is the link's trust zone."""
    link: LinkArgs
    other_end: settings.AzureLink | settings.GcpLink
    """Its AS number, and the tunnels with their proposals."""
    peer_addresses: Sequence[Input[str]]
    """The other end's two public addresses, a connection each."""
    starts: bool
    """Whether AWS begins the negotiation; false if the other end does whatever it is told."""


class AwsEnd(ComponentResource):
    """Two connections of two tunnels each end on the transit gateway, and lead to the link's trust zone."""

    link: str
    """The link's name."""
    tunnels: dict[str, Tunnel]
    """By name, in the order of connections and tunnels."""
    connections: list[aws.ec2.VpnConnection]

    def __init__(self, name: str, args: AwsEndArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:AwsEnd", name, {}, opts)
        self._name, self._end, self._args, self._own = name, args, args.link, ResourceOptions(parent=self)
        self._other_end = args.other_end
        self.link = args.name
        self.tunnels, self.connections = {}, []
        # Named apart: AWS writes both kinds of a connection into streams that bear its id.
        self._ike_logs, self._bgp_logs = self._log_group("ike"), self._log_group("bgp")
        pairs = zip(args.peer_addresses, args.other_end.tunnels, strict=True)
        for number, (address, insides) in enumerate(pairs, start=1):
            self._connection(number, address, insides)
        self._planned_routes()
        watch_rekeys(self, name, where=args.link.where, link=args.name, ike_logs=self._ike_logs)
        self.register_outputs({"tunnels": {tunnel.name: tunnel.address for tunnel in self.tunnels.values()}})

    @property
    def summary(self) -> dict[str, Any]:
        """Describe the tunnels to people: addresses and AS numbers of both ends; no key."""
        return {
            t.name: {
                "aws": {"address": t.address, "inside": t.aws_inside, "asn": self._args.transit.asn},
                self.link: {
                    "address": self._end.peer_addresses[t.connection - 1],
                    "inside": t.peer_inside,
                    "asn": self._other_end.asn,
                },
            }
            for t in self.tunnels.values()
        }

    @property
    def measured(self) -> dict[str, tuple[Output[str], Output[str]]]:
        """Return what AWS's metrics call each tunnel: the id of its connection, and its address."""
        return {t.name: (self.connections[t.connection - 1].id, t.address) for t in self.tunnels.values()}

    def add_routes(self, name: str, route_table_id: Input[str], blocks: Sequence[IPv4Network | str]) -> list[Resource]:
        """Let subnets of the VPC answer, or call, blocks of the other end; `name` is their purpose."""
        return [
            aws.ec2.Route(
                f"{self._name}-{name}-{index}",
                route_table_id=route_table_id,
                destination_cidr_block=str(block),
                transit_gateway_id=self._args.transit.gateway_id,
                # A route to a gateway that the VPC is not attached to yet is refused.
                opts=ResourceOptions(parent=self, depends_on=[self._args.transit.attachment]),
            )
            for index, block in enumerate(blocks, start=1)
        ]

    def _log_group(self, kind: str) -> aws.cloudwatch.LogGroup:
        args = self._args
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{kind}-logs",
            name=args.where.log_group(f"vpn/{self.link}/{kind}"),
            retention_in_days=self._other_end.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=self._own,
        )

    def _connection(self, number: int, address: Input[str], insides: Sequence[IPv4Network]) -> None:
        args, name = self._args, f"{self._name}-{number}"
        tags = {**args.where.tags, "Name": args.where.name(f"{self.link}-{number}")}
        peer = aws.ec2.CustomerGateway(
            f"{name}-peer",
            type="ipsec.1",
            ip_address=address,
            bgp_asn=str(self._other_end.asn),
            tags=tags,
            opts=self._own,
        )
        names = [f"{self.link}-{number}-{tunnel}" for tunnel in (1, 2)]
        options = {
            f"tunnel{index}_{option}": value
            for index, (tunnel, inside) in enumerate(zip(names, insides, strict=True), start=1)
            for option, value in self._tunnel(tunnel, inside).items()
        }
        connection = aws.ec2.VpnConnection(
            name,
            type="ipsec.1",
            customer_gateway_id=peer.id,
            transit_gateway_id=args.transit.gateway_id,
            static_routes_only=False,
            # Traffic is sorted by routes; IPsec itself lets any pass.
            local_ipv4_network_cidr="0.0.0.0/0",
            remote_ipv4_network_cidr="0.0.0.0/0",
            tunnel_inside_ip_version="ipv4",
            outside_ip_address_type="PublicIpv4",
            tags=tags,
            opts=self._own,
            **options,
        )
        self.connections.append(connection)
        made = [
            Tunnel(name=tunnel, connection=number, number=index, address=outside, key=Output.secret(key), inside=inside)
            for index, (tunnel, inside, outside, key) in enumerate(
                zip(
                    names,
                    insides,
                    (connection.tunnel1_address, connection.tunnel2_address),
                    (connection.tunnel1_preshared_key, connection.tunnel2_preshared_key),
                    strict=True,
                ),
                start=1,
            )
        ]
        self.tunnels |= {tunnel.name: tunnel for tunnel in made}
        self._zone(name, connection)
        watch_connection(
            self,
            self._name,
            where=args.where,
            link=self.link,
            transit_gateway_id=args.transit.gateway_id,
            connection=connection,
            tunnels=made,
        )

    def _tunnel(self, name: str, inside: IPv4Network) -> dict[str, Any]:
        """Return every option of one tunnel.

        AWS offers all values of an option that is not given, and a long offer is fragmented and gets lost.
        """
        args = self._args
        options: dict[str, Any] = {
            "inside_cidr": str(inside),
            "ike_versions": ["ikev2"],
            **aws_phase(self._other_end.ike, 1),
            "phase1_lifetime_seconds": IKE_SECONDS,
            **aws_phase(self._other_end.esp, 2),
            "phase2_lifetime_seconds": ESP_SECONDS,
            "rekey_margin_time_seconds": REKEY_MARGIN_SECONDS,
            "rekey_fuzz_percentage": REKEY_FUZZ_PERCENT,
            "replay_window_size": REPLAY_PACKETS,
            "dpd_timeout_seconds": DPD_SECONDS,
            "dpd_timeout_action": "restart",
            "startup_action": "start" if self._end.starts else "add",
            # AWS announces when it replaces an end of a tunnel, and waits for us for a while.
            "enable_tunnel_lifecycle_control": True,
            "log_options": {
                "cloudwatch_log_options": {
                    "log_enabled": True,
                    "log_group_arn": self._ike_logs.arn,
                    "log_output_format": "json",
                    "bgp_log_enabled": True,
                    "bgp_log_group_arn": self._bgp_logs.arn,
                    "bgp_log_output_format": "json",
                }
            },
        }
        if name in args.preshared_keys:
            options["preshared_key"] = Output.secret(args.preshared_keys[name])
        return options

    def _zone(self, name: str, connection: aws.ec2.VpnConnection) -> None:
        """Route what comes by the connection by the link's own table, and give its routes to the VPC's table."""
        args = self._args
        aws.ec2transitgateway.RouteTableAssociation(
            f"{name}-zone",
            transit_gateway_attachment_id=connection.transit_gateway_attachment_id,
            transit_gateway_route_table_id=args.transit.trust_zones[self.link].id,
            opts=self._own,
        )
        aws.ec2transitgateway.RouteTablePropagation(
            f"{name}-backbone",
            transit_gateway_attachment_id=connection.transit_gateway_attachment_id,
            transit_gateway_route_table_id=args.transit.trust_zones["backbone"].id,
            opts=self._own,
        )

    def _planned_routes(self) -> None:
        """Write the planned blocks into the link's table: it leads to them alone, and AWS announces them alone."""
        args = self._args
        for index, block in enumerate(args.planned, start=1):
            aws.ec2transitgateway.Route(
                f"{self._name}-planned-{index}",
                destination_cidr_block=str(block),
                transit_gateway_attachment_id=args.transit.attachment.id,
                transit_gateway_route_table_id=args.transit.trust_zones[self.link].id,
                opts=self._own,
            )
