"""Holds arguments against CloudFormation's schemas of the resource types, with what cfn-lint adds to them.

They know what botocore's models do not: which arguments need or exclude each other, and what a region offers. A
resource's arguments are written in the schema's names first; what has no name there is returned as unmatched.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cfnlint
from cfnlint.jsonschema import StandardValidator, ValidationError

from tests.acceptance.models import Checked
from tests.acceptance.operations import CALLS, PROVIDERS_OWN
from tests.graphs.sent import Finding, Made, Unknowns, normal, unindexed

REGION = "eu-west-1"
FOLDER = Path(cfnlint.__file__).parent / "data" / "schemas"
ABSENT = "-"
"""The name of an argument that CloudFormation's type does not have, or takes in a form of its own."""
ADVICE = {"engine_version_deprecated.json"}
"""What AWS still takes: the list has bare major versions too, which stand for the newest minor one."""
ANY_TEXT = ("pattern", "enum", "enumCaseInsensitive", "const", "minLength", "maxLength", "format", "not", "type")
"""Rules that a made-up id or ARN may break."""


@dataclass(frozen=True)
class Template:
    """Which CloudFormation type a resource is, and where in it its arguments are."""

    type: str
    below: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()


def _as(type_: str, *below: str, given: str = "", absent: str = "", **renames: str) -> Template:
    names = {key.replace("__", "."): value for key, value in renames.items()} | dict.fromkeys(absent.split(), ABSENT)
    return Template(f"AWS::{type_}", below, names, frozenset(given.split()))


_BUCKET = "bucket expectedBucketOwner"
TEMPLATES: dict[str, Template] = {
    "aws:appautoscaling/policy:Policy": _as("ApplicationAutoScaling::ScalingPolicy"),
    "aws:appautoscaling/target:Target": _as("ApplicationAutoScaling::ScalableTarget", absent="tags"),
    "aws:accessanalyzer/analyzer:Analyzer": _as(
        "AccessAnalyzer::Analyzer", configuration__unusedAccess="UnusedAccessConfiguration"
    ),
    "aws:cloudtrail/trail:Trail": _as("CloudTrail::Trail", given="IsLogging", enableLogging="IsLogging"),
    "aws:cloudwatch/eventBus:EventBus": _as("Events::EventBus"),
    "aws:cloudwatch/eventRule:EventRule": _as("Events::Rule"),
    "aws:cloudwatch/logGroup:LogGroup": _as("Logs::LogGroup"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _as(
        "Logs::MetricFilter",
        pattern="FilterPattern",
        name="FilterName",
        metricTransformation__name="MetricName",
        metricTransformation__namespace="MetricNamespace",
        metricTransformation__value="MetricValue",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _as(
        "CloudWatch::Alarm",
        metricQueries="Metrics",
        metricQueries__metric="MetricStat",
        metricQueries__metric__metricName="Metric.MetricName",
        metricQueries__metric__namespace="Metric.Namespace",
        metricQueries__metric__dimensions="Metric.Dimensions",
    ),
    "aws:dms/certificate:Certificate": _as("DMS::Certificate", absent="tags", certificateId="CertificateIdentifier"),
    "aws:dms/endpoint:Endpoint": _as(
        "DMS::Endpoint",
        postgresSettings="PostgreSqlSettings",
        secretsManagerArn="PostgreSqlSettings.SecretsManagerSecretId",
        secretsManagerAccessRoleArn="PostgreSqlSettings.SecretsManagerAccessRoleArn",
    ),
    "aws:dms/replicationConfig:ReplicationConfig": _as("DMS::ReplicationConfig", absent="startReplication"),
    "aws:dms/s3Endpoint:S3Endpoint": _as(
        "DMS::Endpoint",
        given="EngineName",
        bucketName="S3Settings.BucketName",
        bucketFolder="S3Settings.BucketFolder",
        compressionType="S3Settings.CompressionType",
        encryptionMode="S3Settings.EncryptionMode",
        serverSideEncryptionKmsKeyId="S3Settings.ServerSideEncryptionKmsKeyId",
        serviceAccessRoleArn="S3Settings.ServiceAccessRoleArn",
    ),
    "aws:ec2/flowLog:FlowLog": _as("EC2::FlowLog", given="ResourceType"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _as("EC2::SubnetRouteTableAssociation"),
    "aws:ec2/securityGroup:SecurityGroup": _as("EC2::SecurityGroup", description="GroupDescription"),
    "aws:ec2transitgateway/transitGateway:TransitGateway": _as("EC2::TransitGateway"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": _as(
        "EC2::TransitGatewayVpcAttachment",
        absent="transitGatewayDefaultRouteTableAssociation transitGatewayDefaultRouteTablePropagation",
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": _as("Glue::Database", given="CatalogId", absent="tags"),
    "aws:glue/connection:Connection": _as("Glue::Connection", given="CatalogId", absent="tags"),
    "aws:glue/registry:Registry": _as("Glue::Registry", registryName="Name"),
    "aws:glue/schema:Schema": _as("Glue::Schema", schemaName="Name", registryArn="Registry.Arn"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _as("IAM::OIDCProvider"),
    "aws:iam/policy:Policy": _as("IAM::ManagedPolicy", absent="tags"),
    "aws:kms/key:Key": _as("KMS::Key", deletionWindowInDays="PendingWindowInDays"),
    "aws:lambda/function:Function": _as("Lambda::Function", absent="code", given="Code"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _as(
        "Lambda::EventInvokeConfig", given="Qualifier"
    ),
    "aws:lambda/layerVersion:LayerVersion": _as("Lambda::LayerVersion", absent="code", given="Content"),
    "aws:msk/cluster:Cluster": _as(
        "MSK::Cluster",
        brokerNodeGroupInfo__azDistribution="BrokerAZDistribution",
        encryptionInfo__encryptionAtRestKmsKeyArn="EncryptionAtRest.DataVolumeKMSKeyId",
    ),
    "aws:msk/configuration:Configuration": _as("MSK::Configuration", kafkaVersions="KafkaVersionsList"),
    "aws:mskconnect/connector:Connector": _as("KafkaConnect::Connector"),
    "aws:mskconnect/customPlugin:CustomPlugin": _as("KafkaConnect::CustomPlugin"),
    "aws:mskconnect/workerConfiguration:WorkerConfiguration": _as("KafkaConnect::WorkerConfiguration"),
    "aws:organizations/account:Account": _as(
        "Organizations::Account", absent="closeOnDeletion iamUserAccessToBilling", parentId="ParentIds"
    ),
    "aws:organizations/organization:Organization": _as(
        "Organizations::Organization", absent="awsServiceAccessPrincipals enabledPolicyTypes"
    ),
    "aws:rds/instance:Instance": _as(
        "RDS::DBInstance",
        absent="applyImmediately skipFinalSnapshot finalSnapshotIdentifier",
        masterUserSecretKmsKeyId="MasterUserSecret.KmsKeyId",
        vpcSecurityGroupIds="VPCSecurityGroups",
    ),
    "aws:rds/parameterGroup:ParameterGroup": _as("RDS::DBParameterGroup", given="Description", absent="parameters"),
    "aws:rds/subnetGroup:SubnetGroup": _as("RDS::DBSubnetGroup"),
    "aws:redshiftserverless/namespace:Namespace": _as("RedshiftServerless::Namespace"),
    "aws:redshiftserverless/workgroup:Workgroup": _as("RedshiftServerless::Workgroup"),
    "aws:route53/zone:Zone": _as("Route53::HostedZone"),
    "aws:s3/bucket:Bucket": _as("S3::Bucket", bucket="BucketName"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _as(
        "S3::Bucket", "LifecycleConfiguration", absent=_BUCKET
    ),
    "aws:s3/bucketLogging:BucketLogging": _as(
        "S3::Bucket",
        "LoggingConfiguration",
        absent=_BUCKET,
        targetBucket="DestinationBucketName",
        targetPrefix="LogFilePrefix",
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _as(
        "S3::Bucket", "ObjectLockConfiguration", absent=_BUCKET
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _as("S3::Bucket", "OwnershipControls", absent=_BUCKET),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _as(
        "S3::Bucket", "PublicAccessBlockConfiguration", absent=_BUCKET
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _as(
        "S3::Bucket",
        "BucketEncryption",
        absent=_BUCKET,
        rules="ServerSideEncryptionConfiguration",
        rules__applyServerSideEncryptionByDefault="ServerSideEncryptionByDefault",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _as("S3::Bucket", bucket="BucketName"),
    "aws:secretsmanager/secret:Secret": _as("SecretsManager::Secret", absent="recoveryWindowInDays"),
    "aws:sfn/stateMachine:StateMachine": _as(
        "StepFunctions::StateMachine", definition="DefinitionString", absent="loggingConfiguration.logDestination"
    ),
    "aws:sns/topicPolicy:TopicPolicy": _as("SNS::TopicPolicy", arn="Topics"),
    "aws:sns/topicSubscription:TopicSubscription": _as("SNS::Subscription"),
    "aws:sqs/queue:Queue": _as(
        "SQS::Queue",
        maxMessageSize="MaximumMessageSize",
        messageRetentionSeconds="MessageRetentionPeriod",
        receiveWaitTimeSeconds="ReceiveMessageWaitTimeSeconds",
        visibilityTimeoutSeconds="VisibilityTimeout",
        sqsManagedSseEnabled="SqsManagedSseEnabled",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _as("SQS::QueuePolicy", queueUrl="Queues"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _as(
        "EC2::SecurityGroupEgress",
        absent="tags",
        cidrIpv4="CidrIp",
        prefixListId="DestinationPrefixListId",
        referencedSecurityGroupId="DestinationSecurityGroupId",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _as(
        "EC2::SecurityGroupIngress",
        absent="tags",
        cidrIpv4="CidrIp",
        prefixListId="SourcePrefixListId",
        referencedSecurityGroupId="SourceSecurityGroupId",
    ),
}
"""Where the name of the type alone does not tell."""


@functools.cache
def offered() -> dict[str, str]:
    """The types that the region has, and the files of their schemas."""
    return dict(json.loads((FOLDER / "providers" / f"{REGION}.json").read_text("utf-8")))


def template(type_: str) -> Template | None:
    """The CloudFormation type of a resource type; None if there is none of about that name."""
    if type_ in TEMPLATES:
        return TEMPLATES[type_]
    _, module, kind = type_.split(":")
    return _by_name().get(normal(module.split("/")[0]) + normal(kind))


@functools.cache
def _by_name() -> dict[str, Template]:
    return {"".join(map(normal, name.split("::")[1:])): Template(name) for name in offered()}


@functools.cache
def _schema(name: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / "resources" / f"{offered()[name]}.json").read_text("utf-8")))


@functools.cache
def _validators(name: str, below: tuple[str, ...]) -> tuple[StandardValidator, ...]:
    schema = _schema(name)
    part: dict[str, Any] = schema
    for step in below:
        part = _resolved(schema, part["properties"][step])
    first = StandardValidator({**part, "definitions": schema.get("definitions", {})})
    if below:
        return (first,)
    folder = FOLDER / "extensions" / name.replace("::", "_").lower()
    return first, *(
        StandardValidator(json.loads(file.read_text("utf-8")))
        for file in sorted(folder.glob("*.json"))
        if file.name not in ADVICE
    )


def check(resource: Made, template: Template, unknowns: Unknowns) -> Checked:
    checked = Checked()
    schema = _schema(template.type)
    part: dict[str, Any] = schema
    for step in template.below:
        part = _resolved(schema, part["properties"][step])
    written = _Writer(schema, template, resource.type, checked).object("", part, dict(resource.arguments), top=True)
    for validator in _validators(template.type, template.below):
        for error in validator.iter_errors(written):
            for leaf in _leaves(error, unknowns):
                if leaf.validator == "required" and any(f"'{name}'" in leaf.message for name in template.given):
                    continue
                path = ".".join(map(str, leaf.path))
                why = f"{leaf.message} ({template.type})"
                checked.findings.append(Finding(resource.name, resource.type, path, str(leaf.validator), why))
    return checked


def _leaves(error: ValidationError, unknowns: Unknowns) -> Iterator[ValidationError]:
    """The error, unless a value that only the mocks made up may be why."""
    if error.context and any(not list(_leaves(child, unknowns)) for child in error.context):
        return
    if error.validator in ANY_TEXT and unknowns.made_up(error.instance):
        return
    yield error


class _Writer:
    """Writes a provider's arguments with the names and in the forms of a schema."""

    def __init__(self, schema: Mapping[str, Any], template: Template, type_: str, checked: Checked) -> None:
        self._schema, self._template, self._type, self._checked = schema, template, type_, checked

    def object(self, path: str, schema: Mapping[str, Any], given: Mapping[str, Any], *, top: bool = False) -> Any:
        properties = _properties(self._schema, schema)
        written: dict[str, Any] = {}
        for name, value in given.items():
            here = f"{path}.{name}" if path else name
            if value is None or (top and name in PROVIDERS_OWN):
                continue
            if self._template.renames.get(unindexed(here)) == ABSENT:
                continue
            way = self._way(properties, here, name, top=top)
            if way is None:
                self._checked.unmatched.append(here)
                continue
            self._checked.matched += 1
            if len(way) == 1:
                whole = self.value(here, properties[way[0]], value)
                part = written.get(way[0])
                written[way[0]] = {**part, **whole} if isinstance(part, dict) and isinstance(whole, dict) else whole
            else:
                below = _properties(self._schema, _resolved(self._schema, properties[way[0]]))[way[1]]
                written.setdefault(way[0], {})[way[1]] = self.value(here, below, value)
        return written

    def _way(self, properties: Mapping[str, Any], path: str, name: str, *, top: bool) -> list[str] | None:
        """The name of an argument in the schema, with that of the object around it if it has one of its own there."""
        path = unindexed(path)
        if path in self._template.renames:
            return self._template.renames[path].split(".")
        names = {normal(key): key for key in properties}
        call = CALLS.get(self._type)
        spelt = [normal(call.renames[path])] if call and path in call.renames else []
        if top:
            kinds = (normal(self._type.rsplit(":", 1)[-1]), normal(self._template.type.rsplit("::", 1)[-1]))
            spelt += [normal(name), *(kind + normal(name) for kind in kinds), normal(name) + "document"]
        else:
            parent = normal(path.rsplit(".", 2)[-2].split("[")[0])
            spelt += [normal(name), parent + normal(name), normal(name) + "location", normal(name) + "arn"]
        for one in spelt:
            if one in names:
                return [names[one]]
        inner = [
            [outer, key]
            for outer, below in properties.items()
            if top
            for key in _properties(self._schema, _resolved(self._schema, below))
            if normal(key) == normal(name)
        ]
        return inner[0] if len(inner) == 1 else None

    def value(self, path: str, schema: Mapping[str, Any], value: Any) -> Any:
        schema = _resolved(self._schema, schema)
        kind = schema.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if "array" in kinds:
            item = _resolved(self._schema, schema.get("items", {}))
            pair = sorted(item.get("properties", {}), key=lambda name: str(name).endswith("Value"))
            if isinstance(value, Mapping) and len(pair) == 2 and pair[1].endswith("Value"):
                self._checked.matched += len(value)
                return [
                    {pair[0]: key, pair[1]: self.value(path, item["properties"][pair[1]], one)}
                    for key, one in value.items()
                ]
            items = value if isinstance(value, list) else [value]
            return [self.value(f"{path}[{index}]", item, one) for index, one in enumerate(items)]
        properties = _properties(self._schema, schema)
        if isinstance(value, bool) and "Enabled" in properties:
            return {"Enabled": value}
        if isinstance(value, list) and len(properties) == 1 and not any(isinstance(one, Mapping) for one in value):
            return {name: self.value(path, below, value) for name, below in properties.items()}
        if properties:
            one = value[0] if isinstance(value, list) and len(value) == 1 else value
            return self.object(path, schema, one) if isinstance(one, Mapping) else one
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if "object" in kinds and isinstance(value, str) and value.startswith("{"):
            return json.loads(value)
        if "string" in kinds and isinstance(value, int | float):
            return str(value).lower()
        if isinstance(value, str) and {"integer", "number"} & set(kinds) and value.lstrip("-").isdigit():
            return int(value)
        return value


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _properties(root: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(schema.get("properties", {}))
    for way in ("allOf", "anyOf", "oneOf"):
        for member in schema.get(way, ()):
            if isinstance(member, Mapping):
                inner = _properties(root, _resolved(root, member))
                found |= {name: value for name, value in inner.items() if name not in found}
    return found
