"""What DMS's control plane says: the replications of the account, the endpoints of each and the secret behind one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.clouds.dms.mappings import Mappings

FULL_LOAD_AND_CDC = "full-load-and-cdc"
START, RESUME, RELOAD = "start-replication", "resume-processing", "reload-target"
KILOBYTE = 1024


class ControlError(RuntimeError):
    """A replication that is declared in a way that DMS refuses, or that this stand-in does not imitate."""


@dataclass(frozen=True)
class Source:
    """The PostgreSQL endpoint."""

    host: str
    port: int
    database: str
    user: str
    password: str
    boolean_as_boolean: bool
    heartbeat_schema: str | None
    heartbeat_minutes: int
    ssl_mode: str

    def dsn(self, root_file: Path) -> str:
        """Args: root_file: the certificate that takes the part of the endpoint's; see local.clouds.rds.certificates."""
        return (
            f"host={self.host} port={self.port} dbname={self.database} user={self.user} password={self.password} "
            f"sslmode={_SSL_MODES[self.ssl_mode]} sslrootcert={root_file} gssencmode=disable "
            "connect_timeout=5 application_name=dms"
        )


_SSL_MODES = {"none": "disable", "require": "require", "verify-ca": "verify-ca", "verify-full": "verify-full"}
"""DMS's -> libpq's."""


@dataclass(frozen=True)
class Target:
    """The S3 endpoint. Defaults are DMS's."""

    bucket: str
    folder: str
    op_for_full_load: bool
    start_time_for_full_load: bool
    """Whether a row of the full load has the time of the replication's start, or that of its transfer."""
    timestamp_column: str | None
    milliseconds: bool
    compression: str
    max_file_bytes: int
    batch_seconds: float
    batch_bytes: int


@dataclass(frozen=True)
class Declared:
    """One replication that is to run."""

    arn: str
    identifier: str
    generation: str
    """Which start this is; a declaration changes between a stop and the next start only."""
    start_type: str
    source: Source
    target: Target
    mappings: Mappings
    truncates: bool
    """Whether a TRUNCATE in the source removes the table's files."""
    clears: bool
    """Whether a full load first removes what lies in the table's folder."""
    stamp: datetime
    """When the replication was started."""


def wanted(dms: Any) -> list[dict[str, Any]]:
    """The replications that are to run, as DescribeReplications gives them; `dms` is the account's client."""
    return [one for one in dms.describe_replications()["Replications"] if one["Status"] not in ENDED]


ENDED = ("created", "ready", "stopping", "stopped", "deleting", "failed")


def declared(dms: Any, secrets: Any, replication: Mapping[str, Any]) -> Declared:
    """Raises: ControlError, MappingError"""
    arn = replication["ReplicationConfigArn"]
    (config,) = dms.describe_replication_configs(Filters=_filter("replication-config-arn", arn))["ReplicationConfigs"]
    if config["ReplicationType"] != FULL_LOAD_AND_CDC:
        raise ControlError(f"replication type {config['ReplicationType']} is not imitated; use {FULL_LOAD_AND_CDC}")
    settings = json.loads(config.get("ReplicationSettings") or "{}")
    truncates = settings.get("ChangeProcessingDdlHandlingPolicy", {}).get("HandleSourceTableTruncated", True)
    preparation = settings.get("FullLoadSettings", {}).get("TargetTablePrepMode", "DROP_AND_CREATE")
    return Declared(
        arn=arn,
        identifier=config["ReplicationConfigIdentifier"],
        generation=generation(replication),
        start_type=replication.get("StartReplicationType", START),
        source=_source(_endpoint(dms, config["SourceEndpointArn"]), secrets),
        target=_target(_endpoint(dms, config["TargetEndpointArn"])),
        mappings=Mappings.parse(config["TableMappings"]),
        truncates=truncates,
        clears=preparation != "DO_NOTHING",
        stamp=replication["ReplicationStats"]["StartDate"].astimezone(UTC),
    )


def generation(replication: Mapping[str, Any]) -> str:
    """Names a start: the time of it."""
    return started_at(replication["ReplicationStats"]["StartDate"])


def started_at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _filter(name: str, value: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]}]


def _endpoint(dms: Any, arn: str) -> dict[str, Any]:
    (endpoint,) = dms.describe_endpoints(Filters=_filter("endpoint-arn", arn))["Endpoints"]
    return dict(endpoint)


def _source(endpoint: Mapping[str, Any], secrets: Any) -> Source:
    name = endpoint["EndpointIdentifier"]
    if endpoint["EngineName"] != "postgres":
        raise ControlError(f"endpoint {name}: a source of {endpoint['EngineName']} is not imitated; use postgres")
    settings = endpoint.get("PostgreSQLSettings") or {}
    if not settings.get("SecretsManagerSecretId") or not settings.get("SecretsManagerAccessRoleArn"):
        raise ControlError(f"endpoint {name}: it names no secret, or no role that may read it")
    answer = secrets.get_secret_value(SecretId=settings["SecretsManagerSecretId"])
    secret = json.loads(answer["SecretString"])
    missing = {"username", "password", "host", "port"} - secret.keys()
    if missing:
        raise ControlError(f"endpoint {name}: its secret lacks {', '.join(sorted(missing))}")
    return Source(
        host=secret["host"],
        port=int(secret["port"]),
        database=endpoint.get("DatabaseName") or settings["DatabaseName"],
        user=secret["username"],
        password=secret["password"],
        boolean_as_boolean=bool(settings.get("MapBooleanAsBoolean")),
        heartbeat_schema=settings.get("HeartbeatSchema", "public") if settings.get("HeartbeatEnable") else None,
        heartbeat_minutes=int(settings.get("HeartbeatFrequency") or 5),
        ssl_mode=endpoint.get("SslMode") or "none",
    )


_DEFAULT_TARGET: dict[str, tuple[Any, ...]] = {
    "DataFormat": ("parquet",),
    "CdcInsertsOnly": (False, None),
    "CdcInsertsAndUpdates": (False, None),
    "DatePartitionEnabled": (False, None),
    "PreserveTransactions": (False, None),
    "CdcPath": ("", None),
}
"""S3 settings that change what is written and are not imitated, with the values that are."""


def _target(endpoint: Mapping[str, Any]) -> Target:
    name = endpoint["EndpointIdentifier"]
    settings = endpoint.get("S3Settings")
    if endpoint["EngineName"] != "s3" or not settings:
        raise ControlError(f"endpoint {name}: a target of {endpoint['EngineName']} is not imitated; use s3")
    for setting, imitated in _DEFAULT_TARGET.items():
        if settings.get(setting) not in imitated:
            raise ControlError(f"endpoint {name}: {setting} {settings.get(setting)!r} is not imitated")
    return Target(
        bucket=settings["BucketName"],
        folder=settings.get("BucketFolder") or "",
        op_for_full_load=bool(settings.get("IncludeOpForFullLoad")),
        start_time_for_full_load=bool(settings.get("UseTaskStartTimeForFullLoadTimestamp")),
        timestamp_column=settings.get("TimestampColumnName") or None,
        milliseconds=bool(settings.get("ParquetTimestampInMillisecond")),
        compression="gzip" if str(settings.get("CompressionType", "")).lower() == "gzip" else "none",
        max_file_bytes=int(settings.get("MaxFileSize") or 1_048_576) * KILOBYTE,
        batch_seconds=float(settings.get("CdcMaxBatchInterval") or 60),
        # The API's kilobytes; the setting of the console and of CloudFormation is the same number.
        batch_bytes=int(settings.get("CdcMinFileSize") or 32_000) * KILOBYTE,
    )
