"""Azure's end of the link as a network: subnets, who may call whom in them, and the one way out to the internet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_azure_native import network as net  # not the attribute of this name

import settings

GATEWAY_SUBNET = "GatewaySubnet"
"""The one name that Azure takes for a gateway's subnet; it takes no security group there."""
ZONES = ("1", "2", "3")


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Where the network is, and how its block is divided."""

    resource_group: Input[str]
    location: str
    tags: Mapping[str, str]
    block: IPv4Network
    subnets: settings.AzureSubnets

    @property
    def here(self) -> dict[str, Any]:
        """Return what every resource of the link in Azure has."""
        return {"resource_group_name": self.resource_group, "location": self.location, "tags": self.tags}


@dataclass(frozen=True, kw_only=True)
class AzureNetwork:
    """What was made."""

    network: net.VirtualNetwork
    gateway_subnet: net.Subnet
    subnets: Mapping[str, Output[str]]
    """Ids of "runtime" and "endpoints"."""
    way_out: net.PublicIPAddress
    """The runtime's address on the internet."""


def azure_network(parent: pulumi.Resource, stem: str, args: NetworkArgs) -> AzureNetwork:
    """Make the network: a subnet for the gateway, and two for what lives at this end of the link.

    Nothing in the subnets gets a public address. The runtime calls Azure's own management, and gets its patches, by
    the one address of the NAT gateway.
    """
    own = ResourceOptions(parent=parent)
    made = net.VirtualNetwork(
        f"{stem}-network",
        **args.here,
        address_space={"address_prefixes": [str(args.block)]},
        opts=own,
    )
    way_out = public_address(parent, stem, "way-out", args)
    runtime = str(args.subnets.runtime)
    groups = {
        # The machines of a runtime talk to each other, and are called by nobody else.
        "runtime": _group(parent, stem, args, "runtime", [_allow_in("runtime", runtime, "*"), *_only_tls_out()]),
        "endpoints": _group(parent, stem, args, "endpoints", [_allow_in("runtime", runtime, "443")]),
    }
    gateway = net.Subnet(
        f"{stem}-gateway-subnet",
        resource_group_name=args.resource_group,
        virtual_network_name=made.name,
        subnet_name=GATEWAY_SUBNET,
        address_prefix=str(args.subnets.gateway),
        opts=own,
    )
    outside = net.NatGateway(
        f"{stem}-way-out",
        **args.here,
        sku={"name": "Standard"},
        public_ip_addresses=[{"id": way_out.id}],
        idle_timeout_in_minutes=4,
        opts=own,
    )
    last, ids = gateway, {}
    for purpose, group in groups.items():
        last = net.Subnet(
            f"{stem}-{purpose}-subnet",
            resource_group_name=args.resource_group,
            virtual_network_name=made.name,
            subnet_name=purpose,
            address_prefix=str(getattr(args.subnets, purpose)),
            default_outbound_access=False,
            nat_gateway={"id": outside.id} if purpose == "runtime" else None,
            network_security_group={"id": group.id},
            # Private endpoints obey the group only where a subnet says so.
            private_endpoint_network_policies="Enabled",
            # A virtual network changes one subnet at a time.
            opts=ResourceOptions(parent=parent, depends_on=[last]),
        )
        ids[purpose] = last.id
    return AzureNetwork(network=made, gateway_subnet=gateway, subnets=ids, way_out=way_out)


def _group(
    parent: pulumi.Resource,
    stem: str,
    args: NetworkArgs,
    purpose: str,
    rules: Sequence[net.SecurityRuleArgsDict],
) -> net.NetworkSecurityGroup:
    """Make a subnet's group: Azure's own rules let in whatever comes by a gateway, so the last rule here refuses it."""
    nobody: net.SecurityRuleArgsDict = {
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
    return net.NetworkSecurityGroup(
        f"{stem}-{purpose}-rules", **args.here, security_rules=[*rules, nobody], opts=ResourceOptions(parent=parent)
    )


def public_address(parent: pulumi.Resource, stem: str, role: str, args: NetworkArgs) -> net.PublicIPAddress:
    """Make a fixed public address, in all zones."""
    return net.PublicIPAddress(
        f"{stem}-{role}-address",
        **args.here,
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        sku={"name": "Standard", "tier": "Regional"},
        zones=list(ZONES),
        opts=ResourceOptions(parent=parent),
    )


def _allow_in(name: str, block: str, ports: str) -> net.SecurityRuleArgsDict:
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


def _only_tls_out() -> list[net.SecurityRuleArgsDict]:
    """Return rules that come before Azure's own, by which everything may go out; "Internet" excludes the link."""
    common: net.SecurityRuleArgsDict = {
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
