"""The resource types of Azure."""

from __future__ import annotations

from local.clouds.provider.shapes import Shape
from local.clouds.provider.types import vpn
from local.clouds.provider.types.row import Family, Naming, ResourceType
from local.clouds.provider.types.spelling import parts, plural
from local.clouds.provider.wire import Properties

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
_IDENTITY = frozenset({"resourceGroupName", "location"})
_PARENTS = {"Subnet": (("virtualNetworks", "virtualNetworkName"),)}

ROWS = (
    ResourceType(
        "azure-native:compute:VirtualMachine", free_text={"hardwareProfile.vmSize"}
    ),  # its text: "currently deprecated"
    ResourceType("azure-native:monitor:DiagnosticSetting", replaces={"resourceUri"}),
    ResourceType(
        "azure-native:network:PublicIPAddress",
        replaces={"publicIPAddressVersion", "publicIPPrefix", "sku"},
        computed=vpn.ADDRESS,
    ),
    ResourceType("azure-native:network:Subnet", replaces={"virtualNetworkName"}),
    ResourceType(
        "azure-native:storage:StorageAccount",
        naming=Naming("accountName", 24, lower=True, letters=r"[^a-z0-9]", digits=8, separator=""),
    ),
)


def name_argument(shape: Shape) -> str | None:
    """The argument that becomes `name`: optional, called `...Name`, and no output of its own."""
    if shape.token.endswith(":ResourceGroup"):
        return "resourceGroupName"
    candidates = (
        name
        for name, field in shape.inputs.items()
        if name.endswith("Name") and not field.required and name not in shape.outputs
    )
    return next(candidates, None)


def _naming(shape: Shape) -> Naming | None:
    argument = name_argument(shape)
    return Naming(argument, 80, digits=8, separator="") if argument else None


def _id(shape: Shape, given: Properties, random: str) -> str:
    module, kind = parts(shape.token)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{given.get('resourceGroupName')}"
    if kind == "ResourceGroup":
        return group
    leaf = given.get(name_argument(shape) or "") or random[:8]
    parents = "".join(f"{kinds}/{given.get(argument)}/" for kinds, argument in _PARENTS.get(kind, ()))
    return f"{group}/providers/Microsoft.{module.title()}/{parents}{plural(kind)}/{leaf}"


def _known(row: ResourceType, shape: Shape, id: str, given: Properties) -> Properties:
    module, kind = parts(shape.token)
    return {"name": id.rsplit("/", 1)[-1], "type": f"Microsoft.{module.title()}/{plural(kind)}"}


def _replaces(shape: Shape, argument: str) -> bool:
    return argument in _IDENTITY or argument == name_argument(shape)


# Azure's enums come from the very version of the API that is called. Those of AWS lag behind their services.
FAMILY = Family(naming=_naming, id=_id, known=_known, replaces=_replaces, completes_objects=True, closed_values=True)
