"""Google's ends, from its tunnels, both gateways, and the Cloud Router with its interfaces, peers and policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Interface
from typing import Any

from local.links import proposals
from local.links.ends.graph import Graph, tunnel_name
from local.links.plan import End, PlanError

COMPUTE = "gcp:compute/"
TUNNEL = f"{COMPUTE}vPNTunnel:VPNTunnel"
IKE_S, ESP_S = 36_000, 10_800
"""Fixed (Google's page Supported IKE ciphers): the lifetimes of IKE's and of the traffic's keys."""
KEEPALIVE_S = 20
"""A Cloud Router's own interval; a session is held for three of them."""


def read_ends(graph: Graph) -> Iterator[End]:
    """Each tunnel, with the interface and the peer of its session."""
    for tunnel in graph.of(TUNNEL):
        gateway = graph.named(f"{COMPUTE}haVpnGateway:HaVpnGateway", tunnel["vpnGateway"])
        peer_gateway = graph.named(f"{COMPUTE}externalVpnGateway:ExternalVpnGateway", tunnel["peerExternalGateway"])
        names = (tunnel["name"], tunnel["id"], tunnel.get("selfLink"))
        interface = graph.referring(f"{COMPUTE}routerInterface:RouterInterface", "vpnTunnel", names)
        sessions = (interface["name"], interface["id"])
        peer = graph.referring(f"{COMPUTE}routerPeer:RouterPeer", "interface", sessions)
        router = graph.named(f"{COMPUTE}router:Router", peer["router"])
        ike, esp = proposals.google(tunnel["cipherSuite"])
        inside = IPv4Interface(interface["ipRange"])
        yield End(
            cloud="Google Cloud",
            name=tunnel_name(tunnel["name"]),
            address=_address(gateway["vpnInterfaces"], tunnel["vpnGatewayInterface"]),
            remote=_address(peer_gateway["interfaces"], tunnel["peerExternalGatewayInterface"]),
            inside=f"{peer.get('ipAddress') or inside.ip}/{inside.network.prefixlen}",
            peer=peer["peerIpAddress"],
            asn=int(router["bgp"]["asn"]),
            peer_asn=int(peer["peerAsn"]),
            key=tunnel["sharedSecret"],
            ike=ike,
            esp=esp,
            ike_s=IKE_S,
            esp_s=ESP_S,
            hold_s=3 * int(router["bgp"].get("keepaliveInterval") or KEEPALIVE_S),
            starts=True,
            announces=_announced(router, peer),
            med=peer.get("advertisedRoutePriority"),
            accepts=_accepted(graph, peer),
        )


def _announced(router: Mapping[str, Any], peer: Mapping[str, Any]) -> tuple[str, ...]:
    """What a session tells: its own list if it has one, else the router's."""
    own = peer if peer.get("advertiseMode") == "CUSTOM" else router["bgp"]
    if own.get("advertiseMode") != "CUSTOM" or own.get("advertisedGroups"):
        raise PlanError(f"the Cloud Router announces more than a list of its own to {peer['name']}")
    return tuple(each["range"] for each in own["advertisedIpRanges"])


def _accepted(graph: Graph, peer: Mapping[str, Any]) -> tuple[tuple[str, int | None], ...] | None:
    """What the session's import policies let in, by the two forms of expression that our policies have."""
    if not peer.get("importPolicies"):
        return None
    taken: list[tuple[str, int | None]] = []
    for name in peer["importPolicies"]:
        policy = graph.named(f"{COMPUTE}routerRoutePolicy:RouterRoutePolicy", name)
        for term in sorted(policy["terms"], key=lambda term: term["priority"]):
            actions = [action["expression"] for action in term["actions"]]
            if "drop()" in actions:
                continue
            blocks = re.findall(r"destination == '([\d./]+)'", term["match"]["expression"])
            meds = [int(match[1]) for action in actions if (match := re.fullmatch(r"med\.set\((\d+)\)", action))]
            if not blocks or "accept()" not in actions:
                raise PlanError(f"the route policy {name} has a term of another form than is read here: {term}")
            taken += [(block, meds[0] if meds else None) for block in blocks]
    return tuple(taken)


def _address(interfaces: Sequence[Mapping[str, Any]], number: int) -> str:
    for each in interfaces:
        if each["id"] == number:
            return str(each["ipAddress"])
    raise PlanError(f"a gateway has no interface {number}")
