"""An address in the virtual network for a part of an Azure resource, and the name by which it is found there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Input, ResourceOptions
from pulumi_azure_native import network, privatedns

ZONES = {
    "dfs": "privatelink.dfs.core.windows.net",
    "blob": "privatelink.blob.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "dataFactory": "privatelink.datafactory.azure.net",
}
"""Part of a resource -> the private DNS zone of its endpoint ("Azure Private Endpoint private DNS zone values"). Some
calls of Data Lake Storage are made to the blob part."""


@dataclass(frozen=True, kw_only=True)
class PrivateArgs:
    """What gets an address, and where."""

    of: Input[str]
    """The resource's id."""
    part: str
    """A key of ZONES."""
    resource_group: Input[str]
    location: str
    network_id: Input[str]
    """The network that knows the endpoint's name."""
    subnet_id: Input[str]
    """The subnet that the endpoint is in."""
    tags: Mapping[str, str]


def private_endpoint(parent: pulumi.Resource, stem: str, what: str, args: PrivateArgs) -> None:
    """Make the part's zone, known in the virtual network and nowhere else, and the endpoint that is named in it."""
    own = ResourceOptions(parent=parent)
    zone_name, endpoint_name = f"{stem}-{args.part.lower()}-zone", f"{stem}-{what}-endpoint"
    zone = privatedns.PrivateZone(
        zone_name,
        resource_group_name=args.resource_group,
        location="global",
        private_zone_name=ZONES[args.part],
        tags=args.tags,
        opts=own,
    )
    privatedns.VirtualNetworkLink(
        f"{zone_name}-network",
        resource_group_name=args.resource_group,
        location="global",
        private_zone_name=zone.name,
        virtual_network={"id": args.network_id},
        registration_enabled=False,
        tags=args.tags,
        opts=own,
    )
    endpoint = network.PrivateEndpoint(
        endpoint_name,
        resource_group_name=args.resource_group,
        location=args.location,
        subnet={"id": args.subnet_id},
        private_link_service_connections=[{"name": what, "group_ids": [args.part], "private_link_service_id": args.of}],
        tags=args.tags,
        opts=own,
    )
    network.PrivateDnsZoneGroup(
        f"{endpoint_name}-name",
        resource_group_name=args.resource_group,
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        private_dns_zone_configs=[{"name": args.part.lower(), "private_dns_zone_id": zone.id}],
        opts=own,
    )
