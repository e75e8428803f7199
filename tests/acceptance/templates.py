"""Which CloudFormation type a resource is: where its rules are among cfn-lint's schemas.

One entry a type of which the name alone does not tell, as for `operations`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cfnlint

from tests.graphs.sent import normal

REGION = "eu-west-1"
FOLDER = Path(cfnlint.__file__).parent / "data" / "schemas"
ABSENT = "-"
"""The name of an argument that CloudFormation's type does not have, or takes in a form of its own."""


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
