"""What a pipeline needs of AWS to preview and to deploy an environment, service by service, as policy statements.

A preview reads how things are configured, never what they hold. A deployment also changes them; the roles that it
makes carry the environment's permission boundary, and it passes them only to the services that take them. Where IAM
knows a resource, the account, and the environment's prefix where the program fixes names, stand in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, Output

from components.blocks.names import ADMIN_ROLE, DELIVERY, DEPLOY_ROLE, EXCHANGE_USER, PLATFORM_BOUNDARY, PREVIEW_ROLE
from components.blocks.policies import ANYTHING, Statement, allow, deny
from components.organization.delivery_services import GROUPS, Service

ROLES = ("access-*", "dms-*")
"""The platform's roles as the program names them, besides those with the environment's prefix; DMS looks for two of
its roles by names of its own."""
PREPARES = "capture-user"
"""Function that a deployment calls (components.ingest.database)."""
PASSED_TO = (
    "cloudtrail.amazonaws.com",
    "dms.amazonaws.com",
    "events.amazonaws.com",
    "glue.amazonaws.com",
    "kafkaconnect.amazonaws.com",
    "lambda.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "redshift-serverless.amazonaws.com",
    "redshift.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
LINKED = (
    "delivery.logs.amazonaws.com",
    "kafka.amazonaws.com",
    "kafka.application-autoscaling.amazonaws.com",
    "kafkaconnect.amazonaws.com",
    "rds.amazonaws.com",
    "redshift.amazonaws.com",
    "route53resolver.amazonaws.com",
    "transitgateway.amazonaws.com",
)
"""Services that make a role of their own in an account when they are first used there."""
NAMES = "arn:aws:route53:::"
"""What the ARNs of Route 53 begin with."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a pipeline deploys to."""

    account: Input[str]
    region: str
    environment: str

    def arn(self, service: str, resource: str, *, region: str | None = None) -> Output[str]:
        place = self.region if region is None else region
        return Output.concat(f"arn:aws:{service}:{place}:", self.account, f":{resource}")

    def name(self, suffix: str) -> str:
        return f"novaretail-{self.environment}-{suffix}"

    @property
    def user(self) -> Output[str]:
        """The one user that the environment has."""
        return self.arn("iam", f"user/{EXCHANGE_USER.format(environment=self.environment)}", region="")

    @property
    def shipped(self) -> list[Input[str]]:
        """The objects that the program itself writes: code, and reference data."""
        return [f"arn:aws:s3:::{self.name('code')}/*", f"arn:aws:s3:::{self.name('datalake-raw')}/reference/*"]


def changes(group: str, target: Target) -> list[Statement]:
    """Allow what a deployment does with a group of services."""
    services = GROUPS[group]
    own = [allow(service.actions((*service.changes, *service.reads)), _on(service, target)) for service in services]
    free = [action for service in services for action in service.actions((*service.makes, *service.looks))]
    return [*own, *_anywhere(free), *_further(group, target, change=True)]


def reads(group: str, target: Target) -> list[Statement]:
    """Allow what a preview reads of a group of services."""
    services = GROUPS[group]
    own = [allow(service.actions(service.reads), _on(service, target)) for service in services if service.reads]
    free = [action for service in services for action in service.actions(service.looks)]
    return [*own, *_anywhere(free), *_further(group, target, change=False)]


def _anywhere(actions: Sequence[str]) -> list[Statement]:
    """Allow actions for which IAM knows no resource."""
    return [allow(actions, [ANYTHING])] if actions else []


def _further(group: str, target: Target, *, change: bool) -> list[Statement]:
    further = {"storage": _storage, "operations": _dashboards, "network": _names, "identity": _roles}
    return further[group](target, change) if group in further else []


def _on(service: Service, target: Target) -> list[Output[str]]:
    name = "kafka" if service.name == "kafka-cluster" else service.name
    return [target.arn(name, resource) for resource in service.resources]


def _storage(target: Target, change: bool) -> list[Statement]:
    """Allow buckets by their names, the objects that the program ships, and keys."""
    keys, aliases = target.arn("kms", "key/*"), target.arn("kms", "alias/*")
    bucket = ["s3:Get*Configuration", "s3:GetBucket*", "s3:ListBucket", "s3:ListTagsForResource"]
    objects = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion*"]
    key = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
    used = ["kms:Decrypt"]
    if change:
        bucket += ["s3:CreateBucket", "s3:DeleteBucket*", "s3:Put*Configuration", "s3:PutBucket*", "s3:TagResource"]
        objects += ["s3:DeleteObject*", "s3:PutObject", "s3:PutObjectTagging"]
        key += ["kms:*KeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:*agResource"]
        key += ["kms:UpdateKeyDescription"]
        used += ["kms:GenerateDataKey*"]
    through = {"StringLike": {"kms:ViaService": f"{'*' if change else 's3'}.{target.region}.amazonaws.com"}}
    statements = [
        allow(bucket, [f"arn:aws:s3:::{target.name('*')}"]),
        allow(objects, target.shipped),
        allow(key, [keys]),
        allow(used, [keys], when=through),
        allow(["kms:ListAliases"], [ANYTHING]),
    ]
    if change:
        lent = {**through, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        tagged = {"StringEquals": {"aws:RequestTag/Project": "novaretail"}}
        # The administrator's password of the warehouse, in whose name its statements run.
        password = target.arn("secretsmanager", "secret:redshift!*")
        statements += [
            allow(["kms:CreateGrant"], [keys], when=lent),
            allow(["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"], [keys, aliases]),
            # A key has no name before it is made.
            allow(["kms:CreateKey"], [ANYTHING], when=tagged),
            allow(["secretsmanager:GetSecretValue"], [password]),
        ]
    return statements


def _dashboards(target: Target, change: bool) -> list[Statement]:
    """Allow dashboards, which belong to no region, and what calls functions, which IAM knows by the function."""
    dashboard = [target.arn("cloudwatch", "dashboard/*", region="")]
    verbs = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"] if change else []
    statements = [allow(["cloudwatch:GetDashboard", *verbs], dashboard)]
    if change:
        functions: dict[str, dict[str, Input[str]]] = {
            "ArnLike": {"lambda:FunctionArn": target.arn("lambda", "function:*")}
        }
        statements.append(allow(["lambda:CreateEventSourceMapping"], [ANYTHING], when=functions))
        # A new database is prepared by a function: the one that a deployment calls.
        statements.append(allow(["lambda:InvokeFunction"], [target.arn("lambda", f"function:{PREPARES}")]))
    return statements


def _names(target: Target, change: bool) -> list[Statement]:
    """Allow private zones; Route 53 has no region, and its ARNs have no account."""
    zone = ["route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource*"]
    if change:
        zone += ["route53:*VPC*HostedZone", "route53:ChangeResourceRecordSets", "route53:ChangeTagsForResource"]
        zone += ["route53:DeleteHostedZone", "route53:UpdateHostedZoneComment"]
    statements = [allow(zone, [f"{NAMES}hostedzone/*"]), allow(["route53:GetChange"], [f"{NAMES}change/*"])]
    return [*statements, *_anywhere(["route53:CreateHostedZone"])] if change else statements


def _roles(target: Target, change: bool) -> list[Statement]:
    """Allow roles and the one user, only with the environment's boundary, and that boundary."""
    # DMS reads secrets in the name of the region's service.
    passed_to = sorted([*PASSED_TO, f"dms.{target.region}.amazonaws.com"])
    roles = [target.arn("iam", f"role/{role}", region="") for role in (*ROLES, target.name("*"))]
    boundary = target.arn("iam", f"policy/{PLATFORM_BOUNDARY.format(environment=target.environment)}", region="")
    policies = [target.arn("iam", f"policy/{policy}", region="") for policy in ("access-*", target.name("*"))]
    statements = [
        allow(["iam:GetRole*", "iam:List*RolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRoleTags"], roles),
        allow(["iam:GetPolicy*", "iam:ListPolicyTags", "iam:ListPolicyVersions"], policies),
        allow(["iam:GetUser*", "iam:ListAccessKeys", "iam:ListGroupsForUser", "iam:ListUserTags"], [target.user]),
    ]
    if change:
        bounded: dict[str, dict[str, Input[str]]] = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        statements += [
            allow(
                [
                    "iam:AttachRolePolicy",
                    "iam:CreateRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:PutRolePermissionsBoundary",
                    "iam:PutRolePolicy",
                ],
                roles,
                when=bounded,
            ),
            allow(
                [
                    "iam:DeleteRole",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ],
                roles,
            ),
            allow(
                ["iam:CreateUser", "iam:DeleteUserPolicy", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy"],
                [target.user],
                when=bounded,
            ),
            allow(
                [
                    "iam:CreateAccessKey",
                    "iam:DeleteAccessKey",
                    "iam:DeleteUser",
                    "iam:TagUser",
                    "iam:UntagUser",
                    "iam:UpdateAccessKey",
                ],
                [target.user],
            ),
            allow(["iam:CreatePolicy*", "iam:DeletePolicy*", "iam:SetDefaultPolicyVersion", "iam:*agPolicy"], policies),
            allow(["iam:PassRole"], roles, when={"StringEquals": {"iam:PassedToService": passed_to}}),
            allow(
                ["iam:CreateServiceLinkedRole"],
                [target.arn("iam", "role/aws-service-role/*", region="")],
                when={"StringEquals": {"iam:AWSServiceName": list(LINKED)}},
            ),
        ]
    return statements


def itself(target: Target, role: str) -> Statement:
    """Let the role take itself: the pipeline comes as the role, and the program's provider takes it again by ARN."""
    return allow(["sts:AssumeRole"], [target.arn("iam", f"role/{role}", region="")])


def never(target: Target) -> list[Statement]:
    """Deny what a preview never reads, whatever else it is given: objects, secrets, keys of tunnels, rows."""
    return [
        _except(["s3:GetObject*"], target.shipped),
        deny(
            [
                "ec2:DescribeVpnConnections",
                "ec2:GetVpnConnectionDeviceSampleConfiguration",
                "redshift-data:*ExecuteStatement",
                "redshift-data:GetStatementResult*",
                "secretsmanager:*GetSecretValue",
            ],
            [ANYTHING],
        ),
    ]


def boundary(target: Target) -> list[Statement]:
    """Allow the most that a pipeline's role can do, whatever else it is given: services in use, no data, no role
    with more rights."""
    every = [service for group in GROUPS.values() for service in group]
    names = sorted({service.name for service in every} - {"kafka-cluster"})  # whose ARNs are those of kafka
    resources: list[Input[str]] = [target.arn(name, "*") for name in (*names, "kms")]
    resources += [target.arn(name, "*", region="") for name in ("cloudwatch", "iam")]
    resources += [f"arn:aws:s3:::{target.name('*')}", f"{NAMES}*"]
    whole = [f"{name}:*" for name in (*names, "kafka-cluster", "kms", "route53", "s3")]
    free = [action for service in every for action in service.actions((*service.makes, *service.looks))]
    free += ["kms:CreateKey", "kms:ListAliases", "lambda:CreateEventSourceMapping", "route53:CreateHostedZone"]
    # All that there is of them, in one word: a policy has a limit.
    free = ["redshift-serverless:*UsageLimit*", *(action for action in free if "UsageLimit" not in action)]
    own = [target.arn("iam", f"role/{role}", region="") for role in (ADMIN_ROLE, DEPLOY_ROLE, PREVIEW_ROLE)]
    own.append(target.arn("iam", f"policy/{DELIVERY}*", region=""))
    platform = target.arn("iam", f"policy/{PLATFORM_BOUNDARY.format(environment=target.environment)}", region="")
    other: dict[str, dict[str, Input[str]]] = {"StringNotEquals": {"iam:PermissionsBoundary": platform}}
    return [
        # A boundary gives nothing: what a role may do, and on what, its policies say.
        allow([*whole, "iam:*AccessKey*", "iam:*Polic*", "iam:*Role*", "iam:*User*", "sts:AssumeRole"], resources),
        *_anywhere(free),
        deny(
            ["iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:Put*", "iam:Set*", "iam:Update*"],
            own,
        ),
        deny(
            [
                f"iam:{verb}"
                for kind in ("Role", "User")
                for verb in (f"Create{kind}", f"Put{kind}PermissionsBoundary", f"Put{kind}Policy")
            ],
            [ANYTHING],
            when=other,
        ),
        deny(["iam:Delete*PermissionsBoundary"], [ANYTHING]),
        _except(["iam:*AccessKey*", "iam:*Group*", "iam:*User*"], [target.user]),
        _except(["s3:DeleteObject*", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], target.shipped),
        _except(["secretsmanager:GetSecretValue"], [target.arn("secretsmanager", "secret:redshift!*")]),
        deny(
            [
                "kafka-cluster:ReadData",
                "kafka-cluster:WriteData",
                "lambda:Invoke*",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "logs:GetLogRecord",
                "logs:StartQuery",
                "redshift-data:GetStatementResult*",
                "redshift-serverless:GetCredentials",
                "secretsmanager:BatchGetSecretValue",
                "sqs:ReceiveMessage",
            ],
            [ANYTHING],
        ),
    ]


def _except(actions: Sequence[str], spared: Sequence[Input[str]]) -> Statement:
    return {"Effect": "Deny", "Action": sorted(actions), "NotResource": list(spared)}
