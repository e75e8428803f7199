"""What the clouds decide about a VPN: outside addresses, pre-shared keys, inside addresses, AWS's ASN.

Each end of a link is built from what the other end was given here. So what is computed must be as it is in the cloud:
no two addresses alike, keys in the form that AWS makes them and secret, inside addresses out of the tunnel's own /30.
The outside addresses are those that RFC 5737 keeps for documentation: they belong to nobody.
"""

from __future__ import annotations

import hashlib
import ipaddress
import string
from collections.abc import Mapping
from typing import Any

from local.clouds.provider.state import State
from local.clouds.provider.wire import UNKNOWN, Properties, Secret

NETWORKS = tuple(ipaddress.IPv4Network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
KEY_LENGTH = 32
"""AWS allows letters, digits, periods and underscores, 8 to 64 of them, the first one no zero."""
HOLD_TIME_S = 30
"""What AWS reports of each of its tunnels."""

CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
AZURE_ADDRESS = "azure-native:network:PublicIPAddress"
GOOGLE_GATEWAY = "gcp:compute/haVpnGateway:HaVpnGateway"
_OF_A_TUNNEL = (
    "Address",
    "PresharedKey",
    "InsideCidr",
    "CgwInsideAddress",
    "VgwInsideAddress",
    "BgpAsn",
    "BgpHoldtime",
)
_NAMES = {
    CONNECTION: (*(f"tunnel{n}{name}" for n in (1, 2) for name in _OF_A_TUNNEL), "transitGatewayAttachmentId"),
    AZURE_ADDRESS: ("ipAddress",),
    GOOGLE_GATEWAY: ("vpnInterfaces",),
}


def planned(token: str, arguments: Mapping[str, Any], before: Mapping[str, Any]) -> Properties:
    """The computed outputs as a plan knows them: those of before, else unknown."""
    open_ = [name for name in _NAMES.get(token, ()) if arguments.get(name) is None]
    return {name: before.get(name, UNKNOWN) for name in open_}


def computed(state: State, token: str, id: str, given: Mapping[str, Any]) -> Properties:
    """The outputs of a new resource that the program left to the cloud."""
    found: Properties = {}
    if token == CONNECTION:
        for number in (1, 2):
            found |= {f"tunnel{number}{name}": value for name, value in _tunnel(state, id, number, given).items()}
        if given.get("transitGatewayId"):
            found["transitGatewayAttachmentId"] = f"tgw-attach-{_digest(id)[:17]}"
    elif token == AZURE_ADDRESS:
        found["ipAddress"] = _address(state, id)
    elif token == GOOGLE_GATEWAY:
        found["vpnInterfaces"] = [{"id": n, "ipAddress": _address(state, id, n)} for n in (0, 1)]
    return {name: value for name, value in found.items() if given.get(name) is None}


def _tunnel(state: State, id: str, number: int, given: Mapping[str, Any]) -> Properties:
    inside = given.get(f"tunnel{number}InsideCidr") or _inside(id, number)
    amazon, customer = list(ipaddress.IPv4Network(inside).hosts())[:2]
    gateway = state.outputs(TRANSIT_GATEWAY, str(given.get("transitGatewayId")))
    return {
        "Address": _address(state, id, number),
        "PresharedKey": Secret(_key(f"{id}/{number}")),
        "InsideCidr": inside,
        "CgwInsideAddress": str(customer),
        "VgwInsideAddress": str(amazon),
        "BgpAsn": str(gateway.get("amazonSideAsn", "")),
        "BgpHoldtime": HOLD_TIME_S,
    }


def _address(state: State, id: str, part: int = 0) -> str:
    """A public address of nobody else: by the resource's id, or the next one that is free."""
    hosts = [str(host) for network in NETWORKS for host in network.hosts()]
    first = int(_digest(f"{id}/{part}"), 16) % len(hosts)
    return state.claim(id, part, hosts[first:] + hosts[:first])


def _inside(id: str, number: int) -> str:
    """A /30 as AWS chooses one: link-local, and none of those that it keeps for itself (0 to 5 and 169)."""
    blocks = list(ipaddress.IPv4Network("169.254.6.0/23").subnets(new_prefix=30))
    return str(blocks[int(_digest(f"{id}/{number}/inside"), 16) % len(blocks)])


def _key(seed: str) -> str:
    letters = string.ascii_letters + string.digits + "._"
    digits = hashlib.sha256(seed.encode()).digest()[:KEY_LENGTH]
    first = string.ascii_letters[digits[0] % len(string.ascii_letters)]
    return first + "".join(letters[digit % len(letters)] for digit in digits[1:])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
