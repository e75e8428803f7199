"""What every bucket of the platform is: private, versioned, encrypted, closed to TLS below 1.2 and to strangers.

The policies only deny. Who may do what is granted to roles by the component that owns the bucket; a bucket's policy
says what no grant can give. It denies the use of data, never the management of the bucket itself (`s3:PutBucketPolicy`
and the like), so that whoever may change the bucket can correct a mistake in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.blocks.policies import BUCKET_LIMIT, Statement, deny, document

TLS_VERSION = "1.2"
"""The oldest version that a bucket accepts; S3 refuses older ones too, but that is not ours to rely on."""
_EVERYONE = {"AWS": "*"}
_DATA = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListBucket*",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:ReplicateObject",
    "s3:RestoreObject",
]
"""Reading, writing, deleting and listing of objects."""


def harden(
    name: str,
    bucket: aws.s3.Bucket,
    kms_key_arn: Input[str] | None,
    opts: ResourceOptions,
    *,
    also: Sequence[Statement] = (),
) -> aws.s3.BucketPolicy:
    """Guard a bucket.

    Args:
        opts: the bucket's own, for what guards a kept bucket must be kept with it.
        kms_key_arn: the one key that objects are encrypted with; None: S3's own keys, only for what S3 delivers in
            its own name (see `components/lake/access_logs.py`).
        also: more statements of its policy.
    Returns: the policy, the last of the guards.
    """
    aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    aws.s3.BucketVersioning(
        f"{name}-versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = (
        {"sse_algorithm": "AES256"}
        if kms_key_arn is None
        else {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn}
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": default, "bucket_key_enabled": kms_key_arn is not None}],
        opts=opts,
    )
    statements = [*_tls_only(bucket), *([] if kms_key_arn is None else _one_key_only(bucket, kms_key_arn)), *also]
    return aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=document(statements, limit=BUCKET_LIMIT, of=f"bucket {name}"),
        opts=opts,
    )


def organization_only(bucket: aws.s3.Bucket, organization_id: Input[str]) -> Statement:
    """Deny everybody outside the organization, whatever a grant elsewhere may say.

    A principal of an account without organization, and an anonymous one, has no aws:PrincipalOrgID: the negated
    comparison is true then, and so it is denied. AWS services have none either: one that acts in its own name says
    so (aws:PrincipalIsAWSService), and gets in only where a statement of the bucket lets it in.
    """
    return deny(
        ["s3:*"],
        _whole(bucket),
        principal=_EVERYONE,
        when={
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization_id},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )


def endpoints_only(
    bucket: aws.s3.Bucket, endpoint_ids: Sequence[Input[str]], *, outside: Sequence[Input[str]]
) -> Statement:
    """Deny the use of objects by any other way than these VPC endpoints.

    A request that came through no endpoint has no aws:SourceVpce: the negated comparison is true, so it is denied
    unless one of the others exempts it:

    - aws:ViaAWSService: a service calls on with the credentials of its caller, as Glue does to write the first
      metadata of a table. Without the key, the request is direct.
    - aws:PrincipalIsAWSService: a service in its own name; nothing lets one in but a statement of the bucket.
    - aws:PrincipalArn: the roles that work from outside our networks (`outside`). For a session it is the ARN of its
      role. An anonymous request has none, so it is denied.
    """
    when: Mapping[str, Mapping[str, Any]] = {
        "StringNotEqualsIfExists": {"aws:SourceVpce": list(endpoint_ids)},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
        "ArnNotLikeIfExists": {"aws:PrincipalArn": list(outside)},
    }
    return deny(_DATA, _whole(bucket), principal=_EVERYONE, when=when)


def log_requests(name: str, bucket: aws.s3.Bucket, into: Input[str], opts: ResourceOptions) -> aws.s3.BucketLogging:
    """Log every request to a bucket, in a folder a day: requests/<account>/<region>/<bucket>/2026/05/01/."""
    return aws.s3.BucketLogging(
        f"{name}-logging",
        bucket=bucket.bucket,
        target_bucket=into,
        target_prefix="requests/",
        target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
        opts=opts,
    )


def _whole(bucket: aws.s3.Bucket) -> list[Output[str]]:
    return [bucket.arn, Output.concat(bucket.arn, "/*")]


def _tls_only(bucket: aws.s3.Bucket) -> list[Statement]:
    # Plain HTTP has no TLS version at all, and a comparison of numbers is false then: hence two statements.
    return [
        deny(["s3:*"], _whole(bucket), principal=_EVERYONE, when=condition)
        for condition in (
            {"Bool": {"aws:SecureTransport": "false"}},
            {"NumericLessThan": {"s3:TlsVersion": TLS_VERSION}},
        )
    ]


def _one_key_only(bucket: aws.s3.Bucket, kms_key_arn: Input[str]) -> list[Statement]:
    # A writer that says nothing about encryption gets the bucket's default, which is this key; hence Null, because a
    # negated comparison is also true where the header is missing.
    statements = []
    for header, value in (
        ("s3:x-amz-server-side-encryption", "aws:kms"),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", kms_key_arn),
    ):
        when: dict[str, dict[str, Input[str]]] = {"StringNotEquals": {header: value}, "Null": {header: "false"}}
        objects = Output.concat(bucket.arn, "/*")
        statements.append(deny(["s3:PutObject"], [objects], principal=_EVERYONE, when=when))
    return statements
