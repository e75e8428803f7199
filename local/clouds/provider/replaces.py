"""Arguments whose change replaces a resource, as the real providers have it.

The SDKs' texts say so for few arguments only, so the rest is listed here, from the providers' own
schemas (`ForceNew` in Terraform's, `forceNew` in azure-native's). Two things hold for every type and are
not listed: another name, and another region, project or resource group, is another resource.
"""

from __future__ import annotations

import re

from local.clouds.provider import names
from local.clouds.provider.shapes import Shape

EVERY = frozenset({"*"})
"""All arguments: the resource cannot be changed at all."""

_EVERYWHERE = {
    "aws": frozenset({"region", "name", "namePrefix"}),
    "gcp": frozenset({"name", "project", "region", "zone", "location"}),
    "azure-native": frozenset({"resourceGroupName", "location"}),
}
_BUCKET = frozenset({"bucket"})
_TYPES: dict[str, frozenset[str]] = {
    "aws:cloudwatch/eventRule:EventRule": frozenset({"eventBusName"}),
    "aws:cloudwatch/eventTarget:EventTarget": frozenset({"rule", "targetId", "eventBusName"}),
    "aws:dms/endpoint:Endpoint": frozenset({"endpointId", "kmsKeyArn"}),
    "aws:dms/replicationConfig:ReplicationConfig": frozenset({"replicationConfigIdentifier", "resourceIdentifier"}),
    "aws:dms/s3Endpoint:S3Endpoint": frozenset({"endpointId", "endpointType", "kmsKeyArn"}),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": frozenset({"logGroupName"}),
    "aws:ec2/customerGateway:CustomerGateway": frozenset(
        {"bgpAsn", "bgpAsnExtended", "ipAddress", "type", "certificateArn", "deviceName"}
    ),
    "aws:ec2/flowLog:FlowLog": frozenset({"logDestination", "trafficType", "vpcId", "iamRoleArn", "logFormat"}),
    "aws:ec2/route:Route": frozenset({"routeTableId", "destinationCidrBlock", "destinationPrefixListId"}),
    "aws:ec2/routeTable:RouteTable": frozenset({"vpcId"}),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": frozenset({"subnetId", "gatewayId"}),
    "aws:ec2/securityGroup:SecurityGroup": frozenset({"description", "vpcId"}),
    "aws:ec2/securityGroupRule:SecurityGroupRule": EVERY,
    "aws:ec2/subnet:Subnet": frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"}),
    "aws:ec2/vpc:Vpc": frozenset({"cidrBlock", "ipv4IpamPoolId"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
    "aws:ec2/vpnConnection:VpnConnection": frozenset(
        {"type", "enableAcceleration", "staticRoutesOnly", "tunnelInsideIpVersion", "tunnel1InsideCidr",
         "tunnel1InsideIpv6Cidr", "tunnel2InsideCidr", "tunnel2InsideIpv6Cidr"}
    ),
    "aws:ec2transitgateway/route:Route": EVERY,
    "aws:ec2transitgateway/routeTable:RouteTable": frozenset({"transitGatewayId"}),
    "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation": frozenset(
        {"transitGatewayAttachmentId", "transitGatewayRouteTableId"}
    ),
    "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation": EVERY,
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": frozenset({"transitGatewayId", "vpcId"}),
    "aws:glue/catalogDatabase:CatalogDatabase": frozenset({"catalogId"}),
    "aws:glue/catalogTable:CatalogTable": frozenset({"databaseName", "catalogId", "openTableFormatInput"}),
    "aws:glue/registry:Registry": frozenset({"registryName"}),
    "aws:glue/schema:Schema": frozenset({"schemaName", "registryArn", "dataFormat"}),
    "aws:iam/policy:Policy": frozenset({"description", "path"}),
    "aws:iam/role:Role": frozenset({"path"}),
    "aws:iam/rolePolicy:RolePolicy": frozenset({"role"}),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": EVERY,
    "aws:kms/key:Key": frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion", "customKeyStoreId"}),
    "aws:lambda/eventSourceMapping:EventSourceMapping": frozenset(
        {"eventSourceArn", "topics", "startingPosition", "startingPositionTimestamp",
         "amazonManagedKafkaEventSourceConfig"}
    ),
    "aws:lambda/function:Function": frozenset({"packageType"}),
    "aws:lambda/invocation:Invocation": frozenset({"functionName", "input", "qualifier", "triggers"}),
    "aws:lambda/layerVersion:LayerVersion": EVERY,
    "aws:lambda/permission:Permission": EVERY,
    "aws:msk/cluster:Cluster": frozenset(
        {"clusterName", "brokerNodeGroupInfo.azDistribution", "brokerNodeGroupInfo.clientSubnets",
         "brokerNodeGroupInfo.securityGroups", "encryptionInfo.encryptionAtRestKmsKeyArn",
         "encryptionInfo.encryptionInTransit.inCluster"}
    ),
    "aws:msk/configuration:Configuration": frozenset({"kafkaVersions"}),
    "aws:msk/topic:Topic": frozenset({"clusterArn", "replicationFactor"}),
    "aws:mskconnect/connector:Connector": frozenset(
        {"kafkaCluster", "kafkaconnectVersion", "plugins", "workerConfiguration", "serviceExecutionRoleArn",
         "kafkaClusterClientAuthentication", "kafkaClusterEncryptionInTransit", "logDelivery", "description"}
    ),
    "aws:mskconnect/customPlugin:CustomPlugin": EVERY,
    "aws:mskconnect/workerConfiguration:WorkerConfiguration": EVERY,
    "aws:rds/instance:Instance": frozenset(
        {"dbName", "engine", "username", "storageEncrypted", "kmsKeyId", "availabilityZone", "snapshotIdentifier"}
    ),
    "aws:rds/parameterGroup:ParameterGroup": frozenset({"family", "description"}),
    "aws:organizations/account:Account": frozenset({"email", "iamUserAccessToBilling", "roleName"}),
    "aws:organizations/organizationalUnit:OrganizationalUnit": frozenset({"parentId"}),
    "aws:redshiftdata/statement:Statement": EVERY,
    "aws:redshiftserverless/namespace:Namespace": frozenset({"namespaceName", "dbName"}),
    "aws:redshiftserverless/workgroup:Workgroup": frozenset({"workgroupName", "namespaceName"}),
    "aws:route53/record:Record": frozenset({"zoneId", "type", "setIdentifier"}),
    "aws:route53/zone:Zone": frozenset({"delegationSetId"}),
    "aws:s3/bucket:Bucket": frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _BUCKET,
    "aws:s3/bucketObject:BucketObject": frozenset({"bucket", "key"}),
    "aws:s3/bucketObjectv2:BucketObjectv2": frozenset({"bucket", "key"}),
    "aws:s3/bucketPolicy:BucketPolicy": _BUCKET,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _BUCKET,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _BUCKET,
    "aws:s3/bucketVersioning:BucketVersioning": _BUCKET,
    "aws:scheduler/schedule:Schedule": frozenset({"groupName"}),
    "aws:secretsmanager/secretVersion:SecretVersion": frozenset({"secretId", "secretString", "secretBinary"}),
    "aws:sfn/stateMachine:StateMachine": frozenset({"type"}),
    "aws:sns/topic:Topic": frozenset({"fifoTopic"}),
    "aws:sns/topicSubscription:TopicSubscription": frozenset({"topic", "protocol", "endpoint"}),
    "aws:sqs/queue:Queue": frozenset({"fifoQueue"}),
    "azure-native:monitor:DiagnosticSetting": frozenset({"resourceUri"}),
    "azure-native:network:PublicIPAddress": frozenset({"publicIPAddressVersion", "publicIPPrefix", "sku"}),
    "azure-native:network:Subnet": frozenset({"virtualNetworkName"}),
    "gcp:compute/externalVpnGateway:ExternalVpnGateway": frozenset({"description", "interfaces", "redundancyType"}),
    "gcp:compute/firewall:Firewall": frozenset({"direction", "network"}),
    "gcp:compute/haVpnGateway:HaVpnGateway": frozenset({"description", "network", "stackType", "gatewayIpVersion"}),
    "gcp:compute/network:Network": frozenset({"autoCreateSubnetworks", "description"}),
    "gcp:compute/route:Route": EVERY,
    "gcp:compute/router:Router": frozenset({"network", "encryptedInterconnectRouter"}),
    "gcp:compute/routerInterface:RouterInterface": EVERY,
    "gcp:compute/routerPeer:RouterPeer": frozenset({"router", "interface"}),
    "gcp:compute/routerRoutePolicy:RouterRoutePolicy": frozenset({"router"}),
    "gcp:compute/subnetwork:Subnetwork": frozenset({"network", "description", "purpose"}),
    "gcp:compute/vPNTunnel:VPNTunnel": frozenset(
        {"cipherSuite", "description", "ikeVersion", "localTrafficSelectors", "peerExternalGateway",
         "peerExternalGatewayInterface", "peerGcpGateway", "peerIp", "remoteTrafficSelectors", "router",
         "sharedSecret", "targetVpnGateway", "vpnGateway", "vpnGatewayInterface"}
    ),
    "gcp:pubsub/subscription:Subscription": frozenset({"topic", "enableMessageOrdering", "filter"}),
}  # fmt: skip


def replaces(shape: Shape, path: str) -> bool:
    """Whether a change at this path, such as `rules[0].id`, replaces the resource; listed are paths without indexes."""
    listed = _TYPES.get(shape.token, frozenset())
    steps = re.sub(r"\[[^]]*\]", "", path).split(".")
    if listed == EVERY or any(".".join(steps[:length]) in listed for length in range(1, len(steps) + 1)):
        return True
    argument = steps[0]
    package = shape.token.split(":", 1)[0]
    if argument in _EVERYWHERE.get(package, frozenset()):
        return argument != "name" or _is_identity(shape)
    if package == "azure-native" and argument == names.azure_name(shape):
        return True
    field = shape.inputs.get(argument)
    return field is not None and field.replaces


def _is_identity(shape: Shape) -> bool:
    """Whether `name` identifies the resource; a plain text property may be called so as well."""
    return "name" in shape.outputs
