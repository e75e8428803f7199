"""What the clouds decide about a VPN: outside addresses, pre-shared keys, inside addresses, AWS's ASN.

Each end of a link is built from what the other end was given here. So what is computed must be as it is in the cloud:
no two addresses alike, keys in the form that AWS makes them and secret, inside addresses out of the tunnel's own /30.
The outside addresses are those that RFC 5737 keeps for documentation: they belong to nobody.
"""

from __future__ import annotations

import hashlib
import ipaddress
import string

from local.clouds.provider.types.row import Computed, Made
from local.clouds.provider.types.spelling import digest
from local.clouds.provider.wire import Properties, Secret

NETWORKS = tuple(ipaddress.IPv4Network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
KEY_LENGTH = 32
"""AWS allows letters, digits, periods and underscores, 8 to 64 of them, the first one no zero."""
HOLD_TIME_S = 30
"""What AWS reports of each of its tunnels."""

_TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
_OF_A_TUNNEL = (
    "Address",
    "PresharedKey",
    "InsideCidr",
    "CgwInsideAddress",
    "VgwInsideAddress",
    "BgpAsn",
    "BgpHoldtime",
)


def _connection(made: Made) -> Properties:
    found: Properties = {}
    for number in (1, 2):
        found |= {f"tunnel{number}{name}": value for name, value in _tunnel(made, number).items()}
    if made.given.get("transitGatewayId"):
        found["transitGatewayAttachmentId"] = f"tgw-attach-{digest(made.id, 17)}"
    return found


CONNECTION = Computed(
    _connection, (*(f"tunnel{n}{name}" for n in (1, 2) for name in _OF_A_TUNNEL), "transitGatewayAttachmentId")
)
"""Of AWS's end: both tunnels, and the attachment to the transit gateway."""
ADDRESS = Computed(lambda made: {"ipAddress": _address(made)}, ("ipAddress",))
"""Of a public address of Azure."""
INTERFACES = Computed(
    lambda made: {"vpnInterfaces": [{"id": n, "ipAddress": _address(made, n)} for n in (0, 1)]}, ("vpnInterfaces",)
)
"""Of Google's gateway: two, with an address each."""


def _tunnel(made: Made, number: int) -> Properties:
    inside = made.given.get(f"tunnel{number}InsideCidr") or _inside(made.id, number)
    amazon, customer = list(ipaddress.IPv4Network(inside).hosts())[:2]
    gateway = made.state.outputs(_TRANSIT_GATEWAY, str(made.given.get("transitGatewayId")))
    return {
        "Address": _address(made, number),
        "PresharedKey": Secret(_key(f"{made.id}/{number}")),
        "InsideCidr": inside,
        "CgwInsideAddress": str(customer),
        "VgwInsideAddress": str(amazon),
        "BgpAsn": str(gateway.get("amazonSideAsn", "")),
        "BgpHoldtime": HOLD_TIME_S,
    }


def _address(made: Made, part: int = 0) -> str:
    """A public address of nobody else: by the resource's id, or the next one that is free."""
    hosts = [str(host) for network in NETWORKS for host in network.hosts()]
    first = int(digest(f"{made.id}/{part}", 64), 16) % len(hosts)
    return made.state.claim(made.id, part, hosts[first:] + hosts[:first])


def _inside(id: str, number: int) -> str:
    """A /30 as AWS chooses one: link-local, and none of those that it keeps for itself (0 to 5 and 169)."""
    blocks = list(ipaddress.IPv4Network("169.254.6.0/23").subnets(new_prefix=30))
    return str(blocks[int(digest(f"{id}/{number}/inside", 64), 16) % len(blocks)])


def _key(seed: str) -> str:
    letters = string.ascii_letters + string.digits + "._"
    digits = hashlib.sha256(seed.encode()).digest()[:KEY_LENGTH]
    first = string.ascii_letters[digits[0] % len(string.ascii_letters)]
    return first + "".join(letters[digit % len(letters)] for digit in digits[1:])
