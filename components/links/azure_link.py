"""The link to Azure, both ends: a virtual network behind an active-active VPN gateway, and the AWS end of its tunnels.

Each end needs the other's addresses, and AWS makes the keys. One update resolves it in this order: Azure's public
addresses and gateway, AWS's customer gateways and connections, Azure's picture of the AWS ends, Azure's connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_azure_native import monitor, operationalinsights, resources
from pulumi_azure_native import network as net  # not the attribute of this name

import settings
from components.blocks.azure_alerts import AzureWatch, action_group, azure_alert
from components.links.azure_network import NetworkArgs, azure_network, public_address
from components.links.proposals import azure_esp, azure_ike
from components.links.tunnels import BUSY_SHARE, TUNNEL_BYTES_PER_SECOND, Tunnel, peer_inside
from components.links.vpn import AwsEnd, AwsEndArgs, LinkArgs

LINK = "azure"
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
    """What a link to Azure is given besides."""

    link: settings.AzureLink
    """What is in Azure."""
    alerts: settings.Alerts
    """Whom Azure itself tells."""


class AzureLink(ComponentResource):
    """Four tunnels join the transit gateway and a virtual network in Azure, with room for what runs there."""

    location: str
    resource_group: resources.ResourceGroup
    network: net.VirtualNetwork
    subnets: Mapping[str, Output[str]]
    """Ids of "runtime" and "endpoints"."""
    way_out: net.PublicIPAddress
    """The runtime's address on the internet."""
    addresses: list[net.PublicIPAddress]
    """The gateway's, in the order of its machines."""
    gateway: net.VirtualNetworkGateway
    aws: AwsEnd
    connections: dict[str, net.VirtualNetworkGatewayConnection]
    """By a tunnel's name."""
    workspace: operationalinsights.Workspace
    """Gets the logs."""
    action_group: monitor.ActionGroup
    watch: AzureWatch
    """What alerts are made with: this resource group, and the action group."""

    def __init__(self, name: str, args: AzureLinkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:AzureLink", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.location = args.link.location
        self.resource_group = resources.ResourceGroup(
            f"{name}-group", location=args.link.location, tags=args.where.tags, opts=self._own
        )
        placed = NetworkArgs(
            resource_group=self.resource_group.name,
            location=args.link.location,
            tags=args.where.tags,
            block=args.link.network,
            subnets=args.link.subnets,
        )
        self._here = placed.here
        made = azure_network(self, name, placed)
        self.network, self.subnets, self.way_out = made.network, made.subnets, made.way_out
        self.addresses = [public_address(self, name, instance, placed) for instance in INSTANCES]
        self.gateway = self._gateway(made.gateway_subnet)
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

    def _gateway(self, subnet: net.Subnet) -> net.VirtualNetworkGateway:
        args = self._args
        return net.VirtualNetworkGateway(
            f"{self._name}-gateway",
            **self._here,
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
        """Return the fixed name: the gateway's own arguments name parts of it."""
        return self._args.where.name(LINK)

    def _configuration(self, instance: str) -> Output[str]:
        """Return the id of one of the gateway's addresses, which the gateway itself must name before it exists."""
        return Output.concat(
            self.resource_group.id, f"/providers/{NAMESPACE}/{self._gateway_name}/ipConfigurations/{instance}"
        )

    def _connection(self, tunnel: Tunnel) -> net.VirtualNetworkGatewayConnection:
        args, name = self._args, f"{self._name}-{tunnel.connection}-{tunnel.number}"
        aws_end = net.LocalNetworkGateway(
            f"{name}-aws-end",
            **self._here,
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
        return net.VirtualNetworkGatewayConnection(
            name,
            **self._here,
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
            **self._here,
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
        """Watch the tunnels from Azure's side too: the same failures may show at one end only."""
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


def _given(address: str | None) -> str:
    if address is None:
        raise ValueError("Azure gave a public address without an address: it must be of the static kind")
    return address
