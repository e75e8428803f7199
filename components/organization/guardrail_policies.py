"""What the organization's policies say, as statements: guardrails.py makes the policies and attaches them.

A service control policy holds back the organization's own principals, the resource control policy everybody else;
neither grants anything. Two roles are spared: the one by which this program works in the accounts, and, where a
deployment needs it, the one that deploys. The policy "identity" says who may change those two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pulumi import Input

from components.blocks.names import (
    ADMIN_ROLE,
    DELIVERY,
    DEPLOY_ROLE,
    EXCHANGE_USER,
    LOG_ARCHIVE,
    PIPELINE_IDENTITY,
    PLATFORM_BOUNDARY,
    PREVIEW_ROLE,
)
from components.blocks.policies import ANYTHING, Statement, deny

GLOBAL = (
    "account:*",
    "artifact:*",
    "aws-portal:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "cloudtrail:LookupEvents",
    "consolidatedbilling:*",
    "cur:*",
    "ec2:DescribeRegions",
    "freetier:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "invoicing:*",
    "organizations:*",
    "payments:*",
    "pricing:*",
    "route53:*",
    "route53domains:*",
    "s3:GetAccountPublic*",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublic*",
    "savingsplans:*",
    "shield:*",
    "sts:*",
    "support:*",
    "tax:*",
    "trustedadvisor:*",
    "waf:*",
)
"""What answers in one region for all: AWS's list for region limits (Organizations user guide), as far as a data
platform and its billing use it."""
PERIMETER = ("kms:*", "s3:*", "secretsmanager:*", "sqs:*")
PERIMETER_STS = (
    "sts:AssumeRole",
    "sts:DecodeAuthorizationMessage",
    "sts:GetAccessKeyInfo",
    "sts:GetFederationToken",
    "sts:GetServiceBearerToken",
    "sts:GetSessionToken",
    "sts:SetContext",
)
"""AWS STS without what principals of no organization call: SAML and web identities, session tags, AssumeRoot."""

_KMS = ["aws:kms", "aws:kms:dsse"]
_ADMIN = f"arn:aws:iam::*:role/{ADMIN_ROLE}"
_DEPLOY = f"arn:aws:iam::*:role/{DEPLOY_ROLE}"


def _unless(*roles: str) -> dict[str, dict[str, list[str]]]:
    """Return the condition that the caller is none of these roles."""
    return {"ArnNotLike": {"aws:PrincipalArn": sorted(roles)}}


def audit() -> list[Statement]:
    """Keep on what records and watches, and keep what was archived."""
    archive = f"arn:aws:s3:::{LOG_ARCHIVE}-*"
    return [
        deny(["account:CloseAccount", "organizations:LeaveOrganization"], [ANYTHING]),
        deny(["cloudtrail:DeleteTrail", "cloudtrail:StopLogging"], [ANYTHING], when=_unless(_ADMIN)),
        # A deployment describes the environment's trail of data events; it cannot stop it.
        deny(
            ["cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors", "cloudtrail:UpdateTrail"],
            [ANYTHING],
            when=_unless(_ADMIN, _DEPLOY),
        ),
        deny(
            [
                "access-analyzer:CreateArchiveRule",
                "access-analyzer:DeleteAnalyzer",
                "access-analyzer:UpdateAnalyzer",
                "access-analyzer:UpdateArchiveRule",
                "guardduty:CreateFilter",
                "guardduty:CreateIPSet",
                "guardduty:DeleteDetector",
                "guardduty:DeleteMembers",
                "guardduty:DeletePublishingDestination",
                "guardduty:DisableOrganizationAdminAccount",
                "guardduty:DisassociateFromAdministratorAccount",
                "guardduty:DisassociateFromMasterAccount",
                "guardduty:DisassociateMembers",
                "guardduty:StopMonitoringMembers",
                "guardduty:UpdateDetector",
                "guardduty:UpdateFilter",
                "guardduty:UpdateIPSet",
                "guardduty:UpdateMemberDetectors",
                "guardduty:UpdateOrganizationConfiguration",
            ],
            [ANYTHING],
            when=_unless(_ADMIN),
        ),
        # What was archived is nobody's to remove, not even by the role that made the archive.
        deny(
            ["s3:BypassGovernanceRetention", "s3:DeleteObject*", "s3:PutObject*", "s3:ReplicateDelete"],
            [f"{archive}/*"],
        ),
        deny(
            ["s3:DeleteBucket*", "s3:PutBucket*", "s3:Put*Configuration"],
            [archive],
            when=_unless(_ADMIN),
        ),
        deny(
            [
                "logs:DeleteLogGroup",
                "logs:DeleteLogStream",
                "logs:DeleteMetricFilter",
                "logs:DeleteRetentionPolicy",
                "logs:DisassociateKmsKey",
                "logs:PutRetentionPolicy",
            ],
            ["arn:aws:logs:*:*:log-group:/novaretail/*"],
            when=_unless(_ADMIN, _DEPLOY),
        ),
    ]


def identity() -> list[Statement]:
    """Hold back root users, and hold roles of delivery, users and keys as they are."""
    guarded = [f"arn:aws:iam::*:role/{role}" for role in (ADMIN_ROLE, DEPLOY_ROLE, PREVIEW_ROLE)]
    user = f"arn:aws:iam::*:user/{EXCHANGE_USER.format(environment='*')}"
    alter_policy = [
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:SetDefaultPolicyVersion",
    ]
    return [
        # The management account may take a root session for one task (sts:AssumeRoot): the way out of a bucket or
        # queue whose policy locks everybody out.
        deny(
            ["*"],
            [ANYTHING],
            when={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}},
        ),
        deny(
            [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRole*",
                "iam:DetachRolePolicy",
                "iam:PutRole*",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole*",
            ],
            guarded,
            when=_unless(_ADMIN),
        ),
        deny(
            [
                "iam:*ClientIDToOpenIDConnectProvider",
                "iam:CreateOpenIDConnectProvider",
                "iam:DeleteOpenIDConnectProvider",
                "iam:RemoveClientIDFromOpenIDConnectProvider",
                "iam:UpdateOpenIDConnectProvider*",
            ],
            ["arn:aws:iam::*:oidc-provider/*"],
            when=_unless(_ADMIN),
        ),
        deny(alter_policy, [f"arn:aws:iam::*:policy/{DELIVERY}*"], when=_unless(_ADMIN)),
        deny(
            alter_policy,
            [f"arn:aws:iam::*:policy/{PLATFORM_BOUNDARY.format(environment='*')}"],
            when=_unless(_ADMIN, _DEPLOY),
        ),
        deny(
            ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"],
            [ANYTHING],
            when=_unless(_ADMIN),
        ),
        # People and machines take roles. The one user is a service of another cloud, and only a deployment makes it.
        deny(["iam:CreateLoginProfile", "iam:CreateServiceSpecificCredential"], [ANYTHING]),
        {"Effect": "Deny", "Action": ["iam:CreateAccessKey", "iam:CreateUser"], "NotResource": [user]},
        deny(
            [
                "iam:*UserPolicy",
                "iam:CreateAccessKey",
                "iam:CreateUser",
                "iam:PutUserPermissionsBoundary",
                "iam:UpdateAccessKey",
            ],
            [user],
            when=_unless(_ADMIN, _DEPLOY),
        ),
        # Where a key is gone, so is all that it encrypted.
        deny(
            [
                "kms:DeleteImportedKeyMaterial",
                "kms:DisableKey",
                "kms:DisableKeyRotation",
                "kms:ScheduleKeyDeletion",
            ],
            [ANYTHING],
            when=_unless(_ADMIN, _DEPLOY),
        ),
    ]


def regions(allowed: Sequence[str]) -> Statement:
    """Refuse every other region, but for what answers in one region for all."""
    return {
        "Effect": "Deny",
        "NotAction": sorted(GLOBAL),
        "Resource": ANYTHING,
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": sorted(allowed)}},
    }


def data() -> list[Statement]:
    """Refuse what would make data public, or store it unencrypted."""
    return [*_nothing_public(), *_nothing_unencrypted()]


def _nothing_public() -> list[Statement]:
    public = {"StringEquals": {"s3:x-amz-acl": ["authenticated-read", "public-read", "public-read-write"]}}
    return [
        deny(["s3:PutAccountPublicAccessBlock"], [ANYTHING], when=_unless(_ADMIN)),
        # Both the setting and its removal are this action; the program writes it with each bucket.
        deny(["s3:PutBucketPublicAccessBlock"], [ANYTHING], when=_unless(_ADMIN, _DEPLOY)),
        deny(["s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl"], [ANYTHING], when=public),
        deny(
            [
                "ec2:DisableImageBlockPublicAccess",
                "ec2:DisableSnapshotBlockPublicAccess",
                "ec2:ModifyImageAttribute",
                "ec2:ModifySnapshotAttribute",
                "lambda:CreateFunctionUrlConfig",
                "lambda:UpdateFunctionUrlConfig",
                "rds:ModifyDBClusterSnapshotAttribute",
                "rds:ModifyDBSnapshotAttribute",
                "ssm:ModifyDocumentPermission",
            ],
            [ANYTHING],
        ),
        deny(["lambda:AddPermission"], [ANYTHING], when={"StringEquals": {"lambda:Principal": "*"}}),
        deny(
            ["ram:CreateResourceShare", "ram:UpdateResourceShare"],
            [ANYTHING],
            when={"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}},
        ),
        # The platform's networks have no way to the internet, and none to networks that nobody planned.
        deny(
            [
                "ec2:AcceptVpcPeeringConnection",
                "ec2:AttachInternetGateway",
                "ec2:CreateDefaultSubnet",
                "ec2:CreateDefaultVpc",
                "ec2:CreateEgressOnlyInternetGateway",
                "ec2:CreateInternetGateway",
                "ec2:CreateNatGateway",
                "ec2:CreateVpcPeeringConnection",
            ],
            [ANYTHING],
        ),
    ]


def _nothing_unencrypted() -> list[Statement]:
    # A writer that says nothing gets the bucket's default, which is a key; hence Null.
    other: dict[str, dict[str, str | list[str]]] = {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": _KMS},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    }
    return [
        deny(["s3:PutObject"], [ANYTHING], when=other),
        deny(["s3:PutEncryptionConfiguration"], [ANYTHING], when=_unless(_ADMIN, _DEPLOY)),
        deny(["ec2:DisableEbsEncryptionByDefault"], [ANYTHING]),
        deny(
            ["ec2:CreateVolume", "ec2:RunInstances"],
            ["arn:aws:ec2:*:*:volume/*"],
            when={"Bool": {"ec2:Encrypted": "false"}},
        ),
        deny(
            ["rds:CreateDBCluster", "rds:CreateDBInstance"],
            [ANYTHING],
            when={"Bool": {"rds:StorageEncrypted": "false"}},
        ),
        deny(
            ["elasticfilesystem:CreateFileSystem"],
            [ANYTHING],
            when={"Bool": {"elasticfilesystem:Encrypted": "false"}},
        ),
    ]


def perimeter(organization_id: Input[str], repository: str) -> list[Statement]:
    """Refuse principals of other organizations, and pipelines of other repositories.

    A resource control policy takes Deny for everybody ("*") and actions of services that know such policies.
    """
    subject = f"{PIPELINE_IDENTITY}:sub"
    outsider: dict[str, dict[str, Input[str]]] = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization_id},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    # A service may come on behalf of this organization's accounts only, where it says on whose behalf it comes.
    deputy: dict[str, dict[str, Input[str]]] = {
        "StringNotEqualsIfExists": {"aws:SourceOrgID": organization_id},
        "Null": {"aws:SourceAccount": "false"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    }
    foreign = {"StringNotLike": {subject: f"repo:{repository}:*"}, "Null": {subject: "false"}}
    statements = [
        deny([*PERIMETER, *PERIMETER_STS], [ANYTHING], when=outsider),
        deny(PERIMETER, [ANYTHING], when=deputy),
        deny([*PERIMETER, "sts:*"], [ANYTHING], when={"BoolIfExists": {"aws:SecureTransport": "false"}}),
        # No pipeline but the repository's gets into a role, even where a role's trust forgot to say so.
        deny(
            ["sts:AssumeRoleWithWebIdentity"],
            [ANYTHING],
            when=foreign,
        ),
    ]
    return [{**statement, "Principal": "*"} for statement in statements]


def tags() -> str:
    """Fix the spelling of the base tags, and the values that they may have."""
    values = {"Environment": ["nonprod", "organization", "prod"], "ManagedBy": ["pulumi"], "Project": ["novaretail"]}
    tags = {key: {"tag_key": {"@@assign": key}, "tag_value": {"@@assign": value}} for key, value in values.items()}
    return json.dumps({"tags": tags}, separators=(",", ":"))
