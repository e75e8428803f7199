"""The link to Azure, both ends: a virtual network behind an active-active VPN gateway, and the AWS end of its tunnels.

Each end needs the other's addresses, and AWS makes the keys. One update resolves it in this order: Azure's public
addresses and gateway, AWS's customer gateways and connections, Azure's picture of the AWS ends, Azure's connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_azure_native import monitor, network, operationalinsights, resources

import settings
from components.blocks.azure_alerts import AzureWatch, action_group, azure_alert
from components.links.proposals import azure_esp, azure_ike
from components.links.vpn import BUSY_SHARE, TUNNEL_BYTES_PER_SECOND, AwsEnd, AwsEndArgs, LinkArgs, Tunnel, peer_inside

LINK = "azure"
GATEWAY_SUBNET = "GatewaySubnet"
"""The one name that Azure takes for a gateway's subnet; it takes no security group there."""
ZONES = ("1", "2", "3")
INSTANCES = ("instance-0", "instance-1")
"""Names of the gateway's addresses, of which each belongs to one of its two machines."""
GENERATION_1 = "VpnGw1AZ"
"""The one size that there is in the first generation of gateways only (About gateway SKUs)."""
ESP_SECONDS = 27000
ESP_KILOBYTES = 2147483647
"""Azure's own end of an SA's life; see vpn.ESP_SECONDS for who comes first. No tunnel carries 2 TiB in AWS's hour, so
volume ends none."""
DPD_SECONDS = 45
LOG_CATEGORIES = ("GatewayDiagnosticLog", "IKEDiagnosticLog", "RouteDiagnosticLog", "TunnelDiagnosticLog")
NAMESPACE = "Microsoft.Network/virtualNetworkGateways"


@dataclass(frozen=True, kw_only=True)
class AzureLinkArgs(LinkArgs):
    """`link` says what is in Azure; `alerts` whom Azure itself tells."""

    link: settings.AzureLink
    alerts: settings.Alerts


class AzureLink(ComponentResource):
    """`aws` is the AWS end; `connections` by a tunnel's name. For what lives at the other end: `resource_group`,
    `location`, `network`, `subnets` (ids of "runtime" and "endpoints"), `way_out` (the runtime's address on the
    internet), `workspace` for logs, `watch` for alerts and its `action_group`."""

    def __init__(self, name: str, args: AzureLinkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:AzureLink", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.location = args.link.location
        self.resource_group = resources.ResourceGroup(
            f"{name}-group", location=args.link.location, tags=args.where.tags, opts=self._own
        )
        self.network = network.VirtualNetwork(
            f"{name}-network",
            **self._here(),
            address_space={"address_prefixes": [str(args.link.network)]},
            opts=self._own,
        )
        self.way_out = self._address("way-out")
        gateway_subnet, self.subnets = self._subnets()
        self.addresses = [self._address(instance) for instance in INSTANCES]
        self.gateway = self._gateway(gateway_subnet)
        self.aws = self._aws()
        self.connections = {tunnel.name: self._connection(tunnel) for tunnel in self.aws.tunnels.values()}
        self.workspace = self._logs()
        self.action_group = action_group(
            self, f"{name}-alerts", where=args.where, resource_group=self.resource_group.name, emails=args.alerts.emails
        )
        self.watch = AzureWatch(
            where=args.where, resource_group=self.resource_group.name, action_group_id=self.action_group.id
        )
        self._alerts()
        self.register_outputs({"resource_group": self.resource_group.name, "network_id": self.network.id})

    def _here(self) -> dict[str, Any]:
        """What every resource of the link in Azure has."""
        return {
            "resource_group_name": self.resource_group.name,
            "location": self._args.link.location,
            "tags": self._args.where.tags,
        }

    def _subnets(self) -> tuple[network.Subnet, dict[str, Output[str]]]:
        """The gateway's subnet, and the ids of the others. Nothing in them gets an address of the internet's; the
        runtime calls Azure's own management, and gets its patches, by one address that all of it goes out by."""
        name, args = self._name, self._args
        runtime = str(args.link.subnets.runtime)
        groups = {
            # The machines of a runtime talk to each other, and are called by nobody else.
            "runtime": self._group("runtime", [_allow_in("runtime", runtime, "*"), *_only_tls_out()]),
            "endpoints": self._group("endpoints", [_allow_in("runtime", runtime, "443")]),
        }
        gateway = network.Subnet(
            f"{name}-gateway-subnet",
            resource_group_name=self.resource_group.name,
            virtual_network_name=self.network.name,
            subnet_name=GATEWAY_SUBNET,
            address_prefix=str(args.link.subnets.gateway),
            opts=self._own,
        )
        outside = network.NatGateway(
            f"{name}-way-out",
            **self._here(),
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": self.way_out.id}],
            idle_timeout_in_minutes=4,
            opts=self._own,
        )
        last, ids = gateway, {}
        for purpose, group in groups.items():
            last = network.Subnet(
                f"{name}-{purpose}-subnet",
                resource_group_name=self.resource_group.name,
                virtual_network_name=self.network.name,
                subnet_name=purpose,
                address_prefix=str(getattr(args.link.subnets, purpose)),
                default_outbound_access=False,
                nat_gateway={"id": outside.id} if purpose == "runtime" else None,
                network_security_group={"id": group.id},
                # Private endpoints obey the group only where a subnet says so.
                private_endpoint_network_policies="Enabled",
                # A virtual network changes one subnet at a time.
                opts=ResourceOptions(parent=self, depends_on=[last]),
            )
            ids[purpose] = last.id
        return gateway, ids

    def _group(self, purpose: str, rules: Sequence[network.SecurityRuleArgsDict]) -> network.NetworkSecurityGroup:
        """Azure's own rules let in whatever a gateway leads here; the last rule stands before them."""
        nobody: network.SecurityRuleArgsDict = {
            "name": "nobody-else",
            "priority": 4096,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "source_address_prefix": "*",
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_range": "*",
        }
        return network.NetworkSecurityGroup(
            f"{self._name}-{purpose}-rules", **self._here(), security_rules=[*rules, nobody], opts=self._own
        )

    def _address(self, instance: str) -> network.PublicIPAddress:
        return network.PublicIPAddress(
            f"{self._name}-{instance}-address",
            **self._here(),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            sku={"name": "Standard", "tier": "Regional"},
            zones=list(ZONES),
            opts=self._own,
        )

    def _aws(self) -> AwsEnd:
        args = self._args
        end = AwsEnd(
            f"{self._name}-aws",
            AwsEndArgs(
                name=LINK,
                link=args,
                other_end=args.link,
                # AWS begins to call at once, and the gateway that answers takes three quarters of an hour to make.
                peer_addresses=[
                    Output.all(address.ip_address, self.gateway.id).apply(lambda known: _given(known[0]))
                    for address in self.addresses
                ],
                # Both machines of the gateway would call each AWS address, of which it expects one: Azure waits.
                starts=True,
            ),
            opts=self._own,
        )
        end.add_routes("runtime", args.route_table_id, [args.link.subnets.runtime])
        return end

    def _gateway(self, subnet: network.Subnet) -> network.VirtualNetworkGateway:
        args = self._args
        return network.VirtualNetworkGateway(
            f"{self._name}-gateway",
            **self._here(),
            virtual_network_gateway_name=self._gateway_name,
            gateway_type="Vpn",
            vpn_type="RouteBased",
            sku={"name": args.link.gateway_sku, "tier": args.link.gateway_sku},
            vpn_gateway_generation="Generation1" if args.link.gateway_sku == GENERATION_1 else "Generation2",
            active_active=True,
            enable_bgp=True,
            ip_configurations=[
                {
                    "name": instance,
                    "private_ip_allocation_method": "Dynamic",
                    "public_ip_address": {"id": address.id},
                    "subnet": {"id": subnet.id},
                }
                for instance, address in zip(INSTANCES, self.addresses, strict=True)
            ],
            bgp_settings={
                "asn": args.link.asn,
                "bgp_peering_addresses": [
                    {
                        "ipconfiguration_id": self._configuration(instance),
                        "custom_bgp_ip_addresses": [peer_inside(block) for block in insides],
                    }
                    for instance, insides in zip(INSTANCES, args.link.tunnels, strict=True)
                ],
            },
            opts=ResourceOptions(parent=self, delete_before_replace=True),  # its name is fixed
        )

    @property
    def _gateway_name(self) -> str:
        """Fixed, since the gateway's own arguments name parts of it."""
        return self._args.where.name(LINK)

    def _configuration(self, instance: str) -> Output[str]:
        """The id of one of the gateway's addresses, which the gateway itself must name before it exists."""
        return Output.concat(
            self.resource_group.id, f"/providers/{NAMESPACE}/{self._gateway_name}/ipConfigurations/{instance}"
        )

    def _connection(self, tunnel: Tunnel) -> network.VirtualNetworkGatewayConnection:
        args, name = self._args, f"{self._name}-{tunnel.connection}-{tunnel.number}"
        aws_end = network.LocalNetworkGateway(
            f"{name}-aws-end",
            **self._here(),
            gateway_ip_address=tunnel.address,
            # Routes come by BGP; a range here would be a static route beside them.
            local_network_address_space={"address_prefixes": []},
            bgp_settings={"asn": args.transit.asn, "bgp_peering_address": tunnel.aws_inside},
            opts=self._own,
        )
        first = [peer_inside(insides[0]) for insides in args.link.tunnels]
        policy: Any = {
            **azure_ike(args.link.ike),
            **azure_esp(args.link.esp),
            "sa_life_time_seconds": ESP_SECONDS,
            "sa_data_size_kilobytes": ESP_KILOBYTES,
        }
        return network.VirtualNetworkGatewayConnection(
            name,
            **self._here(),
            virtual_network_gateway_connection_name=tunnel.name,
            connection_type="IPsec",
            connection_protocol="IKEv2",
            connection_mode="ResponderOnly",
            virtual_network_gateway1={"id": self.gateway.id},
            local_network_gateway2={"id": aws_end.id},
            shared_key=tunnel.key,
            enable_bgp=True,
            # One address for each machine must be given; of the one that has no end of this tunnel, any of its own.
            gateway_custom_bgp_ip_addresses=[
                {
                    "ip_configuration_id": self._configuration(instance),
                    "custom_bgp_ip_address": tunnel.peer_inside if number == tunnel.connection else other,
                }
                for number, (instance, other) in enumerate(zip(INSTANCES, first, strict=True), start=1)
            ],
            ipsec_policies=[policy],
            use_policy_based_traffic_selectors=False,
            dpd_timeout_seconds=DPD_SECONDS,
            opts=ResourceOptions(parent=self, delete_before_replace=True),  # its name is fixed
        )

    def _logs(self) -> operationalinsights.Workspace:
        name = self._name
        workspace = operationalinsights.Workspace(
            f"{name}-logs",
            **self._here(),
            sku={"name": "PerGB2018"},
            retention_in_days=self._args.link.log_days,
            features={"disable_local_auth": True, "enable_log_access_using_only_resource_permissions": True},
            opts=self._own,
        )
        monitor.DiagnosticSetting(
            f"{name}-gateway-logs",
            resource_uri=self.gateway.id,
            workspace_id=workspace.id,
            logs=[{"category": category, "enabled": True} for category in LOG_CATEGORIES],
            opts=self._own,
        )
        return workspace

    def _alerts(self) -> None:
        """From Azure's side: the same failures may show at one end only."""
        tunnels = list(self.aws.tunnels.values())
        names, peers = [tunnel.name for tunnel in tunnels], [tunnel.aws_inside for tunnel in tunnels]
        own: dict[str, Any] = {"watch": self.watch, "of": self.gateway.id, "namespace": NAMESPACE}
        azure_alert(
            self,
            f"{self._name}-bgp",
            why="No machine of the gateway has a BGP session with this AWS end. See the tunnel first.",
            metric="BgpPeerStatus",
            # 1 of the machine that has the session, 0 of the other: the average is 0 if none has it.
            statistic="Average",
            comparison="LessThanOrEqual",
            threshold=0,
            each={"BgpPeerAddress": peers},
            severity=1,
            **own,
        )
        azure_alert(
            self,
            f"{self._name}-silent",
            why="A tunnel carries nothing, not even BGP's own messages: it is down.",
            metric="TunnelAverageBandwidth",
            statistic="Average",
            comparison="LessThan",
            threshold=1,
            each={"ConnectionName": names},
            severity=1,
            **own,
        )
        azure_alert(
            self,
            f"{self._name}-routes",
            why="AWS announces no route by this session, so nothing behind it is reached from Azure.",
            metric="BgpRoutesLearned",
            statistic="Total",
            comparison="LessThan",
            threshold=1,
            each={"BgpPeerAddress": peers},
            **own,
        )
        azure_alert(
            self,
            f"{self._name}-busy",
            why="The gateway carries 80% of what one tunnel of AWS can. See who sends so much.",
            metric="AverageBandwidth",
            statistic="Average",
            comparison="GreaterThan",
            threshold=TUNNEL_BYTES_PER_SECOND * BUSY_SHARE,
            **own,
        )
        for metric, role in (
            ("TunnelEgressPacketDropCount", "drops-out"),
            ("TunnelIngressPacketDropCount", "drops-in"),
            ("TunnelEgressPacketDropTSMismatch", "selectors-out"),
            ("TunnelIngressPacketDropTSMismatch", "selectors-in"),
        ):
            azure_alert(
                self,
                f"{self._name}-{role}",
                why="A tunnel drops packets: a rekey that fails, a gateway at its limit, or a selector that differs.",
                metric=metric,
                statistic="Total",
                comparison="GreaterThan",
                threshold=100,
                each={"ConnectionName": names},
                **own,
            )


def _allow_in(name: str, block: str, ports: str) -> network.SecurityRuleArgsDict:
    return {
        "name": name,
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_address_prefix": block,
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": ports,
    }


def _only_tls_out() -> list[network.SecurityRuleArgsDict]:
    """Rules before Azure's own, by which everything may go out; networks behind the gateway are not the internet."""
    common: network.SecurityRuleArgsDict = {
        "direction": "Outbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "Internet",
    }
    return [
        {**common, "name": "tls-out", "priority": 100, "destination_port_range": "443"},
        {
            **common,
            "name": "nothing-else-out",
            "priority": 4096,
            "access": "Deny",
            "protocol": "*",
            "destination_port_range": "*",
        },
    ]


def _given(address: str | None) -> str:
    if address is None:
        raise ValueError("Azure gave a public address without an address: it must be of the static kind")
    return address
