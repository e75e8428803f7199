"""The AWS end of a link to another cloud: two VPN connections of two tunnels each on the transit gateway.

What both ends of a tunnel must agree on is written once: a `Proposal` has each cloud's spelling of the same algorithms,
and a `Tunnel` the addresses and the key that AWS gave it, from which the other end is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Literal

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.blocks.alarms import alarm
from components.blocks.watched import WatchedPlace

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

_Spelling = Mapping[str, str]
_ENCRYPTION: Mapping[str, _Spelling] = {
    "aes256": {"aws": "AES256", "azure": "AES256", "gcp": "AES-CBC-256"},
    "aes256-gcm": {"aws": "AES256-GCM-16", "azure": "GCMAES256", "gcp": "AES-GCM-16-256"},
}
_INTEGRITY: Mapping[str, _Spelling] = {
    "sha256": {"aws": "SHA2-256", "azure": "SHA256", "gcp": "HMAC-SHA2-256-128"},
    "sha384": {"aws": "SHA2-384", "azure": "SHA384", "gcp": "HMAC-SHA2-384-192"},
    "sha512": {"aws": "SHA2-512", "gcp": "HMAC-SHA2-512-256"},
}
_AZURE_GROUPS: Mapping[int, tuple[str, str]] = {
    14: ("DHGroup14", "PFS2048"),
    19: ("ECP256", "ECP256"),
    20: ("ECP384", "ECP384"),
    24: ("DHGroup24", "PFS24"),
}
"""Azure's names of a Diffie-Hellman group in IKE, and for perfect forward secrecy."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Algorithms of one phase in neutral names; settings.Proposal says which there are and who offers which."""

    encryption: str
    integrity: str
    group: int

    @property
    def combined(self) -> bool:
        """Whether encryption checks integrity itself; `integrity` then names IKE's pseudo-random function only."""
        return self.encryption.endswith("-gcm")

    def aws(self, phase: Literal[1, 2]) -> dict[str, list[Any]]:
        """The arguments of a VPN connection's tunnel, without the tunnel's own prefix."""
        return {
            f"phase{phase}_encryption_algorithms": [_ENCRYPTION[self.encryption]["aws"]],
            f"phase{phase}_integrity_algorithms": [_INTEGRITY[self.integrity]["aws"]],
            f"phase{phase}_dh_group_numbers": [self.group],
        }

    def azure_ike(self) -> dict[str, str]:
        """The arguments of an IPsec policy that are about IKE; what Azure does not offer raises KeyError."""
        return {
            "ike_encryption": _ENCRYPTION[self.encryption]["azure"],
            "ike_integrity": _INTEGRITY[self.integrity]["azure"],
            "dh_group": _AZURE_GROUPS[self.group][0],
        }

    def azure_esp(self) -> dict[str, str]:
        """The arguments of an IPsec policy that are about the traffic; Azure wants GCM named for both."""
        encryption = _ENCRYPTION[self.encryption]["azure"]
        return {
            "ipsec_encryption": encryption,
            "ipsec_integrity": encryption if self.combined else _INTEGRITY[self.integrity]["azure"],
            "pfs_group": _AZURE_GROUPS[self.group][1],
        }

    def gcp_ike(self) -> dict[str, list[str]]:
        """`phase1` of a tunnel's cipher suite."""
        return {
            "encryptions": [_ENCRYPTION[self.encryption]["gcp"]],
            "integrities": [] if self.combined else [_INTEGRITY[self.integrity]["gcp"]],
            "prves": [f"PRF-HMAC-SHA2-{self.integrity.removeprefix('sha')}"],
            "dhs": [f"Group-{self.group}"],
        }

    def gcp_esp(self) -> dict[str, list[str]]:
        """`phase2` of a tunnel's cipher suite."""
        return {
            "encryptions": [_ENCRYPTION[self.encryption]["gcp"]],
            "integrities": [] if self.combined else [_INTEGRITY[self.integrity]["gcp"]],
            "pfs": [f"Group-{self.group}"],
        }


def peer_inside(block: str) -> str:
    """The other end's address of a tunnel's /30: the second host; AWS has the first."""
    return str(IPv4Network(block)[2])


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
    inside: str

    @property
    def aws_inside(self) -> str:
        return str(IPv4Network(self.inside)[1])

    @property
    def peer_inside(self) -> str:
        return peer_inside(self.inside)


@dataclass(frozen=True, kw_only=True)
class LinkArgs:
    """What a link is given whichever its other end is; the fields from `asn` on are those of its settings.

    transit_gateway_id, trust_zones, attachment: of the network; the attachment is the VPC's.
    transit_asn: AWS's AS number; `asn` is the other end's.
    planned: the blocks of the VPC that the other end may reach, and is told of.
    route_table_id: of the subnets with these blocks.
    preshared_keys: by a tunnel's name, of those only that do not take AWS's own.
    """

    where: WatchedPlace
    transit_gateway_id: Input[str]
    transit_asn: int
    trust_zones: Mapping[str, aws.ec2transitgateway.RouteTable]
    attachment: aws.ec2transitgateway.VpcAttachment
    planned: Sequence[str]
    route_table_id: Input[str]
    preshared_keys: Mapping[str, Input[str]]
    asn: int
    subnets: Mapping[str, str]
    tunnels: Sequence[Sequence[str]]
    ike: Mapping[str, Any]
    esp: Mapping[str, Any]
    log_days: int


@dataclass(frozen=True, kw_only=True)
class AwsEndArgs:
    """`name` begins the tunnels' names and is the link's trust zone.

    peer_addresses: the other end's two public addresses, a connection each.
    starts: whether AWS begins the negotiation; false if the other end does whatever it is told.
    """

    name: str
    link: LinkArgs
    peer_addresses: Sequence[Input[str]]
    starts: bool


class AwsEnd(ComponentResource):
    """`link`, its name; `tunnels` by name, in the order of connections and tunnels; `ike` and `esp`, the proposals;
    `connections`; `alarms`."""

    def __init__(self, name: str, args: AwsEndArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:AwsEnd", name, {}, opts)
        self._name, self._end, self._args, self._own = name, args, args.link, ResourceOptions(parent=self)
        self.link = args.name
        self.ike, self.esp = Proposal(**args.link.ike), Proposal(**args.link.esp)
        self.tunnels: dict[str, Tunnel] = {}
        self.connections: list[aws.ec2.VpnConnection] = []
        # Named apart: AWS writes both kinds of a connection into streams that bear its id.
        self._ike_logs, self._bgp_logs = self._log_group("ike"), self._log_group("bgp")
        for number, (address, insides) in enumerate(zip(args.peer_addresses, args.link.tunnels, strict=True), start=1):
            self._connection(number, address, insides)
        self._planned_routes()
        self._watch_rekeys()
        self.register_outputs({"tunnels": {tunnel.name: tunnel.address for tunnel in self.tunnels.values()}})

    @property
    def summary(self) -> dict[str, Any]:
        """The tunnels for people: addresses and AS numbers of both ends; no key."""
        return {
            t.name: {
                "aws": {"address": t.address, "inside": t.aws_inside, "asn": self._args.transit_asn},
                self.link: {
                    "address": self._end.peer_addresses[t.connection - 1],
                    "inside": t.peer_inside,
                    "asn": self._args.asn,
                },
            }
            for t in self.tunnels.values()
        }

    @property
    def measured(self) -> dict[str, tuple[Output[str], Output[str]]]:
        """What AWS's metrics call each tunnel: the id of its connection, and its address."""
        return {t.name: (self.connections[t.connection - 1].id, t.address) for t in self.tunnels.values()}

    def lead(self, name: str, route_table_id: Input[str], blocks: Sequence[str]) -> list[Resource]:
        """Let subnets of the VPC answer, or call, blocks of the other end; `name` is their purpose."""
        return [
            aws.ec2.Route(
                f"{self._name}-{name}-{index}",
                route_table_id=route_table_id,
                destination_cidr_block=block,
                transit_gateway_id=self._args.transit_gateway_id,
                # A route to a gateway that the VPC is not attached to yet is refused.
                opts=ResourceOptions(parent=self, depends_on=[self._args.attachment]),
            )
            for index, block in enumerate(blocks, start=1)
        ]

    def _log_group(self, kind: str) -> aws.cloudwatch.LogGroup:
        args = self._args
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{kind}-logs",
            name=args.where.log_group(f"vpn/{self.link}/{kind}"),
            retention_in_days=args.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=self._own,
        )

    def _connection(self, number: int, address: Input[str], insides: Sequence[str]) -> None:
        args, name = self._args, f"{self._name}-{number}"
        tags = {**args.where.tags, "Name": args.where.name(f"{self.link}-{number}")}
        peer = aws.ec2.CustomerGateway(
            f"{name}-peer",
            type="ipsec.1",
            ip_address=address,
            bgp_asn=str(args.asn),
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
            transit_gateway_id=args.transit_gateway_id,
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

    def _tunnel(self, name: str, inside: str) -> dict[str, Any]:
        """Every option of one tunnel; what is left away AWS offers whole, and a long offer is cut up and gets lost."""
        args = self._args
        options: dict[str, Any] = {
            "inside_cidr": inside,
            "ike_versions": ["ikev2"],
            **self.ike.aws(1),
            "phase1_lifetime_seconds": IKE_SECONDS,
            **self.esp.aws(2),
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
            transit_gateway_route_table_id=args.trust_zones[self.link].id,
            opts=self._own,
        )
        aws.ec2transitgateway.RouteTablePropagation(
            f"{name}-backbone",
            transit_gateway_attachment_id=connection.transit_gateway_attachment_id,
            transit_gateway_route_table_id=args.trust_zones["backbone"].id,
            opts=self._own,
        )

    def _planned_routes(self) -> None:
        """The link's table leads to these blocks alone, and they are what AWS announces to the other end."""
        args = self._args
        for index, block in enumerate(args.planned, start=1):
            aws.ec2transitgateway.Route(
                f"{self._name}-planned-{index}",
                destination_cidr_block=block,
                transit_gateway_attachment_id=args.attachment.id,
                transit_gateway_route_table_id=args.trust_zones[self.link].id,
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
                "TransitGateway": args.transit_gateway_id,
                "TransitGatewayAttachment": connection.transit_gateway_attachment_id,
            },
            statistic="Sum",
            threshold=100,
            periods=3,
            **(common | {"namespace": "AWS/TransitGateway"}),
        )
