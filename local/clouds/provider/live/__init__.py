"""The types that really exist on a site: one small class each.

Everything else that a program declares is held against its SDK's schema and kept as state.
"""

from __future__ import annotations

import importlib

from local.clouds.provider.live.base import Clients, Live, PartlyMadeError

__all__ = ["LIVE_TYPES", "Clients", "Live", "PartlyMadeError", "live_class"]

LIVE_TYPES = {
    "aws:cloudwatch/eventRule:EventRule": "events.Rule",
    "aws:cloudwatch/eventTarget:EventTarget": "events.Target",
    "aws:cloudwatch/logGroup:LogGroup": "messaging.LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "events.MetricAlarm",
    "aws:dms/endpoint:Endpoint": "dms.Endpoint",
    "aws:dms/replicationConfig:ReplicationConfig": "dms.ReplicationConfig",
    "aws:dms/s3Endpoint:S3Endpoint": "dms.S3Endpoint",
    "aws:glue/catalogDatabase:CatalogDatabase": "glue.CatalogDatabase",
    "aws:glue/catalogTable:CatalogTable": "glue.CatalogTable",
    "aws:glue/job:Job": "glue.Job",
    "aws:glue/registry:Registry": "glue.Registry",
    "aws:glue/schema:Schema": "glue.Schema",
    "aws:iam/policy:Policy": "iam.Policy",
    "aws:iam/role:Role": "iam.Role",
    "aws:iam/rolePolicy:RolePolicy": "iam.RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "iam.RolePolicyAttachment",
    "aws:kms/alias:Alias": "kms.Alias",
    "aws:kms/key:Key": "kms.Key",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "lambda_.EventSourceMapping",
    "aws:lambda/function:Function": "lambda_.Function",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "lambda_.FunctionEventInvokeConfig",
    "aws:lambda/invocation:Invocation": "invocation.Invocation",
    "aws:lambda/layerVersion:LayerVersion": "lambda_.LayerVersion",
    "aws:lambda/permission:Permission": "lambda_.Permission",
    "aws:msk/cluster:Cluster": "msk.Cluster",
    "aws:msk/topic:Topic": "msk.Topic",
    "aws:mskconnect/connector:Connector": "connect.Connector",
    "aws:mskconnect/customPlugin:CustomPlugin": "connect.CustomPlugin",
    "aws:mskconnect/workerConfiguration:WorkerConfiguration": "connect.WorkerConfiguration",
    "aws:rds/instance:Instance": "rds.Instance",
    "aws:rds/parameterGroup:ParameterGroup": "rds.ParameterGroup",
    "aws:redshiftdata/statement:Statement": "redshift.Statement",
    "aws:redshiftserverless/namespace:Namespace": "redshift.Namespace",
    "aws:s3/bucket:Bucket": "s3.Bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3.BucketLifecycle",
    "aws:s3/bucketNotification:BucketNotification": "s3.BucketNotification",
    "aws:s3/bucketObject:BucketObject": "s3.BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2": "s3.BucketObjectv2",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3.BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "s3.BucketEncryption",
    "aws:s3/bucketVersioning:BucketVersioning": "s3.BucketVersioning",
    "aws:secretsmanager/secret:Secret": "secretsmanager.Secret",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretsmanager.SecretVersion",
    "aws:sfn/stateMachine:StateMachine": "sfn.StateMachine",
    "aws:sns/topic:Topic": "messaging.Topic",
    "aws:sqs/queue:Queue": "messaging.Queue",
    "gcp:pubsub/schema:Schema": "pubsub.Schema",
    "gcp:pubsub/subscription:Subscription": "pubsub.Subscription",
    "gcp:pubsub/topic:Topic": "pubsub.Topic",
}
"""Type token -> module and class below this package. A module is imported with the first resource of its types."""


def live_class(token: str) -> type[Live]:
    """The class of a live type; KeyError if it is none."""
    module, name = LIVE_TYPES[token].split(".")
    found: type[Live] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return found
