"""The outputs that a provider computes, for resources that are kept as state only.

In a preview they are unknown, as a real preview has them. After a creation they have the right form for
their type (an ARN, an id with its service's prefix, a path below a project or subscription), so that
whatever a program builds from them looks as it does in the cloud. They identify nothing that exists.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from local.clouds.provider import names
from local.clouds.provider.shapes import Field, Shape, Type
from local.clouds.provider.wire import UNKNOWN, Properties, reveal
from local.site import ACCOUNT, REGION


@dataclass(frozen=True)
class Place:
    """The account and region that an instance of the AWS provider works in."""

    account: str = ACCOUNT
    region: str = REGION


place: ContextVar[Place] = ContextVar("place", default=Place())  # noqa: B039 - frozen
"""Of the call that is being answered."""

GCP_PROJECT = "novaretail-local"
GCP_PROJECT_NUMBER = "123456789012"
GCP_REGION = "europe-west1"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-0000000000aa"
MADE_AT = "2026-01-01T00:00:00Z"

_EC2_IDS = {
    "customerGateway": "cgw", "defaultSecurityGroup": "sg", "egressOnlyInternetGateway": "eigw", "eip": "eipalloc",
    "flowLog": "fl", "internetGateway": "igw", "managedPrefixList": "pl", "natGateway": "nat", "networkAcl": "acl",
    "networkInterface": "eni", "routeTable": "rtb", "routeTableAssociation": "rtbassoc", "securityGroup": "sg",
    "securityGroupRule": "sgrule", "subnet": "subnet", "vpc": "vpc", "vpcEndpoint": "vpce", "vpnConnection": "vpn",
    "vpnGateway": "vgw",
}  # fmt: skip
_EC2_ARNS = {"eip": "elastic-ip", "flowLog": "vpc-flow-log", "managedPrefixList": "prefix-list"}
_ARN_SERVICES = {
    "cfg": "config", "cloudwatch": "logs", "ec2transitgateway": "ec2", "msk": "kafka", "mskconnect": "kafkaconnect",
    "redshiftserverless": "redshift-serverless", "sfn": "states", "vpc": "ec2",
}  # fmt: skip
_ARNS: dict[str, Callable[[str, Properties], str]] = {
    "aws:cloudwatch/eventRule:EventRule": lambda id, p: _arn("events", f"rule/{id}"),
    "aws:cloudwatch/logGroup:LogGroup": lambda id, p: _arn("logs", f"log-group:{id}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda id, p: _arn("cloudwatch", f"alarm:{id}"),
    "aws:dms/replicationConfig:ReplicationConfig": lambda id, p: _arn("dms", f"replication-config:{digest(id, 26)}"),
    "aws:iam/policy:Policy": lambda id, p: (
        f"arn:aws:iam::{place.get().account}:policy{p.get('path') or '/'}{p.get('name', id)}"
    ),
    "aws:iam/role:Role": lambda id, p: f"arn:aws:iam::{place.get().account}:role{p.get('path') or '/'}{id}",
    "aws:lambda/function:Function": lambda id, p: _arn("lambda", f"function:{id}"),
    "aws:s3/bucket:Bucket": lambda id, p: f"arn:aws:s3:::{id}",
    "aws:scheduler/schedule:Schedule": lambda id, p: _arn("scheduler", f"schedule/{id}"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": lambda id, p: _arn("scheduler", f"schedule-group/{id}"),
    "aws:sns/topic:Topic": lambda id, p: _arn("sns", str(p.get("name", id))),
    "aws:sqs/queue:Queue": lambda id, p: _arn("sqs", str(p.get("name", id))),
}
_ORGANIZATION_IDS: dict[str, Callable[[str], str]] = {
    "account": lambda name: str(int(digest(name, 10), 16)).zfill(12)[:12],
    "organization": lambda name: f"o-{digest(place.get().account, 10)}",  # an account has one at most
    "organizationalUnit": lambda name: f"ou-{digest(name, 4)}-{digest(name, 8)}",
    "policy": lambda name: f"p-{digest(name, 8)}",
}
_AZURE_PARENTS = {"Subnet": (("virtualNetworks", "virtualNetworkName"),)}
_ID_IS_ARN = frozenset({"aws:iam/policy:Policy", "aws:sns/topic:Topic"})


def complete(shape: Shape, id: str, arguments: Mapping[str, Any], *, preview: bool) -> Properties:
    """All outputs of a resource: its arguments, and what the provider computes.

    An output that the SDK marks as always present is computed; one that was left away and may be absent
    stays absent, as it does with a provider that has no default for it.
    """
    found: Properties = {k: v for k, v in arguments.items() if v is not None and not k.startswith("__")}
    known = {} if preview else _known(shape, id, reveal(found))
    for name, field in shape.outputs.items():
        if name in ("id", "urn") or name in found:
            continue
        if name == "tagsAll":
            found[name] = arguments.get("tags") or {}
        elif name in known:
            found[name] = known[name]
        elif field.required or name not in shape.inputs:
            if preview:
                found[name] = UNKNOWN
            elif field.required:
                found[name] = _default(field.type) if name in shape.inputs else _plausible(name, field.type, shape, id)
    if shape.token.startswith("azure-native:"):
        _complete_inside(shape, id, found, preview=preview)
    return found


def _complete_inside(shape: Shape, id: str, found: Properties, *, preview: bool) -> None:
    """What the service adds inside an object that was given: the ids of an identity, the address of a vault."""
    for name, field in shape.outputs.items():
        value = found.get(name)
        if field.type.kind != "object" or not isinstance(value, dict):
            continue
        for part, inner in shape.objects[field.type.object].items():
            if inner.required and part not in value and inner.type.kind == "string":
                value = {**value, part: UNKNOWN if preview else _plausible(part, inner.type, shape, id)}
        found[name] = value


def identifier(shape: Shape, arguments: Mapping[str, Any]) -> str:
    """The id of a new resource that is only kept as state, in the form of its cloud.

    Where the form has no name in it the id is random, so that a replacement never has the id of the old one.
    """
    random = secrets.token_hex(16)
    given = reveal(dict(arguments))
    package, module, kind = _parts(shape.token)
    if package == "azure-native":
        return _azure_id(shape, module, kind, given, random)
    name = given.get("name")
    if package == "gcp":
        place = given.get("region") or given.get("zone")
        location = f"{'regions' if given.get('region') else 'zones'}/{place}" if place else "global"
        scope = f"projects/{given.get('project') or GCP_PROJECT}"
        middle = f"{scope}/{location}" if module == "compute" else scope
        return f"{middle}/{_plural(kind)}/{name or random[:12]}"
    if module == "organizations" and kind in _ORGANIZATION_IDS:
        return _ORGANIZATION_IDS[kind](str(name))
    if module in ("ec2", "vpc") and kind in _EC2_IDS:
        return f"{_EC2_IDS[kind]}-{random[:17]}"
    if module == "ec2transitgateway":
        prefix = {"transitGateway": "tgw", "routeTable": "tgw-rtb"}.get(kind, "tgw-attach")
        return f"{prefix}-{random[:17]}"
    if shape.token in _ID_IS_ARN:
        return _ARNS[shape.token](str(name), given)
    return name if isinstance(name, str) else given.get("bucket") or random[:26]


def digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{place.get().region}:{place.get().account}:{resource}"


def _known(shape: Shape, id: str, given: Properties) -> Properties:
    """Outputs that programs compose others from."""
    package, module, kind = _parts(shape.token)
    if package == "azure-native":
        return {"name": id.rsplit("/", 1)[-1], "type": f"Microsoft.{module.split('/')[0].title()}/{_plural(kind)}"}
    if package == "gcp":
        link = f"https://www.googleapis.com/{module}/v1/{id}"
        computed = {"project": GCP_PROJECT, "selfLink": link, "region": GCP_REGION}
        if "email" in shape.outputs:
            computed["email"] = (
                f"{given.get('accountId')}@{given.get('project') or GCP_PROJECT}.iam.gserviceaccount.com"
            )
            computed["member"] = f"serviceAccount:{computed['email']}"
        return computed
    if shape.token in _ARNS:
        arn = _ARNS[shape.token](id, given)
    elif module in ("ec2", "vpc", "ec2transitgateway"):
        arn = _arn("ec2", f"{_EC2_ARNS.get(kind) or _kebab(kind)}/{id}")
    else:
        arn = id if id.startswith("arn:") else _arn(_ARN_SERVICES.get(module, module), f"{_kebab(kind)}/{id}")
    account = place.get().account
    computed = {"arn": arn, "region": given.get("region") or place.get().region}
    computed |= {"catalogId": account, "ownerId": account}
    if (module, kind) == ("organizations", "organization"):
        return computed | {"roots": [{"id": f"r-{digest(id, 4)}", "name": "Root", "arn": f"{arn}/root"}]}
    if (module, kind) == ("rds", "instance") and given.get("manageMasterUserPassword"):
        secret = {"secretArn": _arn("secretsmanager", f"secret:rds!db-{digest(id, 12)}"), "secretStatus": "active"}
        return computed | {"masterUserSecrets": [secret]}
    return computed | (_endpoint_outputs(id) if kind == "vpcEndpoint" else {})


def _endpoint_outputs(id: str) -> Properties:
    name = f"{id}-{digest(id, 8)}.vpce.{place.get().region}.vpce.amazonaws.com"
    entry = {"dnsName": f"*.{name}", "hostedZoneId": f"Z{digest(id, 12).upper()}"}
    return {"dnsEntries": [entry], "state": "available"}


def _azure_id(shape: Shape, module: str, kind: str, given: Properties, random: str) -> str:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{given.get('resourceGroupName')}"
    if kind == "ResourceGroup":
        return group
    leaf = given.get(names.azure_name(shape) or "") or random[:8]
    parents = "".join(f"{kinds}/{given.get(argument)}/" for kinds, argument in _AZURE_PARENTS.get(kind, ()))
    return f"{group}/providers/Microsoft.{module.split('/')[0].title()}/{parents}{_plural(kind)}/{leaf}"


def _plausible(name: str, type_: Type, shape: Shape, id: str) -> Any:
    """A value of the declared type for a computed output that nothing is known about."""
    if type_.kind not in ("object", "string", "any", "union"):
        return _default(type_)
    if type_.kind == "object":
        fields: Mapping[str, Field] = shape.objects[type_.object]
        return {k: _plausible(k, f.type, shape, id) for k, f in fields.items() if f.required}
    if type_.values:
        return type_.values[0]
    return _plausible_text(name.lower(), name, id)


def _default(type_: Type) -> Any:
    """What a service reports for a setting that was left to it."""
    if type_.values:
        return type_.values[0]
    return {"boolean": False, "integer": 0, "number": 0, "list": [], "map": {}, "object": {}}.get(type_.kind, "")


def _plausible_text(lowered: str, name: str, id: str) -> str:
    if lowered in ("ownerid", "accountid", "registryid", "catalogid"):
        return place.get().account
    if lowered.endswith("arn"):
        return _arn("local", f"{name}/{digest(id + name, 12)}")
    if lowered in ("region", "location"):
        return place.get().region
    if "url" in lowered or "endpoint" in lowered or "uri" in lowered:
        return f"https://{digest(id + name, 12)}.local.invalid"
    if "time" in lowered or "date" in lowered or lowered.endswith("at"):
        return MADE_AT
    if "state" in lowered or "status" in lowered:
        return "Succeeded" if lowered == "provisioningstate" else "ACTIVE"
    return f"{name}-{digest(id + name, 8)}"


def _parts(token: str) -> tuple[str, str, str]:
    """`aws:s3/bucket:Bucket` as (aws, s3, bucket); `azure-native:network:VirtualNetwork` keeps its capital."""
    package, module, kind = token.split(":")
    return package, module.split("/")[0], module.split("/")[1] if "/" in module and package != "azure-native" else kind


def _plural(kind: str) -> str:
    first = kind[0].lower() + kind[1:]
    return first[:-1] + "ies" if first.endswith("y") and not first.endswith("ay") else first + "s"


def _kebab(kind: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind).lower()
