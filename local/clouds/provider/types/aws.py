"""The resource types of AWS."""

from __future__ import annotations

from local.clouds.provider import accounts
from local.clouds.provider.accounts import arn
from local.clouds.provider.shapes import Shape
from local.clouds.provider.types import vpn
from local.clouds.provider.types.aws_values import (
    account_number,
    by_arn,
    endpoint_names,
    formatted,
    master_secret,
    organization_id,
    policy_id,
    regional,
    roots,
    unit_id,
)
from local.clouds.provider.types.row import EVERY, Computed, Family, Naming, ResourceType
from local.clouds.provider.types.spelling import kebab, parts
from local.clouds.provider.wire import Properties

_EC2 = ("ec2", "vpc")
_EC2_IDS = {
    "customerGateway": "cgw", "defaultSecurityGroup": "sg", "egressOnlyInternetGateway": "eigw", "eip": "eipalloc",
    "flowLog": "fl", "internetGateway": "igw", "managedPrefixList": "pl", "natGateway": "nat", "networkAcl": "acl",
    "networkInterface": "eni", "routeTable": "rtb", "routeTableAssociation": "rtbassoc", "securityGroup": "sg",
    "securityGroupRule": "sgrule", "subnet": "subnet", "vpc": "vpc", "vpcEndpoint": "vpce", "vpnConnection": "vpn",
    "vpnGateway": "vgw",
}  # fmt: skip
_EC2_ARNS = {"eip": "elastic-ip", "flowLog": "vpc-flow-log", "managedPrefixList": "prefix-list"}
_ARN_SERVICES = {
    "cfg": "config", "cloudwatch": "logs", "msk": "kafka", "mskconnect": "kafkaconnect",
    "redshiftserverless": "redshift-serverless", "sfn": "states",
}  # fmt: skip
_IDENTITY = frozenset({"region", "namePrefix"})
_BUCKET = frozenset({"bucket"})
_POLICY = "arn:aws:iam::{account}:policy{path}{name}"
_TOPIC = regional("sns", "{name}")

ROWS = (
    ResourceType(
        "aws:cloudwatch/eventRule:EventRule",
        live=".events:Rule",
        naming=Naming("name", 64),
        arn=regional("events", "rule/{id}"),
        replaces={"eventBusName"},
    ),
    ResourceType(
        "aws:cloudwatch/eventTarget:EventTarget", live=".events:Target", replaces={"eventBusName", "rule", "targetId"}
    ),
    ResourceType(
        "aws:cloudwatch/logGroup:LogGroup", live=".messaging:LogGroup", arn=regional("logs", "log-group:{id}")
    ),
    ResourceType("aws:cloudwatch/logMetricFilter:LogMetricFilter", replaces={"logGroupName"}),
    ResourceType(
        "aws:cloudwatch/metricAlarm:MetricAlarm", live=".events:MetricAlarm", arn=regional("cloudwatch", "alarm:{id}")
    ),
    ResourceType("aws:dms/endpoint:Endpoint", live=".dms:Endpoint", replaces={"endpointId", "kmsKeyArn"}),
    ResourceType(
        "aws:dms/replicationConfig:ReplicationConfig",
        live=".dms:ReplicationConfig",
        arn=regional("dms", "replication-config:{digest:.26}"),
        replaces={"replicationConfigIdentifier", "resourceIdentifier"},
    ),
    ResourceType(
        "aws:dms/s3Endpoint:S3Endpoint", live=".dms:S3Endpoint", replaces={"endpointId", "endpointType", "kmsKeyArn"}
    ),
    ResourceType(
        "aws:ec2/customerGateway:CustomerGateway",
        replaces={"bgpAsn", "bgpAsnExtended", "certificateArn", "deviceName", "ipAddress", "type"},
    ),
    ResourceType(
        "aws:ec2/flowLog:FlowLog", replaces={"iamRoleArn", "logDestination", "logFormat", "trafficType", "vpcId"}
    ),
    ResourceType("aws:ec2/route:Route", replaces={"destinationCidrBlock", "destinationPrefixListId", "routeTableId"}),
    ResourceType("aws:ec2/routeTable:RouteTable", replaces={"vpcId"}),
    ResourceType("aws:ec2/routeTableAssociation:RouteTableAssociation", replaces={"gatewayId", "subnetId"}),
    ResourceType("aws:ec2/securityGroup:SecurityGroup", replaces={"description", "vpcId"}),
    ResourceType("aws:ec2/securityGroupRule:SecurityGroupRule", replaces=EVERY),
    ResourceType("aws:ec2/subnet:Subnet", replaces={"availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId"}),
    ResourceType("aws:ec2/vpc:Vpc", replaces={"cidrBlock", "ipv4IpamPoolId"}),
    ResourceType(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        replaces={"serviceName", "vpcEndpointType", "vpcId"},
        computed=Computed(endpoint_names),
    ),
    ResourceType(
        "aws:ec2/vpnConnection:VpnConnection",
        replaces={
            "enableAcceleration",
            "staticRoutesOnly",
            "tunnel1InsideCidr",
            "tunnel1InsideIpv6Cidr",
            "tunnel2InsideCidr",
            "tunnel2InsideIpv6Cidr",
            "tunnelInsideIpVersion",
            "type",
        },
        computed=vpn.CONNECTION,
    ),
    ResourceType("aws:ec2transitgateway/route:Route", replaces=EVERY),
    ResourceType("aws:ec2transitgateway/routeTable:RouteTable", replaces={"transitGatewayId"}),
    ResourceType(
        "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation",
        replaces={"transitGatewayAttachmentId", "transitGatewayRouteTableId"},
    ),
    ResourceType("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation", replaces=EVERY),
    ResourceType("aws:ec2transitgateway/vpcAttachment:VpcAttachment", replaces={"transitGatewayId", "vpcId"}),
    ResourceType("aws:glue/catalogDatabase:CatalogDatabase", live=".glue:CatalogDatabase", replaces={"catalogId"}),
    ResourceType(
        "aws:glue/catalogTable:CatalogTable",
        live=".glue:CatalogTable",
        replaces={"catalogId", "databaseName", "openTableFormatInput"},
    ),
    ResourceType("aws:glue/job:Job", live=".glue:Job"),
    ResourceType("aws:glue/registry:Registry", live=".glue:Registry", replaces={"registryName"}),
    ResourceType("aws:glue/schema:Schema", live=".glue:Schema", replaces={"dataFormat", "registryArn", "schemaName"}),
    ResourceType(
        "aws:iam/policy:Policy",
        live=".iam:Policy",
        naming=Naming("name", 128),
        id=by_arn(_POLICY),
        arn=_POLICY,
        replaces={"description", "path"},
    ),
    ResourceType(
        "aws:iam/role:Role",
        live=".iam:Role",
        naming=Naming("name", 64),
        arn="arn:aws:iam::{account}:role{path}{id}",
        replaces={"path"},
    ),
    ResourceType(
        "aws:iam/rolePolicy:RolePolicy", live=".iam:RolePolicy", naming=Naming("name", 128), replaces={"role"}
    ),
    ResourceType("aws:iam/rolePolicyAttachment:RolePolicyAttachment", live=".iam:RolePolicyAttachment", replaces=EVERY),
    ResourceType("aws:kms/alias:Alias", live=".kms:Alias", naming=Naming("name", 256, prefix="alias/")),
    ResourceType(
        "aws:kms/key:Key",
        live=".kms:Key",
        replaces={"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion"},
    ),
    ResourceType(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        live=".lambda_:EventSourceMapping",
        replaces={
            "amazonManagedKafkaEventSourceConfig",
            "eventSourceArn",
            "startingPosition",
            "startingPositionTimestamp",
            "topics",
        },
    ),
    ResourceType(
        "aws:lambda/function:Function",
        live=".lambda_:Function",
        naming=Naming("name", 64),
        arn=regional("lambda", "function:{id}"),
        replaces={"packageType"},
    ),
    ResourceType(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", live=".lambda_:FunctionEventInvokeConfig"
    ),
    ResourceType(
        "aws:lambda/invocation:Invocation",
        live=".invocation:Invocation",
        replaces={"functionName", "input", "qualifier", "triggers"},
    ),
    ResourceType("aws:lambda/layerVersion:LayerVersion", live=".lambda_:LayerVersion", replaces=EVERY),
    ResourceType("aws:lambda/permission:Permission", live=".lambda_:Permission", replaces=EVERY),
    ResourceType(
        "aws:msk/cluster:Cluster",
        live=".msk:Cluster",
        replaces={
            "brokerNodeGroupInfo.azDistribution",
            "brokerNodeGroupInfo.clientSubnets",
            "brokerNodeGroupInfo.securityGroups",
            "clusterName",
            "encryptionInfo.encryptionAtRestKmsKeyArn",
            "encryptionInfo.encryptionInTransit.inCluster",
        },
    ),
    ResourceType("aws:msk/configuration:Configuration", replaces={"kafkaVersions"}),
    ResourceType("aws:msk/topic:Topic", live=".msk:Topic", replaces={"clusterArn", "replicationFactor"}),
    ResourceType(
        "aws:mskconnect/connector:Connector",
        live=".connect:Connector",
        replaces={
            "description",
            "kafkaCluster",
            "kafkaClusterClientAuthentication",
            "kafkaClusterEncryptionInTransit",
            "kafkaconnectVersion",
            "logDelivery",
            "plugins",
            "serviceExecutionRoleArn",
            "workerConfiguration",
        },
    ),
    ResourceType("aws:mskconnect/customPlugin:CustomPlugin", live=".connect:CustomPlugin", replaces=EVERY),
    ResourceType(
        "aws:mskconnect/workerConfiguration:WorkerConfiguration", live=".connect:WorkerConfiguration", replaces=EVERY
    ),
    ResourceType(
        "aws:organizations/account:Account", id=account_number, replaces={"email", "iamUserAccessToBilling", "roleName"}
    ),
    ResourceType("aws:organizations/organization:Organization", id=organization_id, computed=Computed(roots)),
    ResourceType("aws:organizations/organizationalUnit:OrganizationalUnit", id=unit_id, replaces={"parentId"}),
    ResourceType("aws:organizations/policy:Policy", id=policy_id),
    ResourceType("aws:rds/cluster:Cluster", naming=Naming("clusterIdentifier", 63, lower=True)),
    ResourceType(
        "aws:rds/instance:Instance",
        live=".rds:Instance",
        naming=Naming("identifier", 63, lower=True),
        replaces={
            "availabilityZone",
            "dbName",
            "engine",
            "kmsKeyId",
            "snapshotIdentifier",
            "storageEncrypted",
            "username",
        },
        computed=Computed(master_secret),
    ),
    ResourceType(
        "aws:rds/parameterGroup:ParameterGroup", live=".rds:ParameterGroup", replaces={"description", "family"}
    ),
    ResourceType("aws:redshiftdata/statement:Statement", live=".redshift:Statement", replaces=EVERY),
    ResourceType(
        "aws:redshiftserverless/namespace:Namespace", live=".redshift:Namespace", replaces={"dbName", "namespaceName"}
    ),
    ResourceType("aws:redshiftserverless/workgroup:Workgroup", replaces={"namespaceName", "workgroupName"}),
    ResourceType("aws:route53/record:Record", replaces={"setIdentifier", "type", "zoneId"}),
    ResourceType("aws:route53/zone:Zone", replaces={"delegationSetId"}),
    ResourceType(
        "aws:s3/bucket:Bucket",
        live=".s3:Bucket",
        naming=Naming("bucket", 63, lower=True, letters=r"[^a-z0-9.-]"),
        arn="arn:aws:s3:::{id}",
        replaces={"bucket", "bucketPrefix", "objectLockEnabled"},
    ),
    ResourceType(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", live=".s3:BucketLifecycle", replaces=_BUCKET
    ),
    ResourceType("aws:s3/bucketNotification:BucketNotification", live=".s3:BucketNotification"),
    ResourceType("aws:s3/bucketObject:BucketObject", live=".s3:BucketObject", replaces={"bucket", "key"}),
    ResourceType("aws:s3/bucketObjectv2:BucketObjectv2", live=".s3:BucketObjectv2", replaces={"bucket", "key"}),
    ResourceType("aws:s3/bucketPolicy:BucketPolicy", replaces=_BUCKET),
    ResourceType(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", live=".s3:BucketPublicAccessBlock", replaces=_BUCKET
    ),
    ResourceType(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        live=".s3:BucketEncryption",
        replaces=_BUCKET,
    ),
    ResourceType("aws:s3/bucketVersioning:BucketVersioning", live=".s3:BucketVersioning", replaces=_BUCKET),
    ResourceType(
        "aws:scheduler/schedule:Schedule",
        naming=Naming("name", 64),
        arn=regional("scheduler", "schedule/{id}"),
        replaces={"groupName"},
    ),
    ResourceType("aws:scheduler/scheduleGroup:ScheduleGroup", arn=regional("scheduler", "schedule-group/{id}")),
    ResourceType("aws:secretsmanager/secret:Secret", live=".secretsmanager:Secret"),
    ResourceType(
        "aws:secretsmanager/secretVersion:SecretVersion",
        live=".secretsmanager:SecretVersion",
        replaces={"secretBinary", "secretId", "secretString"},
    ),
    ResourceType(
        "aws:sfn/stateMachine:StateMachine", live=".sfn:StateMachine", naming=Naming("name", 80), replaces={"type"}
    ),
    ResourceType("aws:sns/topic:Topic", live=".messaging:Topic", id=by_arn(_TOPIC), arn=_TOPIC, replaces={"fifoTopic"}),
    ResourceType("aws:sns/topicSubscription:TopicSubscription", replaces={"endpoint", "protocol", "topic"}),
    ResourceType(
        "aws:sqs/queue:Queue",
        live=".messaging:Queue",
        naming=Naming("name", 80),
        arn=regional("sqs", "{name}"),
        replaces={"fifoQueue"},
    ),
)


def _naming(shape: Shape) -> Naming | None:
    named = shape.inputs.get("name")
    return None if named is None or named.required or named.type.kind != "string" else Naming("name")


def _id(shape: Shape, given: Properties, random: str) -> str:
    module, kind = parts(shape.token)
    if module in _EC2 and kind in _EC2_IDS:
        return f"{_EC2_IDS[kind]}-{random[:17]}"
    if module == "ec2transitgateway":
        prefix = {"transitGateway": "tgw", "routeTable": "tgw-rtb"}.get(kind, "tgw-attach")
        return f"{prefix}-{random[:17]}"
    name = given.get("name")
    return name if isinstance(name, str) else given.get("bucket") or random[:26]


def _known(row: ResourceType, shape: Shape, id: str, given: Properties) -> Properties:
    account = accounts.current.get()
    return {
        "arn": formatted(row.arn, id, given) if row.arn else _arn(shape, id),
        "region": given.get("region") or account.region,
        "catalogId": account.id,
        "ownerId": account.id,
    }


def _arn(shape: Shape, id: str) -> str:
    module, kind = parts(shape.token)
    if module in (*_EC2, "ec2transitgateway"):
        return arn("ec2", f"{_EC2_ARNS.get(kind) or kebab(kind)}/{id}")
    return id if id.startswith("arn:") else arn(_ARN_SERVICES.get(module, module), f"{kebab(kind)}/{id}")


def _replaces(shape: Shape, argument: str) -> bool:
    # A plain text property may be called `name` as well; the identity is an output too.
    return argument in _IDENTITY or (argument == "name" and "name" in shape.outputs)


FAMILY = Family(naming=_naming, id=_id, known=_known, replaces=_replaces)
