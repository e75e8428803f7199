"""The log archive and the organization's trail: that the one lets the other in, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from components.blocks.names import log_archive_bucket
from tests.graphs.iam import applies
from tests.graphs.recording import Recording

MANAGEMENT = "310987654321"
ORGANIZATION = "organization-organization-id"
SHARED = "organization-shared-services-provider"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{MANAGEMENT}:trail/novaretail-organization"
DATA_TRAIL = "arn:aws:cloudtrail:eu-west-1:organization-prod-core-id:trail/novaretail-prod-data"


def _may_write(organization: Recording, folder: str, source: str, source_organization: str | None) -> bool:
    policy = organization.one("log-archive-policy").json("policy")["Statement"]
    (bucket,) = policy[2]["Resource"]
    context = {
        "aws:SourceArn": source,
        "s3:x-amz-acl": "bucket-owner-full-control",
        "aws:PrincipalIsAWSService": "true",
        "aws:SecureTransport": "true",
        **({"aws:SourceOrgID": source_organization} if source_organization else {}),
    }
    found = [
        s["Effect"] for s in policy if applies(s, "s3:PutObject", f"{bucket}/AWSLogs/{folder}/CloudTrail/x", context)
    ]
    return found == ["Allow"]


@pytest.mark.parametrize(
    ("folder", "source", "source_organization", "expected"),
    [
        (MANAGEMENT, TRAIL, None, True),
        (ORGANIZATION, TRAIL, None, True),
        ("organization-prod-core-id", TRAIL, None, False),
        (ORGANIZATION, f"{TRAIL}-other", None, False),
        ("organization-prod-core-id", DATA_TRAIL, ORGANIZATION, True),
        ("organization-prod-core-id", DATA_TRAIL, "o-somebodyelse", False),
        ("organization-prod-core-id", DATA_TRAIL, None, False),
        ("organization-nonprod-core-id", DATA_TRAIL, ORGANIZATION, False),
        (ORGANIZATION, DATA_TRAIL, ORGANIZATION, False),
        ("organization-prod-core-id", DATA_TRAIL.replace("-data", "-own"), ORGANIZATION, False),
    ],
)
def test_each_trail_writes_its_own_folders(
    organization: Recording, folder: str, source: str, source_organization: str | None, expected: bool
) -> None:
    assert _may_write(organization, folder, source, source_organization) == expected


def test_nobody_but_cloudtrail_is_let_in_and_nobody_else_writes_or_deletes(organization: Recording) -> None:
    policy = organization.one("log-archive-policy").json("policy")["Statement"]
    assert {str(s["Principal"]) for s in policy if s["Effect"] == "Allow"} == {
        "{'Service': 'cloudtrail.amazonaws.com'}"
    }
    (objects,) = policy[1]["Resource"]
    person = {"aws:PrincipalIsAWSService": "false", "aws:SecureTransport": "true"}
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention"):
        assert [s["Effect"] for s in policy if applies(s, action, objects, person)] == ["Deny"]
    plain = {"aws:SecureTransport": "false"}
    assert any(s["Effect"] == "Deny" and applies(s, "s3:GetObject", objects, plain) for s in policy)


def test_trail_and_bucket_policy_name_the_same_trail_bucket_and_key(organization: Recording) -> None:
    (trail,) = organization.of("cloudtrail/trail:Trail")
    assert TRAIL.endswith(f":trail/{trail.inputs['name']}")
    assert trail.inputs["s3BucketName"] == organization.one("log-archive-bucket").inputs["bucket"]
    assert trail.inputs["kmsKeyId"].endswith(":log-archive-key")
    # The trail is in the management account, which the policies name; a trail elsewhere would have another ARN.
    assert trail.provider == ""
    # CloudTrail tries the bucket when the trail is made.
    assert "log-archive-policy" in trail.depends_on


def test_the_organizations_trail_sees_all_accounts_and_regions_and_can_be_verified(organization: Recording) -> None:
    (trail,) = organization.of("cloudtrail/trail:Trail")
    for argument in (
        "isOrganizationTrail",
        "isMultiRegionTrail",
        "includeGlobalServiceEvents",
        "enableLogFileValidation",
        "enableLogging",
    ):
        assert trail.inputs[argument] is True, argument
    (selector,) = trail.inputs["advancedEventSelectors"]
    assert selector["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    assert trail.protect
    assert trail.retain_on_delete


def test_the_archive_is_in_the_shared_account_locked_versioned_encrypted_and_kept(organization: Recording) -> None:
    made = [r for r in organization.resources if r.name.startswith("log-archive-") and r.custom]
    assert len(made) == 10
    assert [r.name for r in made if r.provider != SHARED] == []
    assert [r.name for r in made if r.kind != "Alias" and not (r.protect and r.retain_on_delete)] == []

    bucket = organization.one("log-archive-bucket")
    assert bucket.inputs["bucket"] == log_archive_bucket("organization-shared-services-id")
    assert bucket.inputs["objectLockEnabled"] is True
    assert organization.one("log-archive-lock").inputs["rule"] == {
        "defaultRetention": {"mode": "COMPLIANCE", "days": 365}
    }
    assert organization.one("log-archive-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = organization.one("log-archive-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"].endswith(":log-archive-key")
    (rule,) = organization.one("log-archive-lifecycle").inputs["rules"]
    assert rule["expiration"] == {"days": 2557}
    assert rule["transitions"] == [{"days": 90, "storageClass": "GLACIER_IR"}]


@pytest.mark.parametrize(
    ("source", "expected"), [(TRAIL, True), (DATA_TRAIL, True), (DATA_TRAIL.replace("-data", ""), False)]
)
def test_the_archives_key_encrypts_for_the_trails_that_may_write(
    organization: Recording, source: str, expected: bool
) -> None:
    key = organization.one("log-archive-key").json("policy")["Statement"]
    cloudtrail = [s for s in key if s["Principal"] == {"Service": "cloudtrail.amazonaws.com"}]
    for action in ("kms:GenerateDataKey", "kms:DescribeKey"):
        assert any(applies(s, action, "*", {"aws:SourceArn": source}) for s in cloudtrail) == expected
    assert not any(applies(s, "kms:Decrypt", "*", {"aws:SourceArn": source}) for s in cloudtrail)


def test_the_archive_is_read_through_its_bucket_by_its_own_account(organization: Recording) -> None:
    key = organization.one("log-archive-key").json("policy")["Statement"]
    readers = [s for s in key if "kms:Decrypt" in s["Action"]]
    assert [s["Principal"] for s in readers] == [{"AWS": "arn:aws:iam::organization-shared-services-id:root"}]
    assert readers[0]["Condition"] == {"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}}


def test_the_trail_reaches_its_log_group_by_a_role_for_this_trail_only(organization: Recording) -> None:
    (trail,) = organization.of("cloudtrail/trail:Trail")
    group = organization.one("trail-log-group")
    assert trail.inputs["cloudWatchLogsGroupArn"].endswith(":trail-log-group:*")
    assert group.inputs["kmsKeyId"].endswith(":keys-logs")
    assert group.inputs["retentionInDays"] == 365
    role = organization.one("trail-role")
    (trusted,) = role.json("assumeRolePolicy")["Statement"]
    assert trusted["Principal"] == {"Service": ["cloudtrail.amazonaws.com"]}
    assert trusted["Condition"]["ArnLike"] == {"aws:SourceArn": [TRAIL]}
    assert role.inputs["permissionsBoundary"]
    assert "trail-writes" in trail.depends_on
    (written,) = organization.one("trail-writes").json("policy")["Statement"]
    group_arn = f"arn:aws:logs:eu-west-1:{MANAGEMENT}:log-group:{group.inputs['name']}"
    for stream in (f"{ORGANIZATION}_{MANAGEMENT}_CloudTrail_eu-west-1", f"{MANAGEMENT}_CloudTrail_eu-west-1"):
        assert applies(written, "logs:PutLogEvents", f"{group_arn}:log-stream:{stream}", {})


def test_the_key_of_the_log_group_is_one_that_cloudwatch_logs_may_use(organization: Recording) -> None:
    key = organization.one("keys-logs").json("policy")["Statement"]
    (used,) = [s for s in key if s["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}]
    context = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{MANAGEMENT}:log-group:x"}
    assert applies(used, "kms:GenerateDataKey", "*", context)
    assert [k.name for k in organization.of("Key")] == ["keys-logs", "log-archive-key"]


def test_what_nobody_does_by_accident_reaches_a_person(organization: Recording) -> None:
    filters: dict[str, dict[str, Any]] = {f.inputs["name"]: f.inputs for f in organization.of("LogMetricFilter")}
    assert filters.keys() == {"root-use", "organization-changes", "audit-changes"}
    assert all(len(f["pattern"]) <= 1024 for f in filters.values())  # CloudWatch Logs, FilterPattern
    assert '$.userIdentity.type = "Root"' in filters["root-use"]["pattern"]
    alarms = {a.inputs["metricName"]: a.inputs for a in organization.of("MetricAlarm")}
    for name, made in filters.items():
        transformation = made["metricTransformation"]
        assert alarms[name]["metricName"] == transformation["name"]
        assert alarms[name]["namespace"] == transformation["namespace"]
        assert alarms[name]["alarmActions"][0].endswith(":alerts-topic")
    assert [s.inputs["endpoint"] for s in organization.of("TopicSubscription")] == ["security@novaretail.example"]
