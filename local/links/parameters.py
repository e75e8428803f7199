"""Both ends of every tunnel, each read from its own cloud's resources alone, out of the state of the real graph.

AWS's end comes from VpnConnection, CustomerGateway and TransitGateway; Azure's from VirtualNetworkGateway, its
addresses, LocalNetworkGateway and VirtualNetworkGatewayConnection; Google's from HaVpnGateway, ExternalVpnGateway,
VPNTunnel, Router, RouterInterface and RouterPeer. No end looks at the other one's resources: that they agree is for
the daemons to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Interface
from typing import Any

from local.links import proposals

CUSTOMER_GATEWAY = "aws:ec2/customerGateway:CustomerGateway"
CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
AZURE_CONNECTION = "azure-native:network:VirtualNetworkGatewayConnection"
GOOGLE_TUNNEL = "gcp:compute/vPNTunnel:VPNTunnel"
AWS_HOLD_S = 30
AZURE_HOLD_S = 180
"""Fixed (Azure's page on BGP). A session has the shorter one of its two ends' hold times."""


class ParametersError(ValueError):
    """The graph has no links, or ends of tunnels that do not find each other."""


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a tunnel, as its cloud was told.

    address, remote: its own outside address, and where it looks for the other one.
    inside, peer: its own inside address with the prefix's length, and the neighbour's.
    starts: whether it begins the negotiation by itself.
    attachment: of AWS's end, to the transit gateway; announces, med: of the other ends, to AWS.
    accepts: the blocks that its import policy lets in, with the MED that it gives them; None if it takes all.
    """

    cloud: str
    name: str
    address: str
    remote: str
    inside: str
    peer: str
    asn: int
    peer_asn: int
    key: str = field(repr=False)
    ike: str
    esp: str
    ike_s: int
    esp_s: int
    hold_s: int
    starts: bool
    attachment: str = ""
    announces: tuple[str, ...] = ()
    med: int | None = None
    accepts: tuple[tuple[str, int | None], ...] | None = None


@dataclass(frozen=True)
class Tunnel:
    """Two ends that look for each other by their outside addresses; `name` is what the other cloud calls it."""

    aws: End
    other: End

    @property
    def name(self) -> str:
        return self.other.name

    @property
    def link(self) -> str:
        return self.name.partition("-")[0]

    @property
    def connection(self) -> str:
        return self.name.rpartition("-")[0]

    @property
    def hold_s(self) -> int:
        return min(self.aws.hold_s, self.other.hold_s)


@dataclass(frozen=True)
class Zones:
    """The transit gateway's route tables.

    planned: table -> the blocks of the VPC that it leads to.
    associated: attachment -> the table that sorts what comes by it, and that is announced to it.
    propagated: attachment -> the tables that learn what is announced by it.
    vpc_table: the table of what comes from the VPC.
    """

    planned: Mapping[str, tuple[str, ...]]
    associated: Mapping[str, str]
    propagated: Mapping[str, tuple[str, ...]]
    vpc_table: str
    ecmp: bool

    def announced(self, attachment: str) -> tuple[str, ...]:
        return self.planned.get(self.associated.get(attachment, ""), ())


@dataclass(frozen=True)
class Plan:
    """All tunnels, by name, and the transit gateway's route tables."""

    tunnels: tuple[Tunnel, ...]
    zones: Zones

    def link(self, name: str) -> tuple[Tunnel, ...]:
        return tuple(tunnel for tunnel in self.tunnels if tunnel.link == name)

    @property
    def links(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tunnel.link for tunnel in self.tunnels))


class Graph:
    """The resources of a state, secrets in clear."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._by_type: dict[str, dict[str, dict[str, Any]]] = {}
        for resource in resources:
            if resource.get("id") and not resource.get("delete"):
                known = {**(resource.get("outputs") or {}), "id": resource["id"]}
                self._by_type.setdefault(resource["type"], {})[resource["id"]] = known

    def of(self, token: str) -> list[dict[str, Any]]:
        return list(self._by_type.get(token, {}).values())

    def get(self, token: str, id: str) -> dict[str, Any]:
        """Raises: ParametersError if there is no such resource."""
        try:
            return self._by_type[token][id]
        except KeyError:
            raise ParametersError(f"the graph has no {token} {id!r}, to which another resource refers") from None

    def named(self, token: str, name: str) -> dict[str, Any]:
        """The one of this name, or of this id or link: Google takes any of them."""
        for resource in self.of(token):
            if name in (resource.get("name"), resource["id"], resource.get("selfLink")):
                return resource
        raise ParametersError(f"the graph has no {token} {name!r}, to which another resource refers")


def read(resources: Iterable[Mapping[str, Any]]) -> Plan:
    """The plan of a state's links.

    Raises: ParametersError if there is none, or if an end of a tunnel is without the other one;
        proposals.SpellingError if an end proposes what its cloud does not have.
    """
    graph = Graph(resources)
    ours = list(_aws(graph))
    others = [*_azure(graph), *_google(graph)]
    if not ours and not others:
        raise ParametersError("the stack has no links: `novaretail:links` of its file says which there are")
    return Plan(tuple(sorted(_pairs(ours, others), key=lambda tunnel: tunnel.name)), _zones(graph))


def _pairs(ours: list[End], others: list[End]) -> Iterator[Tunnel]:
    """Azure tries each of its connections from both instances of its gateway; AWS knows the address of one."""
    wanted = {(end.address, end.remote): end for end in ours}
    found: dict[str, list[str]] = {}
    for other in others:
        end = wanted.pop((other.remote, other.address), None)
        found.setdefault(other.name, []).append(f"{other.address} looks for {other.remote}")
        if end is not None:
            found[other.name].append("found")
            yield Tunnel(end, other)
    lonely = [f"{name}: {', '.join(tried)}, and AWS does not" for name, tried in found.items() if "found" not in tried]
    lonely += [f"{end.name}: {end.address} looks for {end.remote}, and nobody there does" for end in wanted.values()]
    if lonely:
        raise ParametersError("ends of tunnels that do not find each other:\n" + "\n".join(lonely))


def _aws(graph: Graph) -> Iterator[End]:
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
                hold_s=int(tunnel.get("BgpHoldtime") or AWS_HOLD_S),
                starts=tunnel.get("StartupAction") == "start",
                attachment=connection["transitGatewayAttachmentId"],
            )


def _azure(graph: Graph) -> Iterator[End]:
    network = "azure-native:network:"
    for connection in graph.of(AZURE_CONNECTION):
        gateway = graph.get(f"{network}VirtualNetworkGateway", connection["virtualNetworkGateway1"]["id"])
        peer = graph.get(f"{network}LocalNetworkGateway", connection["localNetworkGateway2"]["id"])
        (policy,) = connection["ipsecPolicies"]
        ike, esp = proposals.azure(policy)
        own = {each["ipConfigurationId"]: each for each in connection["gatewayCustomBgpIpAddresses"]}
        first = End(
            cloud="Azure",
            name=_short(connection["name"]),
            address="",
            remote=peer["gatewayIpAddress"],
            inside="",
            peer=peer["bgpSettings"]["bgpPeeringAddress"],
            asn=int(gateway["bgpSettings"]["asn"]),
            peer_asn=int(peer["bgpSettings"]["asn"]),
            key=connection["sharedKey"],
            ike=ike,
            esp=esp,
            ike_s=28800,  # fixed, for IKE
            esp_s=int(policy["saLifeTimeSeconds"]),
            hold_s=AZURE_HOLD_S,
            starts=connection.get("connectionMode", "Default") != "ResponderOnly",
            announces=_virtual_network(graph, gateway),
        )
        for instance in gateway["ipConfigurations"]:
            address = graph.get(f"{network}PublicIPAddress", instance["publicIPAddress"]["id"])["ipAddress"]
            ids = [id for id in own if id.endswith(f"/ipConfigurations/{instance['name']}")]
            if ids:
                inside = f"{own[ids[0]]['customBgpIpAddress']}/30"
                yield replace(first, address=address, inside=inside)


def _virtual_network(graph: Graph, gateway: Mapping[str, Any]) -> tuple[str, ...]:
    """The address space of the network that the gateway is in: what Azure announces."""
    subnet = gateway["ipConfigurations"][0]["subnet"]["id"]
    network = graph.get("azure-native:network:VirtualNetwork", subnet.partition("/subnets/")[0])
    return tuple(network["addressSpace"]["addressPrefixes"])


def _google(graph: Graph) -> Iterator[End]:
    compute = "gcp:compute/"
    for tunnel in graph.of(GOOGLE_TUNNEL):
        gateway = graph.named(f"{compute}haVpnGateway:HaVpnGateway", tunnel["vpnGateway"])
        peer_gateway = graph.named(f"{compute}externalVpnGateway:ExternalVpnGateway", tunnel["peerExternalGateway"])
        names = (tunnel["name"], tunnel["id"], tunnel.get("selfLink"))
        interface = _one(graph.of(f"{compute}routerInterface:RouterInterface"), "vpnTunnel", names)
        peer = _one(graph.of(f"{compute}routerPeer:RouterPeer"), "interface", (interface["name"], interface["id"]))
        router = graph.named(f"{compute}router:Router", peer["router"])
        ike, esp = proposals.google(tunnel["cipherSuite"])
        inside = IPv4Interface(interface["ipRange"])
        yield End(
            cloud="Google Cloud",
            name=_short(tunnel["name"]),
            address=_interface(gateway["vpnInterfaces"], tunnel["vpnGatewayInterface"])["ipAddress"],
            remote=_interface(peer_gateway["interfaces"], tunnel["peerExternalGatewayInterface"])["ipAddress"],
            inside=f"{peer.get('ipAddress') or inside.ip}/{inside.network.prefixlen}",
            peer=peer["peerIpAddress"],
            asn=int(router["bgp"]["asn"]),
            peer_asn=int(peer["peerAsn"]),
            key=tunnel["sharedSecret"],
            ike=ike,
            esp=esp,
            ike_s=36000,  # fixed, as the next one (Supported IKE ciphers)
            esp_s=10800,
            hold_s=3 * int(router["bgp"].get("keepaliveInterval") or 20),
            starts=True,
            announces=_announced(router, peer),
            med=peer.get("advertisedRoutePriority"),
            accepts=_accepted(graph, peer),
        )


def _announced(router: Mapping[str, Any], peer: Mapping[str, Any]) -> tuple[str, ...]:
    """What a session tells: its own list if it has one, else the router's."""
    own = peer if peer.get("advertiseMode") == "CUSTOM" else router["bgp"]
    if own.get("advertiseMode") != "CUSTOM" or own.get("advertisedGroups"):
        raise ParametersError(f"the Cloud Router announces more than a list of its own to {peer['name']}")
    return tuple(each["range"] for each in own["advertisedIpRanges"])


def _accepted(graph: Graph, peer: Mapping[str, Any]) -> tuple[tuple[str, int | None], ...] | None:
    """What the session's import policies let in, by the two forms of expression that our policies have."""
    if not peer.get("importPolicies"):
        return None
    taken: list[tuple[str, int | None]] = []
    for name in peer["importPolicies"]:
        policy = graph.named("gcp:compute/routerRoutePolicy:RouterRoutePolicy", name)
        for term in sorted(policy["terms"], key=lambda term: term["priority"]):
            actions = [action["expression"] for action in term["actions"]]
            if "drop()" in actions:
                continue
            blocks = re.findall(r"destination == '([\d./]+)'", term["match"]["expression"])
            meds = [int(match[1]) for action in actions if (match := re.fullmatch(r"med\.set\((\d+)\)", action))]
            if not blocks or "accept()" not in actions:
                raise ParametersError(f"the route policy {name} has a term of another form than is read here: {term}")
            taken += [(block, meds[0] if meds else None) for block in blocks]
    return tuple(taken)


def _zones(graph: Graph) -> Zones:
    transit = "aws:ec2transitgateway/"
    tables = graph.of(f"{transit}routeTable:RouteTable")
    planned: dict[str, list[str]] = {table["id"]: [] for table in tables}
    for route in graph.of(f"{transit}route:Route"):
        planned[route["transitGatewayRouteTableId"]].append(route["destinationCidrBlock"])
    associated = {
        each["transitGatewayAttachmentId"]: each["transitGatewayRouteTableId"]
        for each in graph.of(f"{transit}routeTableAssociation:RouteTableAssociation")
    }
    propagated: dict[str, list[str]] = {}
    for each in graph.of(f"{transit}routeTablePropagation:RouteTablePropagation"):
        tables_of = propagated.setdefault(each["transitGatewayAttachmentId"], [])
        tables_of.append(each["transitGatewayRouteTableId"])
    (vpc,) = graph.of(f"{transit}vpcAttachment:VpcAttachment")
    (gateway,) = graph.of(TRANSIT_GATEWAY)
    return Zones(
        {table: tuple(sorted(blocks)) for table, blocks in planned.items()},
        associated,
        {attachment: tuple(sorted(found)) for attachment, found in propagated.items()},
        associated[vpc["id"]],
        gateway.get("vpnEcmpSupport", "enable") == "enable",
    )


def _one(resources: list[dict[str, Any]], argument: str, names: tuple[Any, ...]) -> dict[str, Any]:
    found = [each for each in resources if each.get(argument) in names]
    if len(found) != 1:
        raise ParametersError(f"{len(found)} resources have the {argument} {names[0]!r}, and not one")
    return found[0]


def _interface(interfaces: list[dict[str, Any]], number: int) -> dict[str, Any]:
    for each in interfaces:
        if each["id"] == number:
            return each
    raise ParametersError(f"a gateway has no interface {number}")


def _short(name: str) -> str:
    """azure-1-2 of a name that ends so."""
    match = re.search(r"[a-z]+-\d-\d$", name)
    return match[0] if match else name
