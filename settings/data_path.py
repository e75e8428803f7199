"""Sections of the data's way: lake, Kafka, capture, jobs, functions, audit, warehouse, people, bridge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import GCP_REGIONS, LogDays

PERMISSION_SET = r"^[A-Za-z0-9+=,.@-]{1,32}$"
"""A name that IAM Identity Center takes (CreatePermissionSet), without the underscore that ends it in its role's."""
Capacity = Literal[1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384]
"""DMS capacity units of a serverless replication (API ComputeConfig)."""
_CAPACITIES = ", ".join(map(str, get_args(Capacity)))
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
_DAY_WINDOW, _WEEK_WINDOW = rf"^{_TIME}-{_TIME}$", rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$"


class Lake(Section):
    """Buckets and tables of the lake."""

    noncurrent_days: int = Field(ge=1, le=3650, description="days until overwritten and deleted objects are gone")
    raw_tiering_days: int | None = Field(
        default=None, ge=30, le=3650, description="days until raw's files are tiered by use, 30 to 3650; nothing: never"
    )
    access_log_days: int = Field(ge=1, le=3650, description="days to keep the buckets' access logs, 1 to 3650")
    optimize_tables: bool = Field(description="true: Glue compacts tables, expires snapshots and removes orphan files")
    snapshot_days: int = Field(ge=1, le=365, description="days a snapshot is kept, 1 to 365")
    orphan_days: int = Field(ge=3, le=365, description="days before a file that no table knows is removed, 3 to 365")


class Streaming(Section):
    """Kafka."""

    kafka_version: str = Field(
        pattern=r"^(3\.(8|9)\.x|3\.9\.x\.kraft|4\.[01]\.x\.kraft)$",
        description="a version of MSK that has topic operations, such as 3.9.x.kraft",
    )
    instance_type: str = Field(
        pattern=r"^kafka\.(t3\.small|m5\.([0-9]*x?large)|m7g\.([0-9]*x?large))$",
        description="a standard broker type such as kafka.m7g.large",
    )
    brokers: int = Field(ge=1, le=15, description="number of brokers, 1 to 15; a multiple of the zones")
    storage_gib: int = Field(ge=1, le=16384, description="GiB a broker to begin with, 1 to 16384")
    storage_max_gib: int = Field(ge=1, le=16384, description="GiB a broker that storage may grow to")
    authentication: Literal["iam", "none"] = Field(description="iam; none (plain text) on the local platform only")
    replication_factor: int = Field(ge=1, le=3, description="copies of a partition, 1 to 3")
    min_insync_replicas: int = Field(ge=1, le=3, description="copies that must have a record before it counts")
    retention: Literal["contract", "forever"] = Field(
        description="contract: as each contract says; forever only on the local platform, whose replay is years old"
    )
    log_days: LogDays = Field(description="days to keep broker logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.replication_factor > self.brokers:
            rule = f"there are {self.brokers} brokers for {self.replication_factor} copies"
            yield Problem("replication_factor", self.replication_factor, rule, "Lower it, or add brokers")
        if self.min_insync_replicas > max(1, self.replication_factor - 1):
            rule = f"with {self.replication_factor} copies, {self.min_insync_replicas} in sync stop every writer"
            remedy = "Keep it one below the replication factor, so that a broker may be restarted"
            yield Problem("min_insync_replicas", self.min_insync_replicas, rule, remedy)
        if self.storage_max_gib < self.storage_gib:
            rule = f"storage begins at {self.storage_gib} GiB"
            yield Problem("storage_max_gib", self.storage_max_gib, rule, "Give the same or more")
        if self.instance_type == "kafka.t3.small" and self.storage_max_gib > 2048:
            rule = "a t3.small broker takes 2048 GiB at most"
            yield Problem("storage_max_gib", self.storage_max_gib, rule, "Lower it, or take kafka.m7g.large")


class Sinks(Section):
    """Kafka Connect: topics to the lake."""

    connect_version: Literal["2.7.1", "3.7.x"] = Field(description="a version of MSK Connect: 3.7.x")
    tasks: int = Field(ge=1, le=64, description="tasks a connector, 1 to 64; more than partitions are idle")
    workers_min: int = Field(ge=1, le=10, description="workers a connector at least, 1 to 10")
    workers_max: int = Field(ge=1, le=10, description="workers a connector at most, 1 to 10")
    capacity_units: Literal[1, 2, 4, 8] = Field(description="MCU a worker (1 vCPU and 4 GiB each): 1, 2, 4 or 8")
    commit_seconds: int = Field(ge=1, le=900, description="seconds between commits to a table, 1 to 900")
    commit_timeout_seconds: int = Field(ge=5, le=900, description="seconds a commit waits for its tasks, 5 to 900")
    session_timeout_seconds: int = Field(ge=6, le=300, description="seconds until a dead task is missed, 6 to 300")
    transaction_timeout_seconds: int = Field(ge=10, le=900, description="seconds of a Kafka transaction, 10 to 900")
    offset_flush_seconds: int = Field(ge=1, le=600, description="seconds between offset commits, 1 to 600")
    lag_records: int = Field(ge=1, le=1_000_000_000, description="records behind a topic that need a person, 1 or more")
    log_days: LogDays = Field(description="days to keep worker logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.workers_max < self.workers_min:
            rule = f"it is less than workers_min ({self.workers_min})"
            yield Problem("workers_max", self.workers_max, rule, "Give the same or more")
        if self.transaction_timeout_seconds < self.session_timeout_seconds:
            rule = f"a transaction must outlive a session ({self.session_timeout_seconds} s)"
            yield Problem(
                "transaction_timeout_seconds", self.transaction_timeout_seconds, rule, "Give the same or more"
            )


class Cdc(Section):
    """The shop's database, and the capture of its changes by DMS."""

    engine_version: Literal["16", "17"] = Field(description="major version of PostgreSQL on RDS: 16 or 17")
    instance_class: str = Field(
        pattern=r"^db\.(t4g\.(micro|small|medium|large|xlarge|2xlarge)|[mr][78]g\.([0-9]*x?large))$",
        description="an instance class such as db.r7g.large or db.t4g.medium",
    )
    multi_az: bool = Field(description="true: database and replication each have a standby in another zone")
    storage_gib: int = Field(ge=20, le=65536, description="GiB of the database to begin with, 20 to 65536")
    storage_max_gib: int = Field(ge=22, le=65536, description="GiB that storage may grow to, a tenth more at least")
    held_wal_gib: int = Field(ge=1, le=1024, description="GiB of log that a slow replication may hold back, 1 to 1024")
    backup_days: int = Field(ge=1, le=35, description="days to keep automatic backups, 1 to 35")
    backup_window: str = Field(pattern=_DAY_WINDOW, description="when backups begin (UTC), such as 01:00-01:45")
    maintenance_window: str = Field(
        pattern=_WEEK_WINDOW, description="when the database may be patched (UTC), such as tue:02:30-tue:03:30"
    )
    replication_window: str = Field(
        pattern=_WEEK_WINDOW, description="when the replication may be patched (UTC), such as wed:02:30-wed:03:30"
    )
    monitoring_seconds: Literal[1, 5, 10, 15, 30, 60] = Field(
        description="seconds between metrics of the host: 1, 5, 10, 15, 30 or 60"
    )
    connections_alarm: int = Field(ge=10, le=10000, description="connections that raise an alarm, 10 to 10000")
    capacity_min: Capacity = Field(description=f"DCU of the replication at least: {_CAPACITIES}")
    capacity_max: Capacity = Field(description=f"DCU of the replication at most: {_CAPACITIES}")
    batch_seconds: int = Field(ge=10, le=3600, description="seconds until changes are written to raw, 10 to 3600")
    file_mib: int = Field(ge=1, le=1024, description="MB of changes that are written at once, 1 to 1024")
    heartbeat_minutes: int = Field(ge=1, le=60, description="minutes between heartbeats of the slot, 1 to 60")
    latency_minutes: int = Field(ge=5, le=1440, description="minutes that changes may be late, 5 to 1440")
    log_days: LogDays = Field(description="days to keep logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.storage_max_gib * 10 < self.storage_gib * 11:
            rule = f"RDS grows storage by a tenth at least, and it begins at {self.storage_gib} GiB"
            yield Problem(
                "storage_max_gib", self.storage_max_gib, rule, f"Give {-(-self.storage_gib * 11 // 10)} or more"
            )
        if self.held_wal_gib * 2 > self.storage_gib:
            rule = f"held-back log must leave half of the disk ({self.storage_gib} GiB) to the data"
            yield Problem("held_wal_gib", self.held_wal_gib, rule, "Lower it, or give more storage")
        if self.capacity_max < self.capacity_min:
            rule = f"it is less than capacity_min ({self.capacity_min})"
            yield Problem("capacity_max", self.capacity_max, rule, "Give the same or more")
        if self.latency_minutes * 60 <= self.batch_seconds:
            rule = f"changes wait for {self.batch_seconds} s as a rule"
            yield Problem("latency_minutes", self.latency_minutes, rule, "Give more than batch_seconds")
        for name in ("backup_window", "maintenance_window", "replication_window"):
            if not 30 <= len(_minutes(getattr(self, name))) <= 24 * 60 - 30:
                rule = "a window is half an hour at least"
                yield Problem(name, getattr(self, name), rule, "Give a longer one")
        if _minutes(self.backup_window) & _minutes(self.maintenance_window):
            rule = f"RDS takes no window that meets the backup's ({self.backup_window})"
            yield Problem("maintenance_window", self.maintenance_window, rule, "Give another time of the day")


def _minutes(window: str) -> frozenset[int]:
    """The minutes of a day that a window has, whatever its day: a daily window meets each of a week's."""
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d\d):(\d\d)", window))
    return frozenset(minute % 1440 for minute in range(begin, end if end > begin else end + 1440))


class Processing(Section):
    """Glue jobs and the pipeline that runs them."""

    glue_version: Literal["5.0", "5.1"] = Field(description="5.1 (Spark 3.5, Python 3.11, Iceberg)")
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = Field(description="G.1X (4 vCPU, 16 GiB) to G.8X")
    workers: int = Field(ge=2, le=299, description="workers a run at most, 2 to 299; Glue scales below")
    timeout_minutes: int = Field(ge=5, le=1440, description="minutes until a run is stopped, 5 to 1440")
    pipeline_timeout_minutes: int = Field(
        ge=10, le=10080, description="minutes until a run of the pipeline is stopped, 10 to 10080"
    )
    concurrent_runs: int = Field(ge=1, le=50, description="runs of one job at a time, 1 to 50")
    schedule: str | None = Field(
        default=None,
        pattern=r"^(rate\([1-9][0-9]* (minutes?|hours?|days?)\)|cron\([^()]+\))$",
        description="when the pipeline starts, such as rate(1 hour) or cron(0 5 * * ? *); nothing: by hand",
    )
    log_days: LogDays = Field(description="days to keep job and pipeline logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.pipeline_timeout_minutes < 2 * self.timeout_minutes:
            rule = f"a run curates, then builds: two jobs of {self.timeout_minutes} minutes at most"
            remedy = f"Give {2 * self.timeout_minutes} or more, or lower timeout_minutes"
            yield Problem("pipeline_timeout_minutes", self.pipeline_timeout_minutes, rule, remedy)


class Landing(Section):
    """The function that takes reference files in."""

    memory_mib: int = Field(ge=128, le=10240, description="MiB of the function, 128 to 10240")
    timeout_seconds: int = Field(ge=3, le=900, description="seconds an invocation may take, 3 to 900")
    concurrency: int = Field(ge=1, le=100, description="invocations at a time, 1 to 100; files are rare")
    retries: int = Field(ge=0, le=2, description="tries after the first that failed, 0 to 2")
    max_age_seconds: int = Field(ge=60, le=21600, description="seconds that an event is tried for, 60 to 21600")
    max_kib: int = Field(ge=1, le=10240, description="KiB of a file at most, 1 to 10240")
    log_days: LogDays = Field(description="days to keep the function's logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.max_age_seconds < (self.retries + 1) * self.timeout_seconds:
            rule = f"{self.retries + 1} tries of {self.timeout_seconds} s do not fit in it"
            remedy = f"Give {(self.retries + 1) * self.timeout_seconds} or more"
            yield Problem("max_age_seconds", self.max_age_seconds, rule, remedy)


class Audit(Section):
    """The trail of what happens to the lake and the account, and what it is searched for."""

    log_days: LogDays = Field(description="days to keep the trail's log group, one of CloudWatch's retentions")
    unused_access_days: int | None = Field(
        default=None, ge=1, le=365, description="days until unused access of a role is a finding, 1 to 365; or nothing"
    )


UsageBreach = Literal["log", "emit-metric", "deactivate"]


class Warehouse(Section):
    """Redshift Serverless."""

    base_rpu: int = Field(ge=8, le=512, multiple_of=8, description="RPU to begin with, 8 to 512 in steps of 8")
    max_rpu: int = Field(ge=8, le=512, multiple_of=8, description="RPU at most, 8 to 512 in steps of 8")
    query_minutes: int = Field(ge=1, le=1440, description="minutes until a query is stopped, 1 to 1440")
    daily_rpu_hours: int = Field(ge=1, le=100_000, description="RPU-hours a day before daily_breach, 1 or more")
    daily_breach: UsageBreach = Field(description="what happens then: log, emit-metric or deactivate")
    monthly_rpu_hours: int = Field(ge=1, le=1_000_000, description="RPU-hours a month before monthly_breach, 1 or more")
    monthly_breach: UsageBreach = Field(description="what happens then: log, emit-metric or deactivate")
    failed_queries: int = Field(ge=1, le=10_000, description="failed queries in 5 minutes, thrice, that call a person")
    log_days: LogDays = Field(
        description="days to keep connection, user and query logs, one of CloudWatch's retentions"
    )

    def problems(self) -> Iterator[Problem]:
        if self.max_rpu < self.base_rpu:
            yield Problem(
                "max_rpu", self.max_rpu, f"it is less than base_rpu ({self.base_rpu})", "Give the same or more"
            )
        if self.monthly_rpu_hours < self.daily_rpu_hours:
            rule = f"it is less than daily_rpu_hours ({self.daily_rpu_hours}), which would never be reached"
            yield Problem("monthly_rpu_hours", self.monthly_rpu_hours, rule, "Give the same or more")
        most = 31 * self.daily_rpu_hours
        if self.daily_breach == "deactivate" and self.monthly_rpu_hours > most:
            rule = f"queries stop at {self.daily_rpu_hours} RPU-hours a day, so a month never has more than {most}"
            yield Problem("monthly_rpu_hours", self.monthly_rpu_hours, rule, f"Give {most} or less")
        if self.daily_breach == self.monthly_breach == "deactivate":
            rule = "Redshift Serverless takes one limit with deactivate a workgroup, and daily_breach has it"
            yield Problem("monthly_breach", self.monthly_breach, rule, "Set one of the two to emit-metric")


class People(Section):
    """Who may take the roles for people: permission sets of IAM Identity Center, assigned in the stack's account."""

    analysts: str = Field(pattern=PERMISSION_SET, description="the permission set of analysts, such as DataAnalyst")
    engineers: str = Field(pattern=PERMISSION_SET, description="the permission set of data engineers")

    def problems(self) -> Iterator[Problem]:
        if self.analysts == self.engineers:
            rule = "engineers see personal data, analysts do not"
            yield Problem("engineers", self.engineers, rule, "Give each a permission set of its own")


class Gcp(Section):
    """The bridge to Pub/Sub; a stack without this section has no bridge."""

    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", description="a Google Cloud project id")
    regions: tuple[str, ...] = Field(
        min_length=1, description="Google Cloud regions that may keep messages, the bridge's first"
    )
    message_days: int = Field(ge=1, le=31, description="days that an unread message is kept, 1 to 31")
    unread_minutes: int = Field(
        ge=1, le=720, description="minutes that a message may wait for its reader before a person is told, 1 to 720"
    )
    ack_seconds: int = Field(ge=10, le=600, description="seconds a reader has to acknowledge, 10 to 600")
    delivery_attempts: int = Field(ge=5, le=100, description="deliveries before a message is dead, 5 to 100")
    backoff_min_seconds: int = Field(ge=0, le=600, description="seconds before a second delivery, 0 to 600")
    backoff_max_seconds: int = Field(ge=0, le=600, description="seconds between later deliveries, 0 to 600")
    batch_records: int = Field(ge=1, le=10000, description="records an invocation at most, 1 to 10000")
    batch_seconds: int = Field(ge=0, le=300, description="seconds to wait for a batch, 0 to 300")
    memory_mib: int = Field(ge=128, le=10240, description="MiB of the function, 128 to 10240")
    timeout_seconds: int = Field(ge=10, le=840, description="seconds an invocation may take, 10 to 840 (Kafka: 14 min)")
    pollers_min: int = Field(ge=1, le=200, description="event pollers at least, 1 to 200")
    pollers_max: int = Field(ge=1, le=2000, description="event pollers at most, 1 to 2000; one a partition is enough")
    concurrency: int = Field(ge=1, le=500, description="invocations at a time for each shared topic, 1 to 500")
    lag_records: int = Field(ge=1, le=1_000_000_000, description="records behind a topic that need a person, 1 or more")
    log_days: LogDays = Field(description="days to keep the function's logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        for index, region in enumerate(self.regions):
            if region not in GCP_REGIONS:
                rule = "customers' data stays in the European Union"
                yield Problem(f"regions[{index}]", region, rule, f"Take one of {', '.join(GCP_REGIONS)}")
        if self.backoff_max_seconds < self.backoff_min_seconds:
            rule = f"it is less than backoff_min_seconds ({self.backoff_min_seconds})"
            yield Problem("backoff_max_seconds", self.backoff_max_seconds, rule, "Give the same or more")
        if self.pollers_max < self.pollers_min:
            rule = f"it is less than pollers_min ({self.pollers_min})"
            yield Problem("pollers_max", self.pollers_max, rule, "Give the same or more")
        if self.concurrency < self.pollers_max:
            rule = f"{self.pollers_max} pollers a topic would wait for each other"
            yield Problem("concurrency", self.concurrency, rule, "Give pollers_max or more")
