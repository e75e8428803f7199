"""The lake: one private bucket for each zone, and who may read and write which prefix of it.

Retention: what a table has dropped (a deleted row's file, an expired snapshot) is gone for good after
`noncurrent_days`. Live files are never expired by age: an Iceberg table that still names them would be broken, so
rows are removed by age in the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import ComponentResource, FileAsset, Input, Output, ResourceOptions

import settings
from components.blocks.buckets import endpoints_only, harden, log_requests, organization_only
from components.blocks.exchange_way import ZONE as EXCHANGE_ZONE
from components.blocks.exchange_way import ExchangeWay
from components.blocks.place import Place
from components.blocks.policies import USER_INLINE_LIMIT, Grantee, Statement, allow, attach, document
from contracts import CDC_FOLDER, EXCHANGE_FOLDER, Contracts, Exchange, Table

REFERENCE = "reference"
"""Folder of raw with small files that no contract describes."""
INCOMING, REJECTED = "incoming", "rejected"
"""Folders of raw: partners put such files into the first, and the second takes those that cannot be used."""
ZONES = ("raw", "curated", "analytics")
_READ = ["s3:GetObject"]
# A multipart upload that fails is aborted by its writer; overwriting and deleting make old versions.
_WRITE = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]


@dataclass(frozen=True, kw_only=True)
class LakeArgs:
    """What is kept, and by which ways it is used."""

    where: Place
    lake: settings.Lake
    contracts: Contracts
    kms_key_arn: Input[str]
    """The one key that objects are encrypted with."""
    endpoint_ids: Sequence[Input[str]]
    """The VPC endpoints through which objects are used."""
    outside: Sequence[Input[str]]
    """ARNs of the roles that use objects without them, because they work outside our networks."""
    exchange: ExchangeWay | None
    """By which way Azure reads published snapshots; None: by none."""
    exchange_endpoint_id: Input[str]
    """The one of `endpoint_ids` that Azure's private way leads through."""
    access_logs: Input[str]
    """Name of the bucket that takes the log of requests."""
    exchange_rates: Path
    """CSV file of the program's folder, uploaded to raw."""


class Lake(ComponentResource):
    """The component makes the zones' buckets: for the organization, over our endpoints, with the lake's key.

    Its grants are by table.
    """

    buckets: dict[str, aws.s3.Bucket]
    """By zone."""
    exchange_rates: Output[str]
    """s3:// address of the edition in use."""

    def __init__(self, name: str, args: LakeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:storage:Lake", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self.buckets = {zone: self._bucket(zone) for zone in ZONES}
        rates = aws.s3.BucketObjectv2(
            f"{name}-exchange-rates",
            bucket=self.buckets["raw"].bucket,
            key=f"{REFERENCE}/exchange_rates/exchange_rates.csv",
            source=FileAsset(str(args.exchange_rates)),
            content_type="text/csv",
            tags=args.where.tags,
            # The first edition; the function land_reference puts the later ones in its place.
            opts=ResourceOptions(parent=self, ignore_changes=["source", "metadata"]),
        )
        self.exchange_rates = Output.concat("s3://", self.buckets["raw"].bucket, "/", rates.key)
        self.register_outputs({"buckets": {zone: bucket.bucket for zone, bucket in self.buckets.items()}})

    def location(self, table: Table) -> Output[str]:
        """Return the s3:// address of a table's files."""
        return Output.concat("s3://", self.buckets[table.zone].bucket, "/", table.prefix)

    def grant_read(self, grantee: Grantee, tables: Sequence[Table]) -> aws.iam.RolePolicy:
        """Let a role read the files of tables."""
        return self._grant("read", grantee, _READ, {(table.zone, table.prefix) for table in tables})

    def grant_write(self, grantee: Grantee, tables: Sequence[Table]) -> aws.iam.RolePolicy:
        """Let a role read and write the files of tables, and of no others."""
        return self._grant("write", grantee, _WRITE, {(table.zone, table.prefix) for table in tables})

    def grant_reference(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let a role read reference data: exchange rates and the like."""
        return self._grant("reference", grantee, _READ, {("raw", REFERENCE)})

    def grant_exchange_write(self, grantee: Grantee, exchanges: Sequence[Exchange]) -> aws.iam.RolePolicy:
        """Let a role publish snapshots of these shared tables."""
        return self._grant("exchange-write", grantee, _WRITE, {(shared.zone, shared.prefix) for shared in exchanges})

    def grant_landing(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let a role take files from incoming/, make one the edition in use, and set others aside."""
        raw = self.buckets["raw"].arn
        return attach(
            self,
            f"{self._name}-landing-{grantee.name}",
            grantee,
            [
                allow(["s3:DeleteObject", "s3:GetObject"], [Output.concat(raw, f"/{INCOMING}/*")]),
                allow(["s3:GetObject", "s3:PutObject"], [Output.concat(raw, f"/{REFERENCE}/*")]),
                allow(["s3:PutObject"], [Output.concat(raw, f"/{REJECTED}/*")]),
                # Without it, S3 says of a file that is gone that it is forbidden.
                allow(
                    ["s3:ListBucket"], [raw], when={"StringLike": {"s3:prefix": [f"{INCOMING}/*", f"{REFERENCE}/*"]}}
                ),
                allow(
                    ["kms:Decrypt", "kms:GenerateDataKey"],
                    [self._args.kms_key_arn],
                    when=self._args.where.through("s3"),
                ),
            ],
        )

    def grant_capture(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let DMS add files of captured tables, and what it notes of itself, below the one folder that it has."""
        raw = self.buckets["raw"].arn
        statements = [
            allow([*_WRITE, "s3:PutObjectTagging"], [Output.concat(raw, "/", CDC_FOLDER, "/*")]),
            # DMS also looks whether the bucket is there, without naming a folder.
            allow(
                ["s3:ListBucket"],
                [raw],
                when={"StringLikeIfExists": {"s3:prefix": ["", CDC_FOLDER, f"{CDC_FOLDER}/*"]}},
            ),
            allow(["s3:GetBucketLocation"], [raw]),
            allow(
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [self._args.kms_key_arn],
                when=self._args.where.through("s3"),
            ),
        ]
        return attach(self, f"{self._name}-capture-{grantee.name}", grantee, statements)

    def grant_exchange(self, exchange: ExchangeWay, user: aws.iam.User) -> aws.iam.UserPolicy:
        """Let Data Factory's user read published snapshots, by its one way."""
        name, args = f"{self._name}-exchange", self._args
        statements = exchange.granted(self.buckets[EXCHANGE_ZONE].arn, args.exchange_endpoint_id, args.kms_key_arn)
        return aws.iam.UserPolicy(
            name,
            user=user.name,
            policy=document(statements, limit=USER_INLINE_LIMIT, of=f"{name} on {exchange.user_name}"),
            opts=ResourceOptions(parent=self),
        )

    def _grant(
        self, kind: str, grantee: Grantee, actions: Sequence[str], folders: set[tuple[str, str]]
    ) -> aws.iam.RolePolicy:
        statements: list[Statement] = []
        for zone in sorted({zone for zone, _ in folders}):
            prefixes = sorted(prefix for owner, prefix in folders if owner == zone)
            arn = self.buckets[zone].arn
            statements.append(allow(actions, [Output.concat(arn, "/", prefix, "/*") for prefix in prefixes]))
            listed = {"StringLike": {"s3:prefix": [pattern for p in prefixes for pattern in (p, f"{p}/*")]}}
            statements.append(allow(["s3:ListBucket"], [arn], when=listed))
            statements.append(allow(["s3:GetBucketLocation"], [arn]))
        key_actions = ["kms:Decrypt"] if actions is _READ else ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append(allow(key_actions, [self._args.kms_key_arn], when=self._args.where.through("s3")))
        return attach(self, f"{self._name}-{kind}-{grantee.name}", grantee, statements)

    def _bucket(self, zone: str) -> aws.s3.Bucket:
        name, args = f"{self._name}-{zone}", self._args
        # What guards a bucket shares its fate: a kept bucket without its access block would be open.
        held = args.where.stateful(self)
        bucket = aws.s3.Bucket(
            name,
            bucket=args.where.name(f"datalake-{zone}"),
            tags={**args.where.tags, "Zone": zone},
            force_destroy=not args.where.keep_data,
            opts=held,
        )
        exchange = args.exchange if zone == EXCHANGE_ZONE else None
        outside = [*args.outside, *(exchange.outside if exchange else [])]
        harden(
            name,
            bucket,
            args.kms_key_arn,
            held,
            also=[
                organization_only(bucket, args.where.organization_id),
                endpoints_only(bucket, args.endpoint_ids, outside=outside),
                *(exchange.refused(bucket.arn, args.exchange_endpoint_id) if exchange else []),
            ],
        )
        log_requests(name, bucket, args.access_logs, held)
        # EventBridge gets all events, and its rules select. Nothing would report a bucket that sends none.
        aws.s3.BucketNotification(f"{name}-events", bucket=bucket.bucket, eventbridge=True, opts=held)
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle", bucket=bucket.bucket, rules=_lifecycle(args, zone), opts=held
        )
        return bucket


def _lifecycle(args: LakeArgs, zone: str) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abandoned-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            "expiration": {"expired_object_delete_marker": True},
        }
    ]
    for table in args.contracts.tables:
        if table.zone != zone:
            continue
        rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": table.full_name,
            "status": "Enabled",
            "filter": {"prefix": f"{table.prefix}/"},
            # No dropped row outlives its contract, even where the environment keeps versions for longer.
            "noncurrent_version_expiration": {"noncurrent_days": min(args.lake.noncurrent_days, table.retention_days)},
        }
        if zone == "raw" and args.lake.raw_tiering_days:
            # Raw is read once, then only to replay. Intelligent tiering answers at once and takes no fee for reading
            # or deleting early, as compaction does; archive classes would break every reader of an Iceberg table.
            rule["transitions"] = [{"days": args.lake.raw_tiering_days, "storage_class": "INTELLIGENT_TIERING"}]
        rules.append(rule)
    if any(shared.zone == zone for shared in args.contracts.exchanges):
        # The job `publish` removes snapshots that have been replaced. They can be published again from the table, so
        # their versions would only take room, a whole copy of the table each.
        snapshots: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": EXCHANGE_FOLDER,
            "status": "Enabled",
            "filter": {"prefix": f"{EXCHANGE_FOLDER}/"},
            "noncurrent_version_expiration": {"noncurrent_days": 1},
        }
        rules.append(snapshots)
    return rules
