"""The platform's rules, each a function from a resource to what is wrong with it.

Plain Python without Pulumi's policy SDK, so that tests need no engine; `__main__.py` makes the policy pack of them.
What is not known before the resource exists is UNKNOWN: it counts as given, and the engine asks again during `up`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Unknown:
    """A value that the engine does not know yet."""

    def __repr__(self) -> str:
        return "(known after the update)"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Resource:
    """What the engine is about to create or change; `props` have camelCase names."""

    type: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False
    urn: str = ""

    @property
    def stack(self) -> str:
        """The stack, as the URN has it: urn:pulumi:prod::novaretail::..."""
        return self.urn.split("::")[0].removeprefix("urn:pulumi:")


@dataclass(frozen=True)
class Rule:
    """A named rule; `check` looks at one resource, `across` at all of a stack."""

    name: str
    description: str
    check: Callable[[Resource], Iterator[str]] | None = None
    across: Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]] | None = None


EVERYBODY = {"0.0.0.0/0", "::/0"}
WAYS_OUT = {
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/eip:Eip",
    "aws:lambda/functionUrl:FunctionUrl",
}
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def private(resource: Resource) -> Iterator[str]:
    """Nothing has a way to or from the internet."""
    props = resource.props
    if resource.type in WAYS_OUT:
        yield "the platform has no way to or from the internet; use an endpoint of the VPC"
    for name in ("publiclyAccessible", "mapPublicIpOnLaunch", "associatePublicIpAddress"):
        if props.get(name) is True:
            yield f"{name} must be false"
    if resource.type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
        for name in BLOCKS:
            if props.get(name) is not True and props.get(name) is not UNKNOWN:
                yield f"{name} must be true"
    if "securityGroup" in resource.type:
        blocks = [props.get("cidrIpv4"), props.get("cidrIpv6")]
        for rule in [*_list(props.get("ingress")), *_list(props.get("egress"))]:
            blocks += [*_list(rule.get("cidrBlocks")), *_list(rule.get("ipv6CidrBlocks"))]
        for block in blocks:
            if isinstance(block, str) and block in EVERYBODY:
                yield f"{block} is everybody; name a security group, a prefix list or an address range"
    for statement in statements(resource):
        if statement["Effect"] == "Allow" and _anybody(statement.get("Principal")) and not statement.get("Condition"):
            yield "a statement allows everybody without a condition"


KEYS: dict[str, tuple[str, ...]] = {
    "aws:cloudtrail/trail:Trail": ("kmsKeyId",),
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId",),
    "aws:dms/s3Endpoint:S3Endpoint": ("serverSideEncryptionKmsKeyId",),
    "aws:lambda/function:Function": ("kmsKeyArn",),
    "aws:msk/cluster:Cluster": ("encryptionInfo", "encryptionAtRestKmsKeyArn"),
    "aws:rds/instance:Instance": ("kmsKeyId",),
    "aws:redshiftserverless/namespace:Namespace": ("kmsKeyId",),
    "aws:secretsmanager/secret:Secret": ("kmsKeyId",),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:sqs/queue:Queue": ("kmsMasterKeyId",),
    "gcp:pubsub/topic:Topic": ("kmsKeyName",),
}
"""Where a type takes its key."""
ACCESS_LOGS = re.compile(r"^novaretail-[\w-]+-access-logs$")
"""S3 delivers server access logs only to buckets with its own keys (S3 user guide, enabling server access logging)."""


def encrypted(resource: Resource) -> Iterator[str]:
    """What is kept is encrypted with a key of the platform's, what moves with TLS."""
    way = KEYS.get(resource.type)
    if way and not _at(resource.props, *way):
        yield f"{'.'.join(way)} must name a key of the platform's"
    if resource.type == "aws:rds/instance:Instance" and resource.props.get("storageEncrypted") is not True:
        yield "storageEncrypted must be true"
    if resource.type == "aws:msk/cluster:Cluster":
        transit = _at(resource.props, "encryptionInfo", "encryptionInTransit", "clientBroker")
        if transit not in ("TLS", UNKNOWN) and resource.stack != "local":  # the one broker of this machine has no TLS
            yield "encryptionInfo.encryptionInTransit.clientBroker must be TLS"
    if resource.type.endswith(":BucketServerSideEncryptionConfiguration"):
        bucket = resource.props.get("bucket")
        if isinstance(bucket, str) and ACCESS_LOGS.match(bucket):
            return
        for rule in _list(resource.props.get("rules")):
            chosen = rule.get("applyServerSideEncryptionByDefault") or {}
            if chosen is not UNKNOWN and (chosen.get("sseAlgorithm") != "aws:kms" or not chosen.get("kmsMasterKeyId")):
                yield "a bucket's default encryption must be aws:kms with a key of the platform's"


REQUIRED_TAGS = ("Project", "Environment", "Owner", "CostCenter", "Repository", "ManagedBy")
UNTAGGED = frozenset(Path(__file__).with_name("untagged.txt").read_text("utf-8").split())
"""AWS types that take no tags, as the SDK has them (`python -m tests.policy.untagged`)."""


def tagged(resource: Resource) -> Iterator[str]:
    """Everything that takes tags says whose it is, what it costs and where it comes from."""
    if not resource.type.startswith("aws:") or resource.type in UNTAGGED:
        return
    tags = resource.props.get("tags")
    if tags is UNKNOWN:
        return
    missing = [name for name in REQUIRED_TAGS if name not in (tags or {})]
    if missing:
        yield f"the tags {', '.join(missing)} are missing"


THE_ONE_USER = re.compile(r"novaretail-[a-z]+-data-factory")
"""Azure Data Factory's connector of S3 takes no role (components/share/exchange_access.py)."""


def bounded(resource: Resource) -> Iterator[str]:
    """No role can be given more than its boundary, and no user but the one that cannot take a role."""
    if resource.type in ("aws:iam/role:Role", "aws:iam/user:User") and not resource.props.get("permissionsBoundary"):
        yield "permissionsBoundary must name the account's boundary"
    named = {"aws:iam/user:User": "name", "aws:iam/accessKey:AccessKey": "user"}.get(resource.type)
    if named:
        name = resource.props.get(named)
        if name is not UNKNOWN and not (isinstance(name, str) and THE_ONE_USER.fullmatch(name)):
            yield "people and machines take roles; there are no users and no standing keys but Azure Data Factory's"


WITHOUT_RESOURCE_LEVEL = re.compile(
    r"^(ec2:Describe(\w+|\*)"
    r"|cloudwatch:PutMetricData"
    r"|route53:(CreateHostedZone|ListHostedZones\w*)"
    r"|redshift-data:((Cancel|Describe)Statement|GetStatementResult|ListStatements)"
    r"|logs:(GetQueryResults|StopQuery)"
    r"|xray:(Put|GetSampling)(\w+|\*)"
    r"|logs:(\w+LogDelivery|\*LogDelivery|ListLogDeliveries|\*ResourcePolic\*|(Describe|Put)ResourcePolic\w+"
    r"|DescribeLogGroups))$"
)
"""Actions for which the service authorization reference lists no resource."""
GRANTS = {"aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/policy:Policy"}


def narrow(resource: Resource) -> Iterator[str]:
    """Grants name their actions and resources."""
    if resource.type == "aws:iam/rolePolicyAttachment:RolePolicyAttachment":
        arn = resource.props.get("policyArn")
        if isinstance(arn, str) and arn.endswith(("/AdministratorAccess", "/PowerUserAccess", "FullAccess")):
            yield f"{arn} allows a whole service or more"
    if resource.type not in GRANTS:
        return
    for statement in statements(resource):
        if statement["Effect"] != "Allow":
            continue
        actions = [action for action in _list(statement.get("Action")) if isinstance(action, str)]
        for action in actions:
            whole = action.endswith(":*") and resource.type != "aws:iam/policy:Policy"
            if action == "*" or whole:
                yield f"{action} allows a whole service; name the actions"
            elif "*" in _list(statement.get("Resource")) and not WITHOUT_RESOURCE_LEVEL.fullmatch(action):
                yield f"{action} on every resource; name the resources"
        if "NotAction" in statement or "NotResource" in statement:
            yield "NotAction and NotResource allow what does not exist yet; name what is allowed"


def retained(resource: Resource) -> Iterator[str]:
    """Logs are kept for a time that somebody chose."""
    if resource.type == "aws:cloudwatch/logGroup:LogGroup" and not resource.props.get("retentionInDays"):
        yield "retentionInDays must be given; without it logs are kept, and paid, for ever"


STATEFUL = {
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:glue/catalogTable:CatalogTable",
    "aws:glue/registry:Registry",
    "aws:glue/schema:Schema",
    "aws:msk/cluster:Cluster",
    "aws:msk/topic:Topic",
    "aws:dms/replicationConfig:ReplicationConfig",
    "aws:rds/instance:Instance",
    "aws:redshiftserverless/namespace:Namespace",
    "aws:redshiftserverless/workgroup:Workgroup",
    "aws:organizations/account:Account",
    "aws:organizations/organization:Organization",
    "azure-native:keyvault:Vault",
    "azure-native:storage:BlobContainer",
    "azure-native:storage:BlobServiceProperties",
    "azure-native:storage:StorageAccount",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/keyRing:KeyRing",
    "gcp:pubsub/schema:Schema",
    "gcp:pubsub/topic:Topic",
    "gcp:pubsub/subscription:Subscription",
    "aws:organizations/organizationalUnit:OrganizationalUnit",
    "aws:sqs/queue:Queue",
}
KEEPING = {"prod", "organization"}
"""The stacks whose data must survive a mistake."""
REBUILT = re.compile(r"^novaretail-\w+-code$")
"""The bucket of code, which every update makes again from the repository."""


def protected(resource: Resource) -> Iterator[str]:
    """What holds data cannot be deleted or replaced by accident."""
    bucket = resource.props.get("bucket")
    rebuilt = isinstance(bucket, str) and REBUILT.match(bucket)
    if resource.type in STATEFUL and resource.stack in KEEPING and not resource.protect and not rebuilt:
        yield "it holds data: give it the options of Place.stateful"


GUARDS = {
    "BucketPublicAccessBlock": "is not closed to the public",
    "BucketOwnershipControls": "lets others own objects",
    "BucketVersioning": "has no versions",
    "BucketServerSideEncryptionConfiguration": "has no key",
    "BucketPolicy": "has no policy, so plain HTTP is let in",
}


def guarded(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every bucket has all of its guards."""
    guards: dict[str, set[Any]] = {kind: set() for kind in GUARDS}
    unsure = False
    for resource in resources:
        kind = resource.type.rsplit(":", 1)[-1]
        if resource.type.startswith("aws:s3/") and kind in guards:
            bucket = resource.props.get("bucket")
            unsure = unsure or bucket is UNKNOWN
            guards[kind].add(bucket if isinstance(bucket, str) else None)
    for resource in resources:
        if resource.type != "aws:s3/bucket:Bucket" or unsure or not isinstance(resource.props.get("bucket"), str):
            continue
        for kind, what in GUARDS.items():
            if resource.props["bucket"] not in guards[kind]:
                yield resource, f"the bucket {what}: there is no {kind} for it"


RULES = [
    Rule("private", "Nothing has a way to or from the internet.", private),
    Rule("encrypted", "What is kept is encrypted with a key of the platform's, what moves with TLS.", encrypted),
    Rule("tagged", "Everything that takes tags has the required ones.", tagged),
    Rule("bounded", "Every role has a permission boundary; there is one user, of Azure Data Factory.", bounded),
    Rule("narrow", "Grants name their actions and resources.", narrow),
    Rule("retained", "Every log group has a retention.", retained),
    Rule("protected", "What holds data is protected where data is kept.", protected),
    Rule("guarded", "Every bucket has all of its guards.", across=guarded),
]

DOCUMENTS = ("policy", "assumeRolePolicy", "inlinePolicy")


def statements(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """The statements of a resource's policy documents, as far as they are known."""
    for name in DOCUMENTS:
        text = resource.props.get(name)
        if isinstance(text, str) and text.lstrip().startswith("{"):
            found = json.loads(text).get("Statement", [])
            yield from [found] if isinstance(found, Mapping) else found


def _anybody(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return any("*" in _list(who) for who in principal.values())
    return principal == "*"


def _list(value: Any) -> list[Any]:
    if value is None or value is UNKNOWN:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _at(props: Mapping[str, Any], *way: str) -> Any:
    value: Any = props
    for name in way:
        if value is UNKNOWN or value is None:
            return value
        value = value.get(name)
    return value
