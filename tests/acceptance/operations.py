"""Which call of which service makes a resource: where its rules are in botocore's models.

One entry a type. `renames` says what an argument is called in the request when neither case nor number tells;
`ignored` are arguments that no request of this call has, `given` is what the provider itself puts in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    below: tuple[str, ...] = ()
    """Where in the request the resource's arguments are, if they are not at its top."""
    renames: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


def _call(where: str, *below: str, ignored: str = "", given: str = "", **renames: str) -> Call:
    service, operation = where.split(".")
    named = {key.replace("__", "."): value for key, value in renames.items()}
    return Call(service, operation, below, named, frozenset(ignored.split()), frozenset(given.split()))


PROVIDERS_OWN = frozenset({"region", "forceDestroy", "tagsAll", "skipDestroy", "forceDelete", "triggers"})
"""Arguments that steer the provider and reach no service."""

_ATTRIBUTES = "kmsMasterKeyId policy"
"""What SQS and SNS take as a map of text."""
_SECURITY_RULE = {
    "securityGroupId": "GroupId",
    "cidrIpv4": "IpPermissions.IpRanges.CidrIp",
    "prefixListId": "IpPermissions.PrefixListIds.PrefixListId",
    "referencedSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
    "description": "IpPermissions.IpRanges.Description",
    "fromPort": "IpPermissions.FromPort",
    "toPort": "IpPermissions.ToPort",
    "ipProtocol": "IpPermissions.IpProtocol",
}

_METRIC = {
    "metricQueries__metric": "MetricStat",
    "metricQueries__metric__metricName": "Metric.MetricName",
    "metricQueries__metric__namespace": "Metric.Namespace",
    "metricQueries__metric__dimensions": "Metric.Dimensions",
}

_TUNNEL = {
    "InsideCidr": "TunnelInsideCidr",
    "PresharedKey": "PreSharedKey",
    "IkeVersions": "IKEVersions",
    "DpdTimeoutAction": "DPDTimeoutAction",
    "DpdTimeoutSeconds": "DPDTimeoutSeconds",
    **{f"Phase{phase}DhGroupNumbers": f"Phase{phase}DHGroupNumbers" for phase in (1, 2)},
    **{f"Phase{phase}{what}Algorithms": "" for phase in (1, 2) for what in ("Encryption", "Integrity")},
    **{f"Phase{phase}LifetimeSeconds": "" for phase in (1, 2)},
    "RekeyMarginTimeSeconds": "",
    "RekeyFuzzPercentage": "",
    "ReplayWindowSize": "",
    "StartupAction": "",
    "LogOptions": "",
    "EnableTunnelLifecycleControl": "",
}
"""What an option of a tunnel is called in the request; empty: the same."""
_TUNNELS = {
    f"tunnel{number}{option}": f"Options.TunnelOptions.{name or option}"
    for number in (1, 2)
    for option, name in _TUNNEL.items()
}

CALLS: dict[str, Call] = {
    "aws:accessanalyzer/analyzer:Analyzer": _call("accessanalyzer.CreateAnalyzer", type="type"),
    "aws:appautoscaling/policy:Policy": _call("application-autoscaling.PutScalingPolicy"),
    "aws:appautoscaling/target:Target": _call("application-autoscaling.RegisterScalableTarget"),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": _call("ec2.EnableEbsEncryptionByDefault", ignored="enabled"),
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess": _call("ec2.EnableSnapshotBlockPublicAccess"),
    "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess": _call(
        "ec2.EnableImageBlockPublicAccess", state="ImageBlockPublicAccessState"
    ),
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": _call("ec2.ModifyInstanceMetadataDefaults"),
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy": _call("iam.UpdateAccountPasswordPolicy"),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": _call(
        "s3control.PutPublicAccessBlock", "PublicAccessBlockConfiguration"
    ),
    "aws:cloudtrail/organizationDelegatedAdminAccount:OrganizationDelegatedAdminAccount": _call(
        "cloudtrail.RegisterOrganizationDelegatedAdmin", accountId="MemberAccountId"
    ),
    "aws:cloudtrail/trail:Trail": _call(
        "cloudtrail.CreateTrail",
        cloudWatchLogsGroupArn="CloudWatchLogsLogGroupArn",
        tags="TagsList",
        ignored="advancedEventSelectors eventSelectors insightSelectors enableLogging",
    ),
    "aws:cloudwatch/dashboard:Dashboard": _call("cloudwatch.PutDashboard"),
    "aws:cloudwatch/eventBus:EventBus": _call("events.CreateEventBus"),
    "aws:cloudwatch/eventPermission:EventPermission": _call("events.PutPermission"),
    "aws:cloudwatch/eventRule:EventRule": _call("events.PutRule"),
    "aws:cloudwatch/eventTarget:EventTarget": _call(
        "events.PutTargets",
        "Targets",
        ignored="rule eventBusName",
        targetId="Id",
        given="Id",
        inputTransformer__inputPaths="InputPathsMap",
    ),
    "aws:cloudwatch/logGroup:LogGroup": _call("logs.CreateLogGroup", ignored="retentionInDays"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _call(
        "logs.PutMetricFilter",
        name="filterName",
        pattern="filterPattern",
        metricTransformation__name="metricName",
        metricTransformation__namespace="metricNamespace",
        metricTransformation__value="metricValue",
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _call("logs.PutResourcePolicy"),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _call(
        "logs.PutSubscriptionFilter", name="filterName", logGroup="logGroupName"
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _call(
        "cloudwatch.PutMetricAlarm", name="AlarmName", metricQueries="Metrics", **_METRIC
    ),
    "aws:dms/certificate:Certificate": _call("dms.ImportCertificate", certificateId="CertificateIdentifier"),
    "aws:dms/endpoint:Endpoint": _call(
        "dms.CreateEndpoint",
        endpointId="EndpointIdentifier",
        kmsKeyArn="KmsKeyId",
        postgresSettings="PostgreSQLSettings",
        secretsManagerArn="PostgreSQLSettings.SecretsManagerSecretId",
        secretsManagerAccessRoleArn="PostgreSQLSettings.SecretsManagerAccessRoleArn",
    ),
    "aws:dms/replicationConfig:ReplicationConfig": _call(
        "dms.CreateReplicationConfig", ignored="startReplication", replicationSettings="ReplicationSettings"
    ),
    "aws:dms/replicationSubnetGroup:ReplicationSubnetGroup": _call(
        "dms.CreateReplicationSubnetGroup", replicationSubnetGroupId="ReplicationSubnetGroupIdentifier"
    ),
    "aws:dms/s3Endpoint:S3Endpoint": _call(
        "dms.CreateEndpoint",
        given="EngineName",
        ignored="compressionType encryptionMode",  # the provider writes capitals; provider_rules.yaml has its values
        endpointId="EndpointIdentifier",
        kmsKeyArn="KmsKeyId",
        bucketName="S3Settings.BucketName",
        bucketFolder="S3Settings.BucketFolder",
        serverSideEncryptionKmsKeyId="S3Settings.ServerSideEncryptionKmsKeyId",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _call(
        "ec2.CreateSecurityGroup", given="GroupName Description", ignored="ingress egress"
    ),
    "aws:ec2/defaultRouteTable:DefaultRouteTable": _call(
        "ec2.CreateRouteTable", ignored="defaultRouteTableId routes", given="VpcId"
    ),
    "aws:ec2/flowLog:FlowLog": _call(
        "ec2.CreateFlowLogs",
        iamRoleArn="DeliverLogsPermissionArn",
        vpcId="ResourceIds",
        transitGatewayId="ResourceIds",
        given="ResourceType",
    ),
    "aws:ec2/networkAcl:NetworkAcl": _call("ec2.CreateNetworkAcl"),
    "aws:ec2/route:Route": _call("ec2.CreateRoute"),
    "aws:ec2/routeTable:RouteTable": _call("ec2.CreateRouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _call("ec2.AssociateRouteTable"),
    "aws:ec2/securityGroup:SecurityGroup": _call("ec2.CreateSecurityGroup", name="GroupName"),
    "aws:ec2/subnet:Subnet": _call("ec2.CreateSubnet", ignored="mapPublicIpOnLaunch"),
    "aws:ec2/vpc:Vpc": _call("ec2.CreateVpc", ignored="enableDnsHostnames enableDnsSupport"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _call("ec2.CreateVpcEndpoint", policy="PolicyDocument"),
    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": _call("ec2.ModifyVpcEndpoint", policy="PolicyDocument"),
    "aws:ec2/vpnConnection:VpnConnection": _call("ec2.CreateVpnConnection", **_TUNNELS),
    "aws:ec2transitgateway/routeTable:RouteTable": _call("ec2.CreateTransitGatewayRouteTable"),
    "aws:ec2transitgateway/route:Route": _call("ec2.CreateTransitGatewayRoute"),
    "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation": _call("ec2.AssociateTransitGatewayRouteTable"),
    "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation": _call(
        "ec2.EnableTransitGatewayRouteTablePropagation"
    ),
    "aws:ec2transitgateway/transitGateway:TransitGateway": _call("ec2.CreateTransitGateway"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": _call(
        "ec2.CreateTransitGatewayVpcAttachment",
        ignored="transitGatewayDefaultRouteTableAssociation transitGatewayDefaultRouteTablePropagation",
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": _call("glue.CreateDatabase"),
    "aws:glue/catalogTable:CatalogTable": _call(
        "glue.CreateTable",
        name="TableInput.Name",
        openTableFormatInput__icebergInput__icebergTableInput="CreateIcebergTableInput",
    ),
    "aws:glue/catalogTableOptimizer:CatalogTableOptimizer": _call(
        "glue.CreateTableOptimizer", configuration="TableOptimizerConfiguration"
    ),
    "aws:glue/connection:Connection": _call(
        "glue.CreateConnection",
        given="ConnectionInput.ConnectionProperties",  # the provider sends an empty map
        physicalConnectionRequirements__securityGroupIdLists="SecurityGroupIdList",
    ),
    "aws:glue/job:Job": _call("glue.CreateJob", roleArn="Role"),
    "aws:glue/registry:Registry": _call("glue.CreateRegistry"),
    "aws:glue/resourcePolicy:ResourcePolicy": _call("glue.PutResourcePolicy", policy="PolicyInJson"),
    "aws:glue/schema:Schema": _call("glue.CreateSchema", registryArn="RegistryId.RegistryArn"),
    "aws:glue/securityConfiguration:SecurityConfiguration": _call("glue.CreateSecurityConfiguration"),
    "aws:guardduty/detector:Detector": _call("guardduty.CreateDetector", ignored="datasources"),
    "aws:guardduty/detectorFeature:DetectorFeature": _call(
        "guardduty.UpdateDetector",
        name="Features.Name",
        status="Features.Status",
        additionalConfigurations="Features.AdditionalConfiguration",
    ),
    "aws:guardduty/organizationAdminAccount:OrganizationAdminAccount": _call(
        "guardduty.EnableOrganizationAdminAccount"
    ),
    "aws:guardduty/organizationConfiguration:OrganizationConfiguration": _call(
        "guardduty.UpdateOrganizationConfiguration"
    ),
    "aws:guardduty/organizationConfigurationFeature:OrganizationConfigurationFeature": _call(
        "guardduty.UpdateOrganizationConfiguration",
        name="Features.Name",
        autoEnable="Features.AutoEnable",
        additionalConfigurations="Features.AdditionalConfiguration",
    ),
    "aws:iam/organizationsFeatures:OrganizationsFeatures": _call(
        "iam.EnableOrganizationsRootSessions", ignored="enabledFeatures"
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _call("iam.CreateOpenIDConnectProvider"),
    "aws:iam/policy:Policy": _call("iam.CreatePolicy"),
    "aws:iam/role:Role": _call("iam.CreateRole"),
    "aws:iam/rolePolicy:RolePolicy": _call("iam.PutRolePolicy", role="RoleName", name="PolicyName"),
    "aws:iam/accessKey:AccessKey": _call("iam.CreateAccessKey", user="UserName"),
    "aws:iam/user:User": _call("iam.CreateUser", name="UserName", ignored="forceDestroy"),
    "aws:iam/userPolicy:UserPolicy": _call("iam.PutUserPolicy", user="UserName", name="PolicyName"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _call("iam.AttachRolePolicy", role="RoleName"),
    "aws:kms/alias:Alias": _call("kms.CreateAlias", name="AliasName"),
    "aws:kms/key:Key": _call("kms.CreateKey", ignored="enableKeyRotation deletionWindowInDays rotationPeriodInDays"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": _call("lambda.CreateEventSourceMapping"),
    "aws:lambda/function:Function": _call(
        "lambda.CreateFunction", role="Role", code="Code.ZipFile", ignored="reservedConcurrentExecutions"
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _call("lambda.PutFunctionEventInvokeConfig"),
    "aws:lambda/invocation:Invocation": _call("lambda.Invoke", input="Payload", ignored="lifecycleScope terraformKey"),
    "aws:lambda/layerVersion:LayerVersion": _call("lambda.PublishLayerVersion", code="Content.ZipFile"),
    "aws:lambda/permission:Permission": _call("lambda.AddPermission", function="FunctionName", given="StatementId"),
    "aws:msk/cluster:Cluster": _call(
        "kafka.CreateCluster",
        brokerNodeGroupInfo__azDistribution="BrokerAZDistribution",
        encryptionInfo__encryptionAtRestKmsKeyArn="EncryptionAtRest.DataVolumeKMSKeyId",
    ),
    "aws:msk/clusterPolicy:ClusterPolicy": _call("kafka.PutClusterPolicy"),
    "aws:msk/configuration:Configuration": _call("kafka.CreateConfiguration"),
    "aws:msk/topic:Topic": _call("kafka.CreateTopic"),
    "aws:mskconnect/connector:Connector": _call(
        "kafkaconnect.CreateConnector", kafkaconnectVersion="kafkaConnectVersion"
    ),
    "aws:mskconnect/customPlugin:CustomPlugin": _call("kafkaconnect.CreateCustomPlugin"),
    "aws:mskconnect/workerConfiguration:WorkerConfiguration": _call("kafkaconnect.CreateWorkerConfiguration"),
    "aws:organizations/account:Account": _call(
        "organizations.CreateAccount", ignored="parentId closeOnDeletion", name="AccountName"
    ),
    "aws:organizations/delegatedAdministrator:DelegatedAdministrator": _call(
        "organizations.RegisterDelegatedAdministrator"
    ),
    "aws:organizations/organization:Organization": _call(
        "organizations.CreateOrganization", ignored="awsServiceAccessPrincipals enabledPolicyTypes"
    ),
    "aws:organizations/organizationalUnit:OrganizationalUnit": _call("organizations.CreateOrganizationalUnit"),
    "aws:organizations/policy:Policy": _call("organizations.CreatePolicy"),
    "aws:organizations/policyAttachment:PolicyAttachment": _call("organizations.AttachPolicy"),
    "aws:organizations/resourcePolicy:ResourcePolicy": _call("organizations.PutResourcePolicy"),
    "aws:ram/principalAssociation:PrincipalAssociation": _call("ram.AssociateResourceShare", principal="principals"),
    "aws:ram/resourceAssociation:ResourceAssociation": _call("ram.AssociateResourceShare", resourceArn="resourceArns"),
    "aws:ram/resourceShare:ResourceShare": _call("ram.CreateResourceShare"),
    "aws:rds/instance:Instance": _call(
        "rds.CreateDBInstance",
        identifier="DBInstanceIdentifier",
        instanceClass="DBInstanceClass",
        username="MasterUsername",
        parameterGroupName="DBParameterGroupName",
        iamDatabaseAuthenticationEnabled="EnableIAMDatabaseAuthentication",
        enabledCloudwatchLogsExports="EnableCloudwatchLogsExports",
        backupWindow="PreferredBackupWindow",
        maintenanceWindow="PreferredMaintenanceWindow",
        performanceInsightsEnabled="EnablePerformanceInsights",
        caCertIdentifier="CACertificateIdentifier",
        ignored="applyImmediately skipFinalSnapshot finalSnapshotIdentifier deleteAutomatedBackups "
        "allowMajorVersionUpgrade",
    ),
    "aws:rds/parameterGroup:ParameterGroup": _call(
        "rds.CreateDBParameterGroup", family="DBParameterGroupFamily", name="DBParameterGroupName", ignored="parameters"
    ),
    "aws:rds/subnetGroup:SubnetGroup": _call(
        "rds.CreateDBSubnetGroup", name="DBSubnetGroupName", description="DBSubnetGroupDescription"
    ),
    "aws:redshiftdata/statement:Statement": _call("redshift-data.ExecuteStatement"),
    "aws:redshiftserverless/namespace:Namespace": _call("redshift-serverless.CreateNamespace"),
    "aws:redshiftserverless/resourcePolicy:ResourcePolicy": _call("redshift-serverless.PutResourcePolicy"),
    "aws:redshiftserverless/usageLimit:UsageLimit": _call("redshift-serverless.CreateUsageLimit"),
    "aws:redshiftserverless/workgroup:Workgroup": _call("redshift-serverless.CreateWorkgroup"),
    "aws:route53/record:Record": _call(
        "route53.ChangeResourceRecordSets",
        "ChangeBatch",
        "Changes",
        "ResourceRecordSet",
        ignored="allowOverwrite zoneId",
        records="ResourceRecords.Value",
    ),
    "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": _call(
        "route53resolver.CreateResolverQueryLogConfig", given="CreatorRequestId"
    ),
    "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation": _call(
        "route53resolver.AssociateResolverQueryLogConfig"
    ),
    "aws:route53/zone:Zone": _call("route53.CreateHostedZone", vpcs="VPC", given="CallerReference"),
    "aws:s3/bucket:Bucket": _call("s3.CreateBucket", objectLockEnabled="ObjectLockEnabledForBucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _call(
        "s3.PutBucketLifecycleConfiguration", bucket="Bucket"
    ),
    "aws:s3/bucketLogging:BucketLogging": _call(
        "s3.PutBucketLogging",
        targetBucket="BucketLoggingStatus.LoggingEnabled.TargetBucket",
        targetPrefix="BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        targetObjectKeyFormat="BucketLoggingStatus.LoggingEnabled.TargetObjectKeyFormat",
    ),
    "aws:s3/bucketMetric:BucketMetric": _call("s3.PutBucketMetricsConfiguration"),
    "aws:s3/bucketNotification:BucketNotification": _call(
        "s3.PutBucketNotificationConfiguration", eventbridge="NotificationConfiguration.EventBridgeConfiguration"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _call("s3.PutObjectLockConfiguration"),
    "aws:s3/bucketObjectv2:BucketObjectv2": _call(
        "s3.PutObject", source="Body", content="Body", kmsKeyId="SSEKMSKeyId", tags="Tagging", ignored="sourceHash"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _call("s3.PutBucketOwnershipControls"),
    "aws:s3/bucketPolicy:BucketPolicy": _call("s3.PutBucketPolicy", policy="Policy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _call("s3.PutPublicAccessBlock"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _call(
        "s3.PutBucketEncryption",
        given="ServerSideEncryptionConfiguration",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _call("s3.PutBucketVersioning"),
    "aws:scheduler/schedule:Schedule": _call("scheduler.CreateSchedule"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": _call("scheduler.CreateScheduleGroup"),
    "aws:secretsmanager/secret:Secret": _call("secretsmanager.CreateSecret", ignored="recoveryWindowInDays policy"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": _call("secretsmanager.PutResourcePolicy"),
    "aws:secretsmanager/secretRotation:SecretRotation": _call("secretsmanager.RotateSecret"),
    "aws:secretsmanager/secretVersion:SecretVersion": _call("secretsmanager.PutSecretValue"),
    "aws:sfn/stateMachine:StateMachine": _call(
        "stepfunctions.CreateStateMachine", loggingConfiguration__logDestination="destinations.cloudWatchLogsLogGroup"
    ),
    "aws:sns/topic:Topic": _call("sns.CreateTopic", ignored=_ATTRIBUTES),
    "aws:sns/topicPolicy:TopicPolicy": _call(
        "sns.SetTopicAttributes", arn="TopicArn", policy="AttributeValue", given="AttributeName"
    ),
    "aws:sns/topicSubscription:TopicSubscription": _call("sns.Subscribe", topic="TopicArn"),
    "aws:sqs/queue:Queue": _call(
        "sqs.CreateQueue",
        ignored=f"{_ATTRIBUTES} delaySeconds maxMessageSize messageRetentionSeconds receiveWaitTimeSeconds "
        "redriveAllowPolicy redrivePolicy sqsManagedSseEnabled visibilityTimeoutSeconds",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _call("sqs.SetQueueAttributes", policy="Attributes", given="Attributes"),
    "aws:ssm/parameter:Parameter": _call("ssm.PutParameter"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _call(
        "ec2.AuthorizeSecurityGroupEgress", **_SECURITY_RULE
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _call(
        "ec2.AuthorizeSecurityGroupIngress", **_SECURITY_RULE
    ),
}
