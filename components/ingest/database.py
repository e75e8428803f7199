"""The shop's database: RDS for PostgreSQL, open to logical replication, and the user that captures its changes.

RDS makes and rotates the master password in a secret of its own. The capturing user has another one, which a function
in the VPC sets and writes to `capture_secret` when the database is new: no password is in the program or its state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import ComponentResource, FileArchive, FileAsset, Input, Output, ResourceOptions

import settings
from components.blocks.assets import archive
from components.blocks.functions import ARCHITECTURE, RUNTIME, FunctionArgs, failure_queue, function
from components.blocks.policies import Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from components.ingest.database_alarms import watch_database

PORT = 5432
MASTER = "shop_admin"
CAPTURE_USER = "dms"
FUNCTION = "capture-user"
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
LOGS = ("postgresql", "upgrade")
OS_METRICS = "RDSOSMetrics"
"""The log group that enhanced monitoring writes to, for all instances of an account."""
INSIGHTS_DAYS = 7
"""What Database Insights keeps in its standard mode."""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What the database holds, and what prepares it."""

    where: WatchedPlace
    database: settings.Database
    database_name: str
    """The captured database."""
    tables: Sequence[str]
    """Its captured tables, schema.table."""
    statements: Sequence[str]
    """SQL that makes the tables."""
    code: Path
    """File of the function that makes the capturing user."""
    packages: Path
    """Folder of the function's layer."""
    function_role: Grantee
    monitoring_role: Grantee
    """RDS takes it to write metrics of the host."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    """The instance's."""
    client_group_id: Input[str]
    """The function's."""
    kms_key_arn: Input[str]
    """Encrypts storage and Insights."""
    secrets_key_arn: Input[str]
    """Encrypts the passwords."""


class Database(ComponentResource):
    """The component makes the instance, and the user that captures its changes, with that user's secret.

    For what stands in for RDS: the inputs that matter are dbName, username, port and the parameter group's
    parameters. The secret then has engine, username, password, host, port and dbname, as JSON.
    """

    identifier: str
    """The instance's physical name; those of its log groups follow from it."""
    certificate_file: Path
    """Root certificate of its server, PEM."""
    instance: aws.rds.Instance
    capture_secret: aws.secretsmanager.Secret
    """How the capturing user connects; it has a value once `capture_ready` exists."""
    capture_ready: aws.lambda_.Invocation

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:cdc:Database", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.identifier = args.where.name("shop")
        self.certificate_file = certificate_file(args.where.region)
        logs = self._logs()
        self.instance = self._instance(logs)
        self.capture_secret = aws.secretsmanager.Secret(
            f"{name}-capture",
            description=f"User {CAPTURE_USER} of the shop's database, for DMS; written by the function {FUNCTION}",
            kms_key_id=args.secrets_key_arn,
            recovery_window_in_days=7,
            tags=args.where.tags,
            opts=self._own,
        )
        self.capture_ready = self._capture_user()
        watch_database(self, name, where=args.where, database=args.database, instance_id=self.instance.identifier)
        self.register_outputs({"address": self.instance.address, "capture_secret": self.capture_secret.arn})

    def grant_capture(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let a role read how the capturing user connects."""
        return attach(
            self,
            f"{self._name}-capture-{grantee.name}",
            grantee,
            [
                allow(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], [self.capture_secret.arn]),
                allow(
                    ["kms:Decrypt", "kms:DescribeKey"],
                    [self._args.secrets_key_arn],
                    when=self._args.where.through("secretsmanager"),
                ),
            ],
        )

    def _logs(self) -> list[aws.cloudwatch.LogGroup]:
        # RDS would make them itself: without a key, and kept for ever.
        names = {kind: f"/aws/rds/instance/{self.identifier}/{kind}" for kind in LOGS} | {"os-metrics": OS_METRICS}
        return [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{kind}-logs",
                name=group,
                retention_in_days=self._args.database.log_days,
                kms_key_id=self._args.where.logs_key_arn,
                tags=self._args.where.tags,
                opts=self._own,
            )
            for kind, group in names.items()
        ]

    def _instance(self, logs: Sequence[aws.cloudwatch.LogGroup]) -> aws.rds.Instance:
        args, name, where = self._args, self._name, self._args.where
        subnets = aws.rds.SubnetGroup(
            f"{name}-subnets",
            description="Subnets for databases",
            subnet_ids=list(args.subnet_ids),
            tags=where.tags,
            opts=self._own,
        )
        family = f"postgres{args.database.engine_version.partition('.')[0]}"
        parameters = aws.rds.ParameterGroup(
            # A group cannot change its family: that of the next one is made beside it.
            f"{name}-{family}",
            family=family,
            description="TLS only, logical replication with bounded write-ahead log",
            parameters=[
                {"name": key, "value": value, "apply_method": method}
                for key, (value, method) in sorted(parameters_of(args).items())
            ],
            tags=where.tags,
            opts=self._own,
        )
        monitoring = attach(
            self,
            f"{name}-monitor-{args.monitoring_role.name}",
            args.monitoring_role,
            [
                allow(
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"],
                    [where.arn("logs", f"log-group:{OS_METRICS}:*")],
                )
            ],
        )
        return aws.rds.Instance(
            f"{name}-instance",
            # The names of its log groups follow from it.
            identifier=self.identifier,
            engine="postgres",
            # The major version: RDS moves within it, in the maintenance window, and that is no change of ours.
            engine_version=args.database.engine_version,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            instance_class=args.database.instance_class,
            multi_az=args.database.multi_az,
            db_name=args.database_name,
            username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.secrets_key_arn,
            iam_database_authentication_enabled=True,
            port=PORT,
            publicly_accessible=False,
            network_type="IPV4",
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            ca_cert_identifier=CERTIFICATE_AUTHORITY,
            parameter_group_name=parameters.name,
            storage_type="gp3",
            allocated_storage=args.database.storage_gib,
            max_allocated_storage=args.database.storage_max_gib,
            storage_encrypted=True,
            kms_key_id=args.kms_key_arn,
            backup_retention_period=args.database.backup_days,
            backup_window=args.database.backup_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not where.keep_data,
            deletion_protection=where.keep_data,
            skip_final_snapshot=not where.keep_data,
            final_snapshot_identifier=f"{self.identifier}-final" if where.keep_data else None,
            maintenance_window=args.database.maintenance_window,
            apply_immediately=False,
            enabled_cloudwatch_logs_exports=list(LOGS),
            monitoring_interval=args.database.monitoring_seconds,
            monitoring_role_arn=args.monitoring_role.arn,
            database_insights_mode="standard",
            performance_insights_enabled=True,
            performance_insights_kms_key_id=args.kms_key_arn,
            performance_insights_retention_period=INSIGHTS_DAYS,
            tags=where.tags,
            opts=ResourceOptions.merge(where.stateful(self), ResourceOptions(depends_on=[*logs, monitoring])),
        )

    def _capture_user(self) -> aws.lambda_.Invocation:
        args, name, where = self._args, self._name, self._args.where
        master = self.instance.master_user_secrets[0].secret_arn
        granted = attach(
            self,
            f"{name}-prepare-{args.function_role.name}",
            args.function_role,
            [
                allow(["secretsmanager:GetSecretValue"], [master]),
                allow(["secretsmanager:PutSecretValue"], [self.capture_secret.arn]),
                allow(
                    ["kms:Decrypt", "kms:GenerateDataKey"],
                    [args.secrets_key_arn],
                    when=where.through("secretsmanager"),
                ),
            ],
        )
        layer = aws.lambda_.LayerVersion(
            f"{name}-packages",
            layer_name=where.name(FUNCTION),
            description=f"Python packages of {args.code.with_suffix('.txt').as_posix()}",
            code=FileArchive(str(args.packages)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            opts=self._own,
        )
        made = function(
            self,
            f"{name}-user",
            FunctionArgs(
                where=where,
                physical_name=FUNCTION,
                description="Makes the database user that captures changes, with a password that nobody sees",
                code=archive(
                    {args.code.name: FileAsset(str(args.code)), "rds-ca.pem": FileAsset(str(self.certificate_file))}
                ),
                handler=f"{args.code.stem}.handler",
                layers=[layer.arn],
                role=args.function_role,
                failures=failure_queue(
                    self,
                    f"{name}-user-failures",
                    where=where,
                    physical_name=f"{FUNCTION}-failures",
                    kms_key_arn=args.where.logs_key_arn,
                ),
                memory_mib=256,
                timeout_seconds=60,
                concurrency=1,
                retries=0,
                max_age_seconds=3600,
                subnet_ids=args.subnet_ids,
                security_group_id=args.client_group_id,
                kms_key_arn=args.where.logs_key_arn,
                log_days=args.database.log_days,
            ),
        )
        event: Mapping[str, Input[object]] = {
            "host": self.instance.address,
            "port": self.instance.port,
            "database": args.database_name,
            "user": CAPTURE_USER,
            "master_secret": master,
            "secret": self.capture_secret.arn,
            "statements": list(args.statements),
            "tables": list(args.tables),
        }
        # Once for each database, and again when other tables are captured: what changes replaces the invocation.
        return aws.lambda_.Invocation(
            f"{name}-user-made",
            function_name=made.name,
            input=Output.json_dumps(event),
            lifecycle_scope="CREATE_ONLY",
            triggers={"database": self.instance.resource_id},
            opts=ResourceOptions(parent=self, depends_on=[granted]),
        )


def parameters_of(args: DatabaseArgs) -> dict[str, tuple[str, str]]:
    """Return PostgreSQL parameter -> (value, when it takes effect); static ones wait for a restart."""
    return {
        "rds.logical_replication": ("1", "pending-reboot"),
        "rds.force_ssl": ("1", "immediate"),
        # MB. A slot that nobody reads must not fill the disk; what it then loses is loaded anew, and an alarm comes
        # at half of it.
        "max_slot_wal_keep_size": (str(args.database.held_wal_gib * 1024), "immediate"),
        # ms. DMS takes none from 1 to 9,999, and under five minutes lets its standby take over.
        "wal_sender_timeout": ("240000", "immediate"),
        # ms. An idle transaction holds back vacuum and slots; the capturing user is exempt.
        "idle_in_transaction_session_timeout": ("900000", "immediate"),
        "log_connections": ("1", "immediate"),
        "log_disconnections": ("1", "immediate"),
        "log_lock_waits": ("1", "immediate"),
        "log_statement": ("ddl", "immediate"),
        "log_min_duration_statement": ("1000", "immediate"),
        # minutes on the instance's own disk; CloudWatch has them for longer
        "rds.log_retention_period": ("1440", "immediate"),
    }


def certificate_file(region: str) -> Path:
    """Return the root certificate with which RDS signs those of a region's servers (truststore.pki.rds.amazonaws.com).

    Raises: FileNotFoundError if it is not in this repository.
    """
    file = Path("components") / "certificates" / f"{CERTIFICATE_AUTHORITY}.{region}.pem"
    if not file.exists():
        raise FileNotFoundError(f"{file}: add the root certificate {CERTIFICATE_AUTHORITY} of {region}")
    return file
