"""Guardrails: what the organization's policies forbid, whom they spare, and that AWS would take them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphs.iam import denied
from tests.graphs.recording import Recording, Registered

ACCOUNT = "222222222222"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/novaretail-deploy"
PREVIEW = f"arn:aws:iam::{ACCOUNT}:role/novaretail-preview"
ENGINEER = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Engineer_0a1b"
USER = f"arn:aws:iam::{ACCOUNT}:user/novaretail-prod-data-factory"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ARCHIVE = "arn:aws:s3:::novaretail-log-archive-333333333333"
ORGANIZATION = "organization-organization-id"


def _policies(organization: Recording, kind: str) -> list[Registered]:
    return [p for p in organization.of("organizations/policy:Policy") if p.inputs["type"] == kind]


def _control(organization: Recording) -> list[dict[str, Any]]:
    """All statements that hold for a principal of any member account."""
    return [s for p in _policies(organization, "SERVICE_CONTROL_POLICY") for s in p.json("content")["Statement"]]


def _perimeter(organization: Recording) -> list[dict[str, Any]]:
    (policy,) = _policies(organization, "RESOURCE_CONTROL_POLICY")
    statements: list[dict[str, Any]] = policy.json("content")["Statement"]
    return statements


def test_every_policy_is_within_the_limit_of_its_kind(organization: Recording) -> None:
    limits = {"SERVICE_CONTROL_POLICY": 5120, "RESOURCE_CONTROL_POLICY": 5120, "TAG_POLICY": 10000}
    policies = organization.of("organizations/policy:Policy")
    assert len(policies) == 6
    for policy in policies:
        assert len(policy.inputs["content"]) <= limits[policy.inputs["type"]], policy.name
        assert policy.depends_on == ["organization-organization"] or policy.name == "guardrails-perimeter"


def test_no_target_has_more_policies_of_a_kind_than_aws_takes(organization: Recording) -> None:
    # Five of each kind, one of which is AWS's own that allows everything.
    kinds = {f"{p.name}-id": p.inputs["type"] for p in organization.of("organizations/policy:Policy")}
    attached: dict[tuple[str, str], int] = {}
    for attachment in organization.of("PolicyAttachment"):
        key = (attachment.inputs["targetId"], kinds[attachment.inputs["policyId"]])
        attached[key] = attached.get(key, 0) + 1
    assert max(attached.values()) <= 4
    assert {target for target, _ in attached} == {
        "r-abcd",
        "organization-production-id",
        "organization-non-production-id",
        "organization-shared-id",
    }


def test_every_account_is_below_every_policy(organization: Recording) -> None:
    targets: dict[str, set[str]] = {}
    for attachment in organization.of("PolicyAttachment"):
        targets.setdefault(attachment.inputs["policyId"], set()).add(attachment.inputs["targetId"])
    units = {f"{unit.name}-id" for unit in organization.of("OrganizationalUnit")}
    assert len(targets) == 6
    for policy, found in targets.items():
        assert found == {"r-abcd"} or found == units, policy


@pytest.mark.parametrize(
    ("action", "resource", "spared"),
    [
        ("organizations:LeaveOrganization", "*", []),
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/novaretail-prod-data", [ADMIN]),
        ("cloudtrail:DeleteTrail", "*", [ADMIN]),
        ("cloudtrail:UpdateTrail", "*", [ADMIN, DEPLOY]),
        ("cloudtrail:PutEventSelectors", "*", [ADMIN, DEPLOY]),
        ("guardduty:DeleteDetector", "*", [ADMIN]),
        ("guardduty:UpdateDetector", "*", [ADMIN]),
        ("guardduty:DisassociateFromAdministratorAccount", "*", [ADMIN]),
        ("access-analyzer:DeleteAnalyzer", "*", [ADMIN]),
        ("s3:DeleteObjectVersion", f"{ARCHIVE}/AWSLogs/1", []),
        ("s3:BypassGovernanceRetention", f"{ARCHIVE}/AWSLogs/1", []),
        ("s3:PutObjectRetention", f"{ARCHIVE}/AWSLogs/1", []),
        ("s3:PutObject", f"{ARCHIVE}/AWSLogs/1", []),
        ("s3:PutBucketPolicy", ARCHIVE, [ADMIN]),
        ("s3:DeleteBucket", ARCHIVE, [ADMIN]),
        ("s3:PutLifecycleConfiguration", ARCHIVE, [ADMIN]),
        ("s3:PutBucketObjectLockConfiguration", ARCHIVE, [ADMIN]),
        ("logs:DeleteLogGroup", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/novaretail/prod/x", [ADMIN, DEPLOY]),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", [ADMIN, DEPLOY]),
        ("kms:DisableKey", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", [ADMIN, DEPLOY]),
        ("iam:UpdateAssumeRolePolicy", DEPLOY, [ADMIN]),
        ("iam:PutRolePolicy", DEPLOY, [ADMIN]),
        ("iam:DeleteRole", PREVIEW, [ADMIN]),
        ("iam:UpdateAssumeRolePolicy", ADMIN, [ADMIN]),
        ("iam:CreateOpenIDConnectProvider", f"arn:aws:iam::{ACCOUNT}:oidc-provider/evil.example", [ADMIN]),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/novaretail-delivery-boundary", [ADMIN]),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/novaretail-prod-boundary", [ADMIN, DEPLOY]),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/somebody", []),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/somebody", []),
        ("iam:CreateUser", USER, [ADMIN, DEPLOY]),
        ("iam:CreateAccessKey", USER, [ADMIN, DEPLOY]),
        ("iam:PutUserPolicy", USER, [ADMIN, DEPLOY]),
        ("iam:AttachUserPolicy", USER, [ADMIN, DEPLOY]),
        ("iam:CreateLoginProfile", USER, []),
        ("iam:DeleteUserPermissionsBoundary", USER, [ADMIN]),
        ("iam:DeleteRolePermissionsBoundary", f"arn:aws:iam::{ACCOUNT}:role/access-curate-1", [ADMIN]),
        ("s3:PutAccountPublicAccessBlock", "*", [ADMIN]),
        ("s3:PutBucketPublicAccessBlock", "arn:aws:s3:::novaretail-prod-datalake-raw", [ADMIN, DEPLOY]),
        ("ec2:ModifySnapshotAttribute", "*", []),
        ("ec2:DisableImageBlockPublicAccess", "*", []),
        ("lambda:CreateFunctionUrlConfig", "*", []),
        ("ec2:AttachInternetGateway", "*", []),
        ("ec2:DisableEbsEncryptionByDefault", "*", []),
        ("s3:PutEncryptionConfiguration", "arn:aws:s3:::novaretail-prod-datalake-raw", [ADMIN, DEPLOY]),
    ],
)
def test_it_is_forbidden_to_all_but_the_spared(
    organization: Recording, action: str, resource: str, spared: list[str]
) -> None:
    statements = _control(organization)
    for who in (ADMIN, DEPLOY, PREVIEW, ENGINEER):
        got = denied(statements, action, resource, aws__PrincipalArn=who, aws__RequestedRegion="eu-west-1")
        assert got == (who not in spared), who


@pytest.mark.parametrize(
    ("action", "context", "forbidden"),
    [
        ("s3:PutObject", {"s3__x-amz-server-side-encryption": "AES256"}, True),
        ("s3:PutObject", {"s3__x-amz-server-side-encryption": "aws:kms"}, False),
        ("s3:PutObject", {}, False),
        ("s3:PutObject", {"s3__x-amz-acl": "public-read"}, True),
        ("s3:PutObject", {"s3__x-amz-acl": "bucket-owner-full-control"}, False),
        ("rds:CreateDBInstance", {"rds__StorageEncrypted": "false"}, True),
        ("rds:CreateDBInstance", {"rds__StorageEncrypted": "true"}, False),
        ("elasticfilesystem:CreateFileSystem", {"elasticfilesystem__Encrypted": "false"}, True),
        ("ram:CreateResourceShare", {"ram__RequestedAllowsExternalPrincipals": "true"}, True),
        ("ram:CreateResourceShare", {"ram__RequestedAllowsExternalPrincipals": "false"}, False),
        ("lambda:AddPermission", {"lambda__Principal": "*"}, True),
        ("lambda:AddPermission", {"lambda__Principal": "events.amazonaws.com"}, False),
    ],
)
def test_it_depends_on_how_it_is_asked(
    organization: Recording, action: str, context: dict[str, str], forbidden: bool
) -> None:
    assert denied(
        _control(organization), action, aws__PrincipalArn=DEPLOY, aws__RequestedRegion="eu-west-1", **context
    ) == (forbidden)


def test_a_volume_is_encrypted_or_not_made(organization: Recording) -> None:
    volume = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/*"
    for encrypted in ("true", "false"):
        assert denied(
            _control(organization),
            "ec2:CreateVolume",
            volume,
            aws__PrincipalArn=ENGINEER,
            aws__RequestedRegion="eu-west-1",
            ec2__Encrypted=encrypted,
        ) == (encrypted == "false")


@pytest.mark.parametrize(
    ("action", "region", "forbidden"),
    [
        ("s3:CreateBucket", "eu-west-1", False),
        ("glue:CreateJob", "eu-central-1", False),
        ("glue:CreateJob", "us-east-1", True),
        ("kms:CreateKey", "us-east-1", True),
        ("cloudtrail:CreateTrail", "us-east-1", True),
        # These answer in one region for the whole world.
        ("iam:CreateRole", "us-east-1", False),
        ("organizations:DescribeOrganization", "us-east-1", False),
        ("sts:AssumeRole", "us-east-1", False),
        ("route53:ChangeResourceRecordSets", "us-east-1", False),
        ("support:CreateCase", "us-east-1", False),
        ("cloudtrail:LookupEvents", "us-east-1", False),
    ],
)
def test_only_listed_regions_are_used_but_for_global_services(
    organization: Recording, action: str, region: str, forbidden: bool
) -> None:
    got = denied(_control(organization), action, aws__PrincipalArn=ENGINEER, aws__RequestedRegion=region)
    assert got == forbidden


def test_a_root_user_does_nothing_but_a_task_that_the_management_account_gives_it(organization: Recording) -> None:
    request = {"aws__PrincipalArn": ROOT, "aws__RequestedRegion": "eu-west-1"}
    assert denied(_control(organization), "s3:GetObject", **request)
    assert denied(_control(organization), "iam:CreateAccessKey", **request)
    assert not denied(_control(organization), "s3:DeleteBucketPolicy", **request, aws__AssumedRoot="true")


@pytest.mark.parametrize("action", ["s3:GetObject", "sqs:SendMessage", "kms:Decrypt", "secretsmanager:GetSecretValue"])
def test_data_is_for_principals_of_the_organization_and_for_services_that_work_for_it(
    organization: Recording, action: str
) -> None:
    statements, tls = _perimeter(organization), {"aws__SecureTransport": "true"}
    person = {**tls, "aws__PrincipalIsAWSService": "false"}
    service = {**tls, "aws__PrincipalIsAWSService": "true"}
    assert not denied(statements, action, **person, aws__PrincipalOrgID=ORGANIZATION)
    assert denied(statements, action, **person, aws__PrincipalOrgID="o-somebodyelse")
    assert denied(statements, action, **person)  # nobody's principal: anonymous
    assert not denied(statements, action, **service)
    assert not denied(statements, action, **service, aws__SourceAccount=ACCOUNT, aws__SourceOrgID=ORGANIZATION)
    assert denied(statements, action, **service, aws__SourceAccount="9", aws__SourceOrgID="o-somebodyelse")
    assert denied(statements, action, aws__PrincipalOrgID=ORGANIZATION, aws__SecureTransport="false")


def test_roles_are_for_principals_of_the_organization_and_the_pipeline_of_this_repository(
    organization: Recording,
) -> None:
    statements, tls = _perimeter(organization), {"aws__SecureTransport": "true"}
    subject = "token.actions.githubusercontent.com:sub".replace(":", "__")
    web = "sts:AssumeRoleWithWebIdentity"
    assert denied(statements, "sts:AssumeRole", **tls, aws__PrincipalOrgID="o-somebodyelse")
    assert not denied(statements, "sts:AssumeRole", **tls, aws__PrincipalOrgID=ORGANIZATION)
    assert not denied(statements, web, **tls, **{subject: "repo:novaretail/data-backbone:pull_request"})
    assert denied(statements, web, **tls, **{subject: "repo:novaretail/data-backbone-fork:pull_request"})
    # Another provider's tokens have no such claim; their roles say themselves whom they trust.
    assert not denied(statements, web, **tls)


def test_a_resource_control_policy_has_the_form_that_aws_takes(organization: Recording) -> None:
    for statement in _perimeter(organization):
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Resource"] == ["*"]
        assert statement["Condition"]
        for action in statement["Action"]:
            assert action.split(":")[0] in {"s3", "sts", "kms", "sqs", "secretsmanager"}, action


def test_a_service_control_policy_has_no_principal_and_only_denies(organization: Recording) -> None:
    for statement in _control(organization):
        assert statement["Effect"] == "Deny"
        assert "Principal" not in statement


def test_tags_are_spelled_one_way(organization: Recording) -> None:
    (policy,) = _policies(organization, "TAG_POLICY")
    tags = policy.json("content")["tags"]
    assert tags["Environment"] == {
        "tag_key": {"@@assign": "Environment"},
        "tag_value": {"@@assign": ["nonprod", "organization", "prod"]},
    }
    for resource in organization.resources:
        for key, allowed in tags.items():
            if key in resource.inputs.get("tags", {}):
                assert resource.inputs["tags"][key] in allowed["tag_value"]["@@assign"], resource.name
