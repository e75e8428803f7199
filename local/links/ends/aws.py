"""AWS's ends, from VpnConnection, CustomerGateway and TransitGateway; and the transit gateway's route tables."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from local.links import proposals
from local.links.ends.graph import Graph
from local.links.plan import End, Zones

CUSTOMER_GATEWAY = "aws:ec2/customerGateway:CustomerGateway"
CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
TRANSIT = "aws:ec2transitgateway/"
TRANSIT_GATEWAY = f"{TRANSIT}transitGateway:TransitGateway"
HOLD_S = 30


def read_ends(graph: Graph) -> Iterator[End]:
    """Both tunnels of each connection."""
    for connection in graph.of(CONNECTION):
        gateway = graph.get(CUSTOMER_GATEWAY, connection["customerGatewayId"])
        transit = graph.get(TRANSIT_GATEWAY, connection["transitGatewayId"])
        for number in (1, 2):
            prefix = f"tunnel{number}"
            tunnel = {name.removeprefix(prefix): v for name, v in connection.items() if name.startswith(prefix)}
            length = IPv4Interface(tunnel["InsideCidr"]).network.prefixlen
            ike, esp = proposals.aws(tunnel)
            yield End(
                cloud="AWS",
                name=f"{connection['id']} tunnel {number}",
                address=tunnel["Address"],
                remote=gateway["ipAddress"],
                inside=f"{tunnel['VgwInsideAddress']}/{length}",
                peer=tunnel["CgwInsideAddress"],
                asn=int(transit["amazonSideAsn"]),
                peer_asn=int(gateway.get("bgpAsn") or gateway["bgpAsnExtended"]),
                key=tunnel["PresharedKey"],
                ike=ike,
                esp=esp,
                ike_s=int(tunnel["Phase1LifetimeSeconds"]),
                esp_s=int(tunnel["Phase2LifetimeSeconds"]),
                hold_s=int(tunnel.get("BgpHoldtime") or HOLD_S),
                starts=tunnel.get("StartupAction") == "start",
                attachment=connection["transitGatewayAttachmentId"],
            )


def read_zones(graph: Graph) -> Zones:
    """The transit gateway's route tables, with their routes, associations and propagations."""
    planned: dict[str, list[str]] = {table["id"]: [] for table in graph.of(f"{TRANSIT}routeTable:RouteTable")}
    for route in graph.of(f"{TRANSIT}route:Route"):
        planned[route["transitGatewayRouteTableId"]].append(route["destinationCidrBlock"])
    associated = {
        each["transitGatewayAttachmentId"]: each["transitGatewayRouteTableId"]
        for each in graph.of(f"{TRANSIT}routeTableAssociation:RouteTableAssociation")
    }
    propagated: dict[str, list[str]] = {}
    for each in graph.of(f"{TRANSIT}routeTablePropagation:RouteTablePropagation"):
        tables = propagated.setdefault(each["transitGatewayAttachmentId"], [])
        tables.append(each["transitGatewayRouteTableId"])
    (vpc,) = graph.of(f"{TRANSIT}vpcAttachment:VpcAttachment")
    (gateway,) = graph.of(TRANSIT_GATEWAY)
    return Zones(
        planned={table: tuple(sorted(blocks)) for table, blocks in planned.items()},
        associated=associated,
        propagated={attachment: tuple(sorted(found)) for attachment, found in propagated.items()},
        vpc_table=associated[vpc["id"]],
        ecmp=gateway.get("vpnEcmpSupport", "enable") == "enable",
    )
