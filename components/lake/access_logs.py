"""The bucket that S3 writes its access logs to: who requested what of the other buckets, and when."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

import settings
from components.blocks.buckets import harden, organization_only
from components.blocks.place import Place
from components.blocks.policies import allow


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """Where logs are kept, and for how long."""

    where: Place
    access_logs: settings.AccessLogs


class AccessLogs(ComponentResource):
    """The component makes a hardened bucket whose policy lets S3 deliver the logs of the environment's buckets."""

    bucket: aws.s3.Bucket
    target: Output[str]
    """The bucket's name for `components.blocks.buckets.log_requests`, once S3 may write to it."""

    def __init__(self, name: str, args: AccessLogsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:storage:AccessLogs", name, {}, args.where.options(opts))
        where = args.where
        held = where.stateful(self)
        self.bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=where.name("access-logs"),
            tags=where.tags,
            force_destroy=not where.keep_data,
            opts=held,
        )
        delivery = allow(
            ["s3:PutObject"],
            [Output.concat(self.bucket.arn, "/*")],
            principal={"Service": "logging.s3.amazonaws.com"},
            when={
                "StringEquals": {"aws:SourceAccount": where.account},
                # By pattern, for each of them waits for this policy.
                "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{where.name('*')}"},
            },
        )
        # SSE-S3: S3 delivers access logs to no bucket whose default encryption is a KMS key (S3 user guide, "Enabling
        # server access logging"). They name requesters and objects, and hold nothing of what is in the objects.
        policy = harden(
            f"{name}-bucket",
            self.bucket,
            None,
            held,
            also=[organization_only(self.bucket, where.organization_id), delivery],
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-bucket-lifecycle",
            bucket=self.bucket.bucket,
            rules=[
                {
                    "id": "old-logs",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.access_logs.keep_days},
                    # Nobody overwrites logs: an older version is what was deleted by hand, and stays as long.
                    "noncurrent_version_expiration": {"noncurrent_days": args.access_logs.keep_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=held,
        )
        self.target = Output.all(self.bucket.bucket, policy.id).apply(lambda known: str(known[0]))
        self.register_outputs({"bucket": self.bucket.bucket})
