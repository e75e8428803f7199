"""Change data capture: DMS Serverless reads the contracts' tables of the shop's database and writes Parquet to raw.

It writes first all rows, then every change, to files below `cdc/<table>` (see contracts.cdc). Nothing is lost
silently: an error stops the replication instead of skipping a row, and a rule tells people that it stopped.

Validation is off: for a target in S3, DMS would compare rows through Athena, with databases and tables of its own in
the catalog. Folders by date are off: DMS writes them as 2026/05/01, which no reader takes for partitions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

import settings
from components.blocks.alarms import alarm
from components.blocks.event_rules import tell
from components.blocks.policies import ANYTHING, Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from components.ingest.dms_task_settings import replication_settings

NETWORK_ROLE = "dms-vpc-role"
LOGS_ROLE = "dms-cloudwatch-logs-role"
"""DMS looks for its account's two roles by these names."""
HEARTBEAT_SCHEMA = "dms"
"""Schema that belongs to the capturing user."""
OPERATION_STOPS = ("REPLICATION_FAILED", "REPLICATION_STOPPED")
"""Types of DMS's events after which nothing is captured any more."""


@dataclass(frozen=True, kw_only=True)
class ChangeDataCaptureArgs:
    """Where changes come from and where they go."""

    where: WatchedPlace
    cdc: settings.Cdc
    database_name: str
    """The captured database."""
    secret_arn: Input[str]
    """How the capturing user connects: host, port, user and password, as JSON."""
    certificate_file: Path
    """Root certificate of the database's server, PEM."""
    ready: Sequence[Resource]
    """What must exist before DMS connects: the user, and the grants of `role`."""
    bucket: Input[str]
    folder: str
    """Folder of the bucket that changes are written below."""
    mappings: Mapping[str, Any]
    """DMS's table mapping, from the contracts."""
    timestamp_column: str
    """What raw calls the time of a change."""
    role: Grantee
    """DMS takes it to read the secret and to write to the bucket."""
    network_role: Grantee
    """The account's role `NETWORK_ROLE`."""
    logs_role: Grantee
    """The account's role `LOGS_ROLE`."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    """Encrypts the storage of the replication."""
    lake_key_arn: Input[str]
    """Encrypts what is written to the bucket."""


class ChangeDataCapture(ComponentResource):
    """The component makes the replication of the source's changes to raw, and what watches it.

    For what stands in for DMS: the source endpoint's database_name and secrets_manager_arn, the target's bucket_name,
    timestamp_column_name, include_op_for_full_load, cdc_max_batch_interval (s) and cdc_min_file_size (KB), and the
    replication's table_mappings say all that is needed. A row of the full load has the time at which the replication
    began, so that every change, also one from during the load, is later.
    """

    identifier: str
    """The replication's physical name; that of its log group follows from it."""
    source: aws.dms.Endpoint
    target: aws.dms.S3Endpoint
    replication: aws.dms.ReplicationConfig
    metrics_id: Output[str]
    """What DMS calls the replication in its metrics: <account>:<id>."""

    def __init__(self, name: str, args: ChangeDataCaptureArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:cdc:ChangeDataCapture", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.identifier = args.where.name("cdc")
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"dms-serverless-replication-{self.identifier}",
            retention_in_days=args.cdc.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=self._own,
        )
        network = self._grant_network()
        logging = self._grant_logs()
        self.source = self._source()
        self.target = self._target()
        self.replication = self._replication([logs, logging], network)
        self._watch()
        self.register_outputs({"replication": self.replication.arn})

    def _grant_network(self) -> aws.iam.RolePolicy:
        where = self._args.where
        return attach(
            self,
            f"{self._name}-network-{self._args.network_role.name}",
            self._args.network_role,
            [
                allow(
                    [
                        "ec2:CreateNetworkInterface",
                        "ec2:DeleteNetworkInterface",
                        "ec2:ModifyNetworkInterfaceAttribute",
                    ],
                    # DMS makes interfaces in whatever subnets a subnet group names.
                    [where.arn("ec2", "*/*")],
                ),
                # Looking networks up has no resource level.
                allow(
                    [
                        "ec2:DescribeAvailabilityZones",
                        "ec2:DescribeDhcpOptions",
                        "ec2:DescribeInternetGateways",
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeSecurityGroups",
                        "ec2:DescribeSubnets",
                        "ec2:DescribeVpcs",
                    ],
                    [ANYTHING],
                ),
            ],
        )

    def _grant_logs(self) -> aws.iam.RolePolicy:
        arn = self._args.where.arn
        groups = [arn("logs", f"log-group:dms-{kind}-*") for kind in ("serverless-replication", "tasks")]
        return attach(
            self,
            f"{self._name}-logs-{self._args.logs_role.name}",
            self._args.logs_role,
            [
                allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams"], groups),
                allow(["logs:PutLogEvents"], [f"{group}:log-stream:dms-*" for group in groups]),
                # Looking for a log group has no resource level.
                allow(["logs:DescribeLogGroups"], [ANYTHING]),
            ],
        )

    def _source(self) -> aws.dms.Endpoint:
        args, name = self._args, self._name
        certificate = aws.dms.Certificate(
            f"{name}-certificate",
            certificate_id=f"{self.identifier}-rds-ca",
            certificate_pem=args.certificate_file.read_text("utf-8"),
            tags=args.where.tags,
            opts=self._own,
        )
        return aws.dms.Endpoint(
            f"{name}-source",
            endpoint_id=f"{self.identifier}-source",
            endpoint_type="source",
            engine_name="postgres",
            database_name=args.database_name,
            secrets_manager_arn=args.secret_arn,
            secrets_manager_access_role_arn=args.role.arn,
            ssl_mode="verify-full",
            certificate_arn=certificate.certificate_arn,
            kms_key_arn=args.kms_key_arn,
            postgres_settings={
                # Part of every PostgreSQL, and the one that knows whole old rows (REPLICA IDENTITY FULL).
                "plugin_name": "test-decoding",
                # An idle database would hold back old log: a row is written now and then.
                "heartbeat_enable": True,
                "heartbeat_frequency": args.cdc.heartbeat_minutes,
                "heartbeat_schema": HEARTBEAT_SCHEMA,
                # DDL is seen by a trigger that only a superuser may make. Contracts say which columns are captured.
                "capture_ddls": False,
                "fail_tasks_on_lob_truncation": True,
            },
            tags=args.where.tags,
            opts=ResourceOptions(parent=self, depends_on=list(args.ready)),
        )

    def _target(self) -> aws.dms.S3Endpoint:
        args = self._args
        return aws.dms.S3Endpoint(
            f"{self._name}-target",
            endpoint_id=f"{self.identifier}-target",
            endpoint_type="target",
            bucket_name=args.bucket,
            expected_bucket_owner=args.where.account,
            service_access_role_arn=args.role.arn,
            kms_key_arn=args.kms_key_arn,
            encryption_mode="SSE_KMS",
            server_side_encryption_kms_key_id=args.lake_key_arn,
            data_format="parquet",
            parquet_version="parquet-1-0",
            compression_type="GZIP",
            # Milliseconds would round what the source says; raw keeps what arrived.
            parquet_timestamp_in_millisecond=False,
            # Without it, files of the full load lack the column that files of changes have.
            include_op_for_full_load=True,
            timestamp_column_name=args.timestamp_column,
            # A row that was read early and written late must not seem newer than a change in between.
            use_task_start_time_for_full_load_timestamp=True,
            cdc_max_batch_interval=args.cdc.batch_seconds,
            cdc_min_file_size=args.cdc.file_mib * 1000,
            date_partition_enabled=False,
            tags=args.where.tags,
            opts=ResourceOptions(parent=self, depends_on=list(args.ready)),
        )

    def _replication(self, logging: Sequence[Resource], network: Resource) -> aws.dms.ReplicationConfig:
        args, name = self._args, self._name
        subnets = aws.dms.ReplicationSubnetGroup(
            f"{name}-subnets",
            replication_subnet_group_id=self.identifier,
            replication_subnet_group_description="Subnets for the capture of changes",
            subnet_ids=list(args.subnet_ids),
            tags=args.where.tags,
            # DMS takes its network role when the group is made.
            opts=ResourceOptions(parent=self, depends_on=[network]),
        )
        return aws.dms.ReplicationConfig(
            f"{name}-replication",
            replication_config_identifier=self.identifier,
            resource_identifier=self.identifier,
            # DMS changes it for no replication that ever ran: another kind is another replication.
            replication_type="full-load-and-cdc",
            source_endpoint_arn=self.source.endpoint_arn,
            target_endpoint_arn=self.target.endpoint_arn,
            table_mappings=json.dumps(args.mappings, sort_keys=True),
            replication_settings=json.dumps(replication_settings(args.folder), sort_keys=True),
            start_replication=True,
            compute_config={
                "min_capacity_units": args.cdc.capacity_min,
                "max_capacity_units": args.cdc.capacity_max,
                "multi_az": args.cdc.multi_az,
                "replication_subnet_group_id": subnets.replication_subnet_group_id,
                "vpc_security_group_ids": [args.security_group_id],
                "kms_key_id": args.kms_key_arn,
                "preferred_maintenance_window": args.cdc.replication_window,
            },
            tags=args.where.tags,
            # Its slot in the database is the place up to which changes were read: gone with it.
            opts=ResourceOptions.merge(args.where.stateful(self), ResourceOptions(depends_on=list(logging))),
        )

    def _watch(self) -> None:
        args, name = self._args, self._name
        # From the ARN: a replication that is made anew may get another id.
        self.metrics_id = self.replication.arn.apply(lambda arn: f"{args.where.account}:{arn.split(':')[6]}")
        for suffix, metric, why in (
            (
                "source-latency",
                "CDCLatencySource",
                "Changes are read late from the shop's database, or the replication stands still. See its state in DMS "
                "and its log; then long transactions and the load of the database.",
            ),
            (
                "target-latency",
                "CDCLatencyTarget",
                "Changes are written late to raw, or the replication stands still. See its state in DMS and its log; "
                "then raise cdc.capacity_max.",
            ),
        ):
            alarm(
                self,
                f"{name}-{suffix}",
                where=args.where,
                why=why,
                namespace="AWS/DMS",
                metric=metric,
                dimensions={"ReplicationConfigId": self.metrics_id},
                statistic="Maximum",
                threshold=args.cdc.latency_minutes * 60,
                periods=3,
                # A replication that stopped says nothing any more.
                silence="breaching",
            )
        tell(
            self,
            f"{name}-stopped",
            where=args.where,
            description="The capture of the shop's changes has failed or was stopped",
            pattern={
                "source": ["aws.dms"],
                # Serverless replications have this type; that of tasks says nothing of their failures.
                "detail-type": ["DMS Replication State Change"],
                "resources": [self.replication.arn],
                "detail": {"eventType": list(OPERATION_STOPS)},
            },
            paths={"what": "$.detail.eventType", "message": "$.detail.detailMessage"},
            text="The capture of the shop's changes stands still (<what>): <message>",
        )
