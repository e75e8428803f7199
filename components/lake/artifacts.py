"""The bucket that code is shipped through: scripts, archives and plugins, each version kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Archive, Asset, ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.buckets import harden, log_requests, organization_only
from components.blocks.place import Place
from components.blocks.policies import Grantee, allow, attach


@dataclass(frozen=True, kw_only=True)
class ArtifactsArgs:
    """How code is kept."""

    where: Place
    artifacts: settings.Artifacts
    kms_key_arn: Input[str]
    access_logs: Input[str]
    """Name of the bucket that takes the log of requests."""


class Artifacts(ComponentResource):
    """The component makes the bucket; `put` and `ship` upload to it, `grant_read` lets a role read by prefix."""

    bucket: aws.s3.Bucket

    def __init__(self, name: str, args: ArtifactsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:storage:Artifacts", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        # Code is made again from the repository: the bucket is guarded like data, but never worth keeping.
        own = ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            f"{name}-code",
            bucket=args.where.name("code"),
            force_destroy=True,
            tags=args.where.tags,
            opts=own,
        )
        # Not by endpoints only: Glue, Lambda and MSK Connect fetch what they run before they are in our networks.
        harden(
            f"{name}-code",
            self.bucket,
            args.kms_key_arn,
            own,
            also=[organization_only(self.bucket, args.where.organization_id)],
        )
        log_requests(f"{name}-code", self.bucket, args.access_logs, own)
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-code-lifecycle",
            bucket=self.bucket.bucket,
            rules=[
                {
                    "id": "replaced-code",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": args.artifacts.noncurrent_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=own,
        )
        self.register_outputs({"bucket": self.bucket.bucket})

    def put(self, key: str, content: Asset | Archive) -> aws.s3.BucketObjectv2:
        """Upload a file or an archive as s3://bucket/key."""
        return aws.s3.BucketObjectv2(
            f"{self._name}-{key.replace('/', '-')}",
            bucket=self.bucket.bucket,
            key=key,
            source=content,
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self),
        )

    def ship(self, key: str, content: Asset | Archive) -> Output[str]:
        """Upload a file or an archive, and return its s3:// address."""
        shipped = self.put(key, content)
        return Output.concat("s3://", shipped.bucket, "/", shipped.key)

    def grant_read(self, grantee: Grantee, prefixes: Sequence[str]) -> aws.iam.RolePolicy:
        """Let a role read what was uploaded below prefixes."""
        return attach(
            self,
            f"{self._name}-read-{grantee.name}",
            grantee,
            [
                allow(["s3:GetObject"], [Output.concat(self.bucket.arn, f"/{prefix}/*") for prefix in prefixes]),
                allow(["kms:Decrypt"], [self._args.kms_key_arn], when=self._args.where.through("s3")),
            ],
        )
