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
from components.blocks.alarms import alarm
from components.blocks.transit import Transit
from components.blocks.watched import WatchedPlace
from components.links.proposals import aws_phase

IKE_SECONDS = 21600
ESP_SECONDS = 3600
"""Lifetimes are not negotiated in IKEv2, each end has its own: AWS's are shorter than the other clouds' (Azure has
28,800 seconds for IKE, Google 36,000), so AWS rekeys first, and the two do not do it at once."""
REKEY_MARGIN_SECONDS = 540
REKEY_FUZZ_PERCENT = 100
REPLAY_PACKETS = 1024
DPD_SECONDS = 30
"""AWS's shortest. BGP's hold time, which AWS sets to 30 seconds as well, is what moves the traffic."""
TUNNEL_BYTES_PER_SECOND = 1_250_000_000 // 8
"""What a standard tunnel carries (Site-to-Site VPN quotas)."""
BUSY_SHARE = 0.8
"""Of it, which a person is told of."""


def peer_inside(block: IPv4Network) -> str:
    """The other end's address of a tunnel's /30: the second host; AWS has the first."""
    return str(block[2])


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """One tunnel as its other end needs it.

    name: link, connection and tunnel, such as azure-1-2; the numbers begin with 1.
    address: AWS's public address.
    key: the pre-shared key, a secret: AWS's own, or the one that was given.
    inside: the /30 of both BGP speakers.
    """

    name: str
    connection: int
    number: int
    address: Output[str]
    key: Output[str]
    inside: IPv4Network

    @property
    def aws_inside(self) -> str:
        return str(self.inside[1])

    @property
    def peer_inside(self) -> str:
        return peer_inside(self.inside)


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
    """Two connections of two tunnels each, by name in that order, for one link."""

    link: str
    """Its name."""
    tunnels: dict[str, Tunnel]
    connections: list[aws.ec2.VpnConnection]

    def __init__(self, name: str, args: AwsEndArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:AwsEnd", name, {}, opts)
        self._name, self._end, self._args, self._own = name, args, args.link, ResourceOptions(parent=self)
        self._other_end = args.other_end
        self.link = args.name
        self.tunnels: dict[str, Tunnel] = {}
        self.connections: list[aws.ec2.VpnConnection] = []
        # Named apart: AWS writes both kinds of a connection into streams that bear its id.
        self._ike_logs, self._bgp_logs = self._log_group("ike"), self._log_group("bgp")
        pairs = zip(args.peer_addresses, args.other_end.tunnels, strict=True)
        for number, (address, insides) in enumerate(pairs, start=1):
            self._connection(number, address, insides)
        self._planned_routes()
        self._watch_rekeys()
        self.register_outputs({"tunnels": {tunnel.name: tunnel.address for tunnel in self.tunnels.values()}})

    @property
    def summary(self) -> dict[str, Any]:
        """The tunnels for people: addresses and AS numbers of both ends; no key."""
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
        """What AWS's metrics call each tunnel: the id of its connection, and its address."""
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
        self._watch(name, connection, made)

    def _tunnel(self, name: str, inside: IPv4Network) -> dict[str, Any]:
        """Every option of one tunnel; what is left away AWS offers whole, and a long offer is cut up and gets lost."""
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
        """What comes by the connection sees the link's own table; where the VPC leads learns what it announces."""
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
        """The link's table leads to these blocks alone, and they are what AWS announces to the other end."""
        args = self._args
        for index, block in enumerate(args.planned, start=1):
            aws.ec2transitgateway.Route(
                f"{self._name}-planned-{index}",
                destination_cidr_block=str(block),
                transit_gateway_attachment_id=args.transit.attachment.id,
                transit_gateway_route_table_id=args.transit.trust_zones[self.link].id,
                opts=self._own,
            )

    def _watch_rekeys(self) -> None:
        """A tunnel that fails to rekey comes back by a new negotiation, too soon for its state to tell."""
        args = self._args
        metric = f"{self.link.title()}TunnelLosses"
        aws.cloudwatch.LogMetricFilter(
            f"{self._name}-losses",
            log_group_name=self._ike_logs.name,
            pattern='{ ($.TunnelIKEPhase1State = "Down") || ($.TunnelIKEPhase2State = "Down") }',
            metric_transformation={"name": metric, "namespace": args.where.metrics, "value": "1", "unit": "Count"},
            opts=self._own,
        )
        alarm(
            self,
            f"{self._name}-losses-alarm",
            where=args.where,
            why=f"Tunnels to {self.link} lost their keys again and again within three hours: a rekey fails. "
            f"Read {args.where.log_group(f'vpn/{self.link}')}/ike.",
            namespace=args.where.metrics,
            metric=metric,
            dimensions={},
            statistic="Sum",
            threshold=1,
            minutes=60,
            periods=3,
        )

    def _watch(self, name: str, connection: aws.ec2.VpnConnection, tunnels: Sequence[Tunnel]) -> None:
        args, whole = self._args, tunnels[0].name.rpartition("-")[0]
        common: dict[str, Any] = {"where": args.where, "namespace": "AWS/VPN"}
        for tunnel in tunnels:
            dimensions = {"VpnId": connection.id, "TunnelIpAddress": tunnel.address}
            alarm(
                self,
                f"{self._name}-{tunnel.connection}-{tunnel.number}-down",
                why=f"The tunnel {tunnel.name} is down, or its BGP session is; the link's others carry its load. "
                f"See its lines in {args.where.log_group(f'vpn/{self.link}')}/ike and bgp.",
                metric="TunnelState",
                dimensions=dimensions,
                statistic="Minimum",
                threshold=1,
                comparison="LessThanThreshold",
                periods=2,
                silence="breaching",
                **common,
            )
            alarm(
                self,
                f"{self._name}-{tunnel.connection}-{tunnel.number}-busy",
                why=f"The tunnel {tunnel.name} carries {BUSY_SHARE:.0%} of what it can, one way or both together. "
                "See who sends so much, and whether the other tunnels are up.",
                metric=["TunnelDataIn", "TunnelDataOut"],
                dimensions=dimensions,
                statistic="Sum",
                threshold=TUNNEL_BYTES_PER_SECOND * 300 * BUSY_SHARE,
                periods=3,
                **common,
            )
        alarm(
            self,
            f"{name}-down",
            why=f"Both tunnels of connection {whole} are down. "
            "Act at once if the link's other connection is down as well: then nothing crosses.",
            metric="TunnelState",
            dimensions={"VpnId": connection.id},
            statistic="Maximum",
            threshold=0,
            comparison="LessThanOrEqualToThreshold",
            silence="breaching",
            **common,
        )
        alarm(
            self,
            f"{name}-drops",
            why=f"Packets of connection {whole} had no route: somebody there calls what is not "
            "planned, or a planned route is gone.",
            metric=["PacketDropCountNoRoute", "PacketDropCountBlackhole"],
            dimensions={
                "TransitGateway": args.transit.gateway_id,
                "TransitGatewayAttachment": connection.transit_gateway_attachment_id,
            },
            statistic="Sum",
            threshold=100,
            periods=3,
            **(common | {"namespace": "AWS/TransitGateway"}),
        )
