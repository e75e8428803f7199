"""The resource types of Google Cloud."""

from __future__ import annotations

from local.clouds.provider.shapes import Shape
from local.clouds.provider.types import vpn
from local.clouds.provider.types.row import EVERY, Family, Naming, ResourceType
from local.clouds.provider.types.spelling import parts, plural
from local.clouds.provider.wire import Properties

PROJECT = "novaretail-local"
REGION = "europe-west1"
_IDENTITY = frozenset({"project", "region", "zone", "location"})

ROWS = (
    ResourceType(
        "gcp:compute/externalVpnGateway:ExternalVpnGateway", replaces={"description", "interfaces", "redundancyType"}
    ),
    ResourceType("gcp:compute/firewall:Firewall", replaces={"direction", "network"}),
    ResourceType(
        "gcp:compute/haVpnGateway:HaVpnGateway",
        replaces={"description", "gatewayIpVersion", "network", "stackType"},
        computed=vpn.INTERFACES,
    ),
    ResourceType("gcp:compute/network:Network", replaces={"autoCreateSubnetworks", "description"}),
    ResourceType("gcp:compute/route:Route", replaces=EVERY),
    ResourceType("gcp:compute/router:Router", replaces={"encryptedInterconnectRouter", "network"}),
    ResourceType("gcp:compute/routerInterface:RouterInterface", replaces=EVERY),
    ResourceType("gcp:compute/routerPeer:RouterPeer", replaces={"interface", "router"}),
    ResourceType("gcp:compute/routerRoutePolicy:RouterRoutePolicy", replaces={"router"}),
    ResourceType("gcp:compute/subnetwork:Subnetwork", replaces={"description", "network", "purpose"}),
    ResourceType(
        "gcp:compute/vPNTunnel:VPNTunnel",
        replaces={
            "cipherSuite",
            "description",
            "ikeVersion",
            "localTrafficSelectors",
            "peerExternalGateway",
            "peerExternalGatewayInterface",
            "peerGcpGateway",
            "peerIp",
            "remoteTrafficSelectors",
            "router",
            "sharedSecret",
            "targetVpnGateway",
            "vpnGateway",
            "vpnGatewayInterface",
        },
    ),
    ResourceType("gcp:pubsub/schema:Schema", live=".pubsub:Schema"),
    ResourceType(
        "gcp:pubsub/subscription:Subscription",
        live=".pubsub:Subscription",
        replaces={"enableMessageOrdering", "filter", "topic"},
    ),
    ResourceType("gcp:pubsub/topic:Topic", live=".pubsub:Topic"),
)


def _naming(shape: Shape) -> Naming | None:
    named = shape.inputs.get("name")
    if named is None or named.required or named.type.kind != "string":
        return None
    return Naming("name", 63, lower=True, letters=r"[^a-z0-9-]")


def _id(shape: Shape, given: Properties, random: str) -> str:
    module, kind = parts(shape.token)
    place = given.get("region") or given.get("zone")
    location = f"{'regions' if given.get('region') else 'zones'}/{place}" if place else "global"
    scope = f"projects/{given.get('project') or PROJECT}"
    middle = f"{scope}/{location}" if module == "compute" else scope
    return f"{middle}/{plural(kind)}/{given.get('name') or random[:12]}"


def _known(row: ResourceType, shape: Shape, id: str, given: Properties) -> Properties:
    module, _ = parts(shape.token)
    link = f"https://www.googleapis.com/{module}/v1/{id}"
    found = {"project": PROJECT, "selfLink": link, "region": REGION}
    if "email" in shape.outputs:
        found["email"] = f"{given.get('accountId')}@{given.get('project') or PROJECT}.iam.gserviceaccount.com"
        found["member"] = f"serviceAccount:{found['email']}"
    return found


def _replaces(shape: Shape, argument: str) -> bool:
    # A plain text property may be called `name` as well; the identity is an output too.
    return argument in _IDENTITY or (argument == "name" and "name" in shape.outputs)


FAMILY = Family(naming=_naming, id=_id, known=_known, replaces=_replaces)
