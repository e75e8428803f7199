"""The log archive: where the trails of all accounts are kept, and nobody can remove them.

It is in the account for shared services, so that an environment's administrators do not control its trail. Its bucket's
policy and its key's know each trail by name. Log files are encrypted with the archive's key; CloudTrail encrypts its
digest files with keys of S3 and knows no other way, so that the policy asks who writes, not how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.names import DATA_TRAILS, LOG_ARCHIVE, TRAIL, log_archive_bucket
from components.blocks.place import Place
from components.blocks.policies import BUCKET_LIMIT, KEY_LIMIT, Statement, allow, deny, document

_CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
# In a key's policy, "*" is the key that the policy belongs to.
_THIS_KEY = ["*"]


@dataclass(frozen=True, kw_only=True)
class LogArchiveArgs:
    """Where the archive is, and whose trails it takes."""

    where: Place
    """The management account's."""
    log_archive: settings.LogArchive
    encryption: settings.Encryption
    organization_id: Input[str]
    account_id: Input[str]
    """The account that the archive is in."""
    members: Mapping[str, Input[str]]
    """Name -> id of the accounts with trails of data events."""


class LogArchive(ComponentResource):
    """A locked bucket, encrypted with a key of its own, keeps the trails of all accounts."""

    key: aws.kms.Key
    bucket: aws.s3.Bucket
    key_arn: Output[str]
    bucket_name: Output[str]
    """Known only when the bucket takes logs."""

    def __init__(self, name: str, args: LogArchiveArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:LogArchive", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        held = args.where.stateful(self)
        self.key = aws.kms.Key(
            f"{name}-key",
            description="NovaRetail log archive: trails of all accounts",
            enable_key_rotation=True,
            rotation_period_in_days=args.encryption.rotation_days,
            deletion_window_in_days=args.encryption.deletion_days,
            policy=document(self._key_policy(), limit=KEY_LIMIT, of="the log archive's key"),
            tags={**args.where.tags, "Purpose": "log-archive"},
            opts=held,
        )
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{LOG_ARCHIVE}",
            target_key_id=self.key.key_id,
            opts=ResourceOptions(parent=self),
        )
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=Output.from_input(args.account_id).apply(log_archive_bucket),
            # Only a new bucket can be made with a lock that holds from its first object.
            object_lock_enabled=True,
            tags=args.where.tags,
            opts=held,
        )
        guarded = self._guard(held)
        self.key_arn = self.key.arn
        self.bucket_name = Output.all(self.bucket.bucket, guarded.id).apply(lambda known: str(known[0]))
        self.register_outputs({"bucket": self.bucket_name, "key_arn": self.key_arn})

    def _guard(self, held: ResourceOptions) -> aws.s3.BucketPolicy:
        """Make everything that makes a bucket the archive; return what a trail must wait for."""
        name, args, bucket = self._name, self._args, self.bucket
        aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=held,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=held
        )
        versioned = aws.s3.BucketVersioning(
            f"{name}-versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=held
        )
        after = ResourceOptions.merge(held, ResourceOptions(depends_on=[versioned]))
        lock = aws.s3.BucketObjectLockConfiguration(
            f"{name}-lock",
            bucket=bucket.bucket,
            rule={"default_retention": {"mode": args.log_archive.lock_mode, "days": args.log_archive.lock_days}},
            opts=after,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self.key.arn,
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=held,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "archive",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": args.log_archive.cold_days, "storage_class": "GLACIER_IR"}],
                    "expiration": {"days": args.log_archive.keep_days},
                    # What is locked stays until its lock ends, whatever a rule says.
                    "noncurrent_version_expiration": {"noncurrent_days": 30},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=after,
        )
        return aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=document(self._bucket_policy(), limit=BUCKET_LIMIT, of="the log archive"),
            opts=ResourceOptions.merge(held, ResourceOptions(depends_on=[lock])),
        )

    def _data_trails(self) -> list[tuple[Input[str], Output[str]]]:
        """Return the accounts, and the ARN that the trails of data events of each match."""
        prefix = f"arn:aws:cloudtrail:{self._args.where.region}:"
        accounts = [account for _, account in sorted(self._args.members.items())]
        return [(account, Output.concat(prefix, account, f":trail/{DATA_TRAILS}")) for account in accounts]

    def _bucket_policy(self) -> list[Statement]:
        arn, args = self.bucket.arn, self._args
        everyone, objects = {"AWS": "*"}, Output.concat(arn, "/*")
        full_control = {"s3:x-amz-acl": "bucket-owner-full-control"}
        # The organization's trail writes its own account's files below the account, all others' below the organization.
        by_trail = {"aws:SourceArn": args.where.arn("cloudtrail", f"trail/{TRAIL}")}
        owners: tuple[Input[str], ...] = (args.where.account, args.organization_id)
        statements = [
            deny(["s3:*"], [arn, objects], principal=everyone, when={"Bool": {"aws:SecureTransport": "false"}}),
            deny(
                ["s3:DeleteObject*", "s3:PutObject*"],
                [objects],
                principal=everyone,
                when={"Bool": {"aws:PrincipalIsAWSService": "false"}},
            ),
            allow(["s3:GetBucketAcl"], [arn], principal=_CLOUDTRAIL, when={"StringEquals": by_trail}),
            allow(
                ["s3:PutObject"],
                [Output.concat(arn, "/AWSLogs/", owner, "/*") for owner in owners],
                principal=_CLOUDTRAIL,
                when={"StringEquals": {**by_trail, **full_control}},
            ),
        ]
        inside = {"aws:SourceOrgID": args.organization_id}
        for member, source in self._data_trails():
            by_member = {"ArnLike": {"aws:SourceArn": source}}
            folder = Output.concat(arn, "/AWSLogs/", member, "/*")
            statements += [
                allow(["s3:GetBucketAcl"], [arn], principal=_CLOUDTRAIL, when={**by_member, "StringEquals": inside}),
                allow(
                    ["s3:PutObject"],
                    [folder],
                    principal=_CLOUDTRAIL,
                    when={**by_member, "StringEquals": {**inside, **full_control}},
                ),
            ]
        return statements

    def _key_policy(self) -> list[Statement]:
        account = {"AWS": Output.concat("arn:aws:iam::", self._args.account_id, ":root")}
        own = self._args.where.arn("cloudtrail", f"trail/{TRAIL}")
        sources: list[Input[str]] = [own, *(source for _, source in self._data_trails())]
        administer = [
            "kms:CancelKeyDeletion",
            "kms:CreateAlias",
            "kms:Delete*",
            "kms:Describe*",
            "kms:Disable*",
            "kms:Enable*",
            "kms:Get*",
            "kms:List*",
            "kms:Put*",
            "kms:RotateKeyOnDemand",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:Update*",
        ]
        return [
            allow(administer, _THIS_KEY, principal=account),
            # Reading is for this account, through the archive's bucket.
            allow(["kms:Decrypt"], _THIS_KEY, principal=account, when=self._args.where.through("s3")),
            allow(
                ["kms:DescribeKey", "kms:GenerateDataKey*"],
                _THIS_KEY,
                principal=_CLOUDTRAIL,
                when={"ArnLike": {"aws:SourceArn": sources}},
            ),
        ]
