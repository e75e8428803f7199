"""The AWS services that the program is made of, and the actions of each that a preview and a deployment need.

A table: `delivery_rights` makes policies of it. Storage and identity are not in it; their rights are written out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service by its IAM prefix, and which of its actions a preview (reads, looks) and a deployment (all) call."""

    name: str
    changes: tuple[str, ...]
    reads: tuple[str, ...]
    makes: tuple[str, ...] = ()
    """Changes for which IAM knows no resource."""
    looks: tuple[str, ...] = ()
    """Reads for which IAM knows no resource."""
    resources: tuple[str, ...] = ("*",)
    """What `changes` and `reads` are allowed on."""

    def actions(self, verbs: Sequence[str]) -> list[str]:
        return [f"{self.name}:{verb}" for verb in verbs]


_TAGS = ("TagResource", "UntagResource")
_DATA = (
    Service(
        "glue",
        ("Create*", "Delete*", "RegisterSchemaVersion", "Update*", *_TAGS),
        ("Get*", "ListTableOptimizerRuns"),
        makes=("CreateSecurityConfiguration", "DeleteSecurityConfiguration"),
        looks=("GetSecurityConfiguration",),
    ),
    Service(
        "kafka",
        ("CreateCluster*", "CreateConfiguration", "CreateTopic", "Delete*", "Update*", *_TAGS),
        ("DescribeCluster", "DescribeClusterV2", "DescribeConfiguration*", "DescribeTopic*", "ListNodes", "ListTags*"),
        looks=("DescribeClusterOperation*", "GetBootstrapBrokers", "GetCompatibleKafkaVersions", "ListClustersV2"),
    ),
    # Topics are made through the cluster's own permissions; what is in them is not read.
    Service(
        "kafka-cluster",
        ("AlterTopic*", "CreateTopic", "DeleteTopic"),
        ("Connect", "DescribeTopic*"),
    ),
    Service(
        "kafkaconnect",
        ("Delete*", "UpdateConnector", *_TAGS),
        ("Describe*", "ListTagsForResource"),
        makes=("CreateConnector", "CreateCustomPlugin", "CreateWorkerConfiguration"),
        looks=("ListConnectors", "ListCustomPlugins", "ListWorkerConfigurations"),
    ),
    Service(
        "rds",
        (
            "AddTagsToResource",
            "CreateDBInstance",
            "CreateDBParameterGroup",
            "CreateDBSnapshot",
            "CreateDBSubnetGroup",
            "DeleteDBInstance",
            "DeleteDBParameterGroup",
            "DeleteDBSubnetGroup",
            "ModifyDBInstance",
            "ModifyDBParameterGroup",
            "ModifyDBSubnetGroup",
            "RebootDBInstance",
            "RemoveTagsFromResource",
            "ResetDBParameterGroup",
        ),
        ("DescribeDBInstances", "DescribeDBParameter*", "DescribeDBSubnetGroups", "ListTagsForResource"),
        looks=("DescribeDBEngineVersions", "DescribeOrderableDBInstanceOptions"),
    ),
    Service(
        "dms",
        (
            "AddTagsToResource",
            "CreateEndpoint",
            "CreateReplicationConfig",
            "CreateReplicationSubnetGroup",
            "DeleteEndpoint",
            "DeleteReplicationConfig",
            "DeleteReplicationSubnetGroup",
            "ModifyEndpoint",
            "ModifyReplicationConfig",
            "ModifyReplicationSubnetGroup",
            "RemoveTagsFromResource",
            "StartReplication",
            "StopReplication",
        ),
        ("ListTagsForResource",),
        looks=(
            "DescribeEndpoints",
            "DescribeReplicationConfigs",
            "DescribeReplicationSubnetGroups",
            "DescribeReplications",
        ),
    ),
    Service(
        "redshift-serverless",
        ("*Namespace", "*Workgroup", *_TAGS),
        ("GetNamespace", "GetWorkgroup", "ListTagsForResource"),
        makes=("CreateUsageLimit", "DeleteUsageLimit", "UpdateUsageLimit"),
        looks=("GetUsageLimit", "ListUsageLimits"),
    ),
    # Statements run without a look at their results.
    Service(
        "redshift-data",
        ("ExecuteStatement",),
        (),
        looks=("DescribeStatement",),
        resources=("workgroup/*",),
    ),
    Service(
        "secretsmanager",
        ("CreateSecret", "DeleteSecret", "*ResourcePolicy", "PutSecretValue", "RotateSecret", "UpdateSecret*", *_TAGS),
        ("DescribeSecret", "GetResourcePolicy"),
        resources=("secret:*",),
    ),
)
_OPERATIONS = (
    Service(
        "logs",
        (
            "AssociateKmsKey",
            "CreateLogGroup",
            "DeleteLogGroup",
            "DeleteMetricFilter",
            "DeleteRetentionPolicy",
            "PutMetricFilter",
            "PutRetentionPolicy",
            *_TAGS,
        ),
        ("DescribeMetricFilters", "ListTagsForResource", "ListTagsLogGroup"),
        # MSK, MSK Connect, flow logs and state machines set their log delivery up with the caller's rights.
        makes=("CreateLogDelivery", "DeleteLogDelivery", "PutResourcePolicy", "UpdateLogDelivery"),
        looks=("DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries"),
    ),
    Service(
        "cloudwatch",
        ("DeleteAlarms", "PutMetricAlarm", *_TAGS),
        ("DescribeAlarms", "ListTagsForResource"),
        resources=("alarm:*",),
    ),
    Service(
        "events",
        ("DeleteRule", "DisableRule", "EnableRule", "PutRule", "PutTargets", "RemoveTargets", *_TAGS),
        ("DescribeRule", "ListTagsForResource", "ListTargetsByRule"),
        resources=("rule/*",),
    ),
    Service(
        "scheduler",
        ("CreateSchedule", "DeleteSchedule", "UpdateSchedule"),
        ("GetSchedule",),
        resources=("schedule/*",),
    ),
    Service(
        "sns",
        ("CreateTopic", "DeleteTopic", "Set*Attributes", "Subscribe", "Unsubscribe", *_TAGS),
        ("GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource"),
    ),
    Service(
        "sqs",
        ("CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"),
        ("GetQueueAttributes", "GetQueueUrl", "ListQueueTags"),
    ),
    Service(
        "lambda",
        (
            "AddPermission",
            "CreateFunction",
            "DeleteEventSourceMapping",
            "DeleteFunction*",
            "DeleteLayerVersion",
            "PublishLayerVersion",
            "PublishVersion",
            "PutFunction*",
            "RemovePermission",
            "UpdateEventSourceMapping",
            "UpdateFunction*",
            *_TAGS,
        ),
        (
            "GetEventSourceMapping",
            "GetFunction*",
            "GetLayerVersion*",
            "GetPolicy",
            "ListTags",
            "ListVersionsByFunction",
        ),
        looks=("ListEventSourceMappings", "ListLayerVersions"),
    ),
    Service(
        "states",
        ("CreateStateMachine", "DeleteStateMachine", "UpdateStateMachine", *_TAGS),
        ("DescribeStateMachine", "ListStateMachineVersions", "ListTagsForResource"),
        looks=("ValidateStateMachineDefinition",),
    ),
    Service(
        "application-autoscaling",
        ("DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget", *_TAGS),
        ("ListTagsForResource",),
        looks=("DescribeScalableTargets", "DescribeScalingPolicies"),
    ),
    Service(
        "access-analyzer",
        # The organization's policies keep analyzers from being changed or deleted from here.
        ("CreateAnalyzer", *_TAGS),
        ("GetAnalyzer", "ListTagsForResource"),
        looks=("ListAnalyzers",),
        resources=("analyzer/novaretail-*",),
    ),
    Service(
        "cloudtrail",
        ("AddTags", "CreateTrail", "PutEventSelectors", "RemoveTags", "StartLogging", "UpdateTrail"),
        ("GetEventSelectors", "GetInsightSelectors", "GetTrail*", "ListTags"),
        looks=("DescribeTrails",),
        resources=("trail/novaretail-*",),
    ),
)
_NETWORK = (
    Service(
        "ec2",
        (
            "AssociateRouteTable",
            "AssociateTransitGatewayRouteTable",
            "AuthorizeSecurityGroup*",
            "CreateCustomerGateway",
            "CreateFlowLogs",
            "CreateNetworkInterface",
            "CreateRoute",
            "CreateRouteTable",
            "CreateSecurityGroup",
            "CreateSubnet",
            "CreateTags",
            "CreateTransitGateway",
            "CreateTransitGatewayRoute*",
            "CreateTransitGatewayVpcAttachment",
            "CreateVpc",
            "CreateVpcEndpoint",
            "CreateVpnConnection",
            "DeleteCustomerGateway",
            "DeleteFlowLogs",
            "DeleteRoute",
            "DeleteRouteTable",
            "DeleteSecurityGroup",
            "DeleteSubnet",
            "DeleteTags",
            "DeleteTransitGateway",
            "DeleteTransitGatewayRoute*",
            "DeleteTransitGatewayVpcAttachment",
            "DeleteVpc",
            "DeleteVpcEndpoints",
            "DeleteVpnConnection",
            "DisableTransitGatewayRouteTablePropagation",
            "DisassociateRouteTable",
            "DisassociateTransitGatewayRouteTable",
            "EnableTransitGatewayRouteTablePropagation",
            "ModifySecurityGroupRules",
            "ModifySubnetAttribute",
            "ModifyTransitGateway*",
            "ModifyVpcAttribute",
            "ModifyVpcEndpoint",
            "ModifyVpnConnection*",
            "ModifyVpnTunnelOptions",
            "ReplaceRoute*",
            "RevokeSecurityGroup*",
            "UpdateSecurityGroupRuleDescriptions*",
        ),
        ("DescribeVpcAttribute", "SearchTransitGatewayRoutes"),
        # It answers with the tunnels' keys, so a preview does without.
        makes=("DescribeVpnConnections",),
        looks=(
            "DescribeAccountAttributes",
            "DescribeAvailabilityZones",
            "DescribeCustomerGateways",
            "DescribeFlowLogs",
            "DescribeManagedPrefixLists",
            "DescribeNetworkAcls",
            "DescribeNetworkInterfaces",
            "DescribePrefixLists",
            "DescribeRouteTables",
            "DescribeSecurityGroupRules",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeTags",
            "DescribeTransitGateway*",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "GetTransitGatewayAttachmentPropagations",
            "GetTransitGatewayRouteTable*",
        ),
    ),
    Service(
        "route53resolver",
        ("*ResolverQueryLogConfig", *_TAGS),
        ("GetResolverQueryLogConfig", "ListTagsForResource"),
        looks=("GetResolverQueryLogConfigAssociation", "ListResolverQueryLogConfig*"),
    ),
)
GROUPS: dict[str, tuple[Service, ...]] = {
    "data": _DATA,
    "storage": (),
    "operations": _OPERATIONS,
    "network": _NETWORK,
    "identity": (),
}
"""A managed policy each: one of all would be larger than IAM takes. What has no services is all written out."""
