"""What every bucket of the platform is: private, versioned, encrypted with one key, and deaf to plain HTTP."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.policies import BUCKET_LIMIT, Statement, deny, document


def harden(name: str, bucket: aws.s3.Bucket, kms_key_arn: Input[str], opts: ResourceOptions) -> aws.s3.BucketPolicy:
    """Guard a bucket; `opts` are the bucket's own, for what guards a kept bucket must be kept with it.

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
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": kms_key_arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=opts,
    )
    return aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=document(_guards(bucket, kms_key_arn), limit=BUCKET_LIMIT, of=f"bucket {name}"),
        opts=opts,
    )


def _guards(bucket: aws.s3.Bucket, kms_key_arn: Input[str]) -> list[Statement]:
    everyone = {"AWS": "*"}
    objects = Output.concat(bucket.arn, "/*")
    statements = [
        deny(["s3:*"], [bucket.arn, objects], principal=everyone, when={"Bool": {"aws:SecureTransport": "false"}})
    ]
    # A writer that says nothing about encryption gets the bucket's default, which is this key; hence Null, because a
    # negated comparison is also true where the header is missing.
    for header, value in (
        ("s3:x-amz-server-side-encryption", "aws:kms"),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", kms_key_arn),
    ):
        when: dict[str, dict[str, Input[str]]] = {"StringNotEquals": {header: value}, "Null": {header: "false"}}
        statements.append(deny(["s3:PutObject"], [objects], principal=everyone, when=when))
    return statements
