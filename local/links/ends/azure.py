"""Azure's ends, from VirtualNetworkGateway, its addresses, LocalNetworkGateway and VirtualNetworkGatewayConnection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from local.links import proposals
from local.links.ends.graph import Graph, tunnel_name
from local.links.plan import End

NETWORK = "azure-native:network:"
CONNECTION = f"{NETWORK}VirtualNetworkGatewayConnection"
HOLD_S = 180
"""Fixed (Azure's page on BGP)."""
IKE_S = 28_800
"""Fixed as well: the lifetime of IKE's keys."""


def read_ends(graph: Graph) -> Iterator[End]:
    """Each connection once for each machine of its gateway: both try it, and AWS knows the address of one."""
    for connection in graph.of(CONNECTION):
        gateway = graph.get(f"{NETWORK}VirtualNetworkGateway", connection["virtualNetworkGateway1"]["id"])
        peer = graph.get(f"{NETWORK}LocalNetworkGateway", connection["localNetworkGateway2"]["id"])
        (policy,) = connection["ipsecPolicies"]
        ike, esp = proposals.azure(policy)
        own = {each["ipConfigurationId"]: each for each in connection["gatewayCustomBgpIpAddresses"]}
        first = End(
            cloud="Azure",
            name=tunnel_name(connection["name"]),
            address="",
            remote=peer["gatewayIpAddress"],
            inside="",
            peer=peer["bgpSettings"]["bgpPeeringAddress"],
            asn=int(gateway["bgpSettings"]["asn"]),
            peer_asn=int(peer["bgpSettings"]["asn"]),
            key=connection["sharedKey"],
            ike=ike,
            esp=esp,
            ike_s=IKE_S,
            esp_s=int(policy["saLifeTimeSeconds"]),
            hold_s=HOLD_S,
            starts=connection.get("connectionMode", "Default") != "ResponderOnly",
            announces=_address_space(graph, gateway),
        )
        for instance in gateway["ipConfigurations"]:
            address = graph.get(f"{NETWORK}PublicIPAddress", instance["publicIPAddress"]["id"])["ipAddress"]
            ids = [id for id in own if id.endswith(f"/ipConfigurations/{instance['name']}")]
            if ids:
                inside = f"{own[ids[0]]['customBgpIpAddress']}/30"
                yield replace(first, address=address, inside=inside)


def _address_space(graph: Graph, gateway: Mapping[str, Any]) -> tuple[str, ...]:
    """The blocks of the network that the gateway is in: what Azure announces."""
    subnet = gateway["ipConfigurations"][0]["subnet"]["id"]
    network = graph.get(f"{NETWORK}VirtualNetwork", subnet.partition("/subnets/")[0])
    return tuple(network["addressSpace"]["addressPrefixes"])
