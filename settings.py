"""Typed configuration of a stack: every field with its unit and its bounds, every error at once.

`load` reads what `pulumi config` holds, once, before the first resource; components get the sections they need.
A section is one structured key (`novaretail:network`, ...). Checks inside a section are its `problems`; checks
across sections stand at the end of this file. Nothing here asks a cloud: an error names the key, its value, the
rule and the way out.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Environment = Literal["organization", "prod", "nonprod", "local"]

REGIONS = ("eu-west-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-west-3")
"""Where customers' data may be: AWS regions inside the European Union."""
GCP_REGIONS = ("europe-west1", "europe-west3", "europe-west4", "europe-west9", "europe-north1", "europe-southwest1")
"""Where messages may be kept: Google Cloud regions inside the European Union."""
EXAMPLE_ACCOUNT = "123456789012"
"""The account number of AWS's documentation: the local platform plays it, no real stack may have it."""

PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
"""Private AS numbers (RFC 6996), which are what a transit gateway and Google's Cloud Router take."""
AZURE_ASNS = frozenset({65515, 65517, 65518, 65519, 65520})
"""Private AS numbers that Azure's VPN gateway keeps for itself (VPN Gateway FAQ)."""

ACCOUNTS = ("prod-core", "nonprod-core", "shared-services")

# CloudWatch Logs takes these retentions only (API PutRetentionPolicy).
LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
PERMISSION_SET = r"^[A-Za-z0-9+=,.@-]{1,32}$"
"""A name that IAM Identity Center takes (CreatePermissionSet), without the underscore that ends it in its role's."""
Capacity = Literal[1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384]
"""DMS capacity units of a serverless replication (API ComputeConfig)."""
_CAPACITIES = ", ".join(map(str, get_args(Capacity)))
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
_DAY_WINDOW, _WEEK_WINDOW = rf"^{_TIME}-{_TIME}$", rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$"
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]


@dataclass(frozen=True)
class Problem:
    """A wrong setting: its key with the path inside, its value, the rule it breaks and the way out."""

    key: str
    value: object
    rule: str
    remedy: str

    def __str__(self) -> str:
        end = "" if self.remedy.endswith("?") else "."
        return f"{self.key} = {json.dumps(self.value, default=str)}: {self.rule}. {self.remedy}{end}"


class SettingsError(Exception):
    """The settings of a stack cannot be used; `problems` has every reason, not only the first."""

    def __init__(self, stack: str, problems: tuple[Problem, ...]) -> None:
        self.stack, self.problems = stack, problems
        noun = "problem" if len(problems) == 1 else "problems"
        lines = [f"Pulumi.{stack}.yaml has {len(problems)} {noun}; nothing was created or changed."]
        super().__init__("\n".join([*lines, *(f"  - {problem}" for problem in problems)]))


class Section(BaseModel):
    """A structured key; unknown fields and values of another type are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def problems(self) -> Iterator[Problem]:
        """Checks that need more than one field; keys are relative to the section."""
        yield from ()


class Tags(Section):
    """What every resource carries besides Project, Environment and ManagedBy."""

    owner: str = Field(pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+$", description="the team's mail address")
    cost_center: str = Field(pattern=r"^[A-Z]{2}-[0-9]{4}$", description="a cost centre such as DP-1001")
    repository: str = Field(min_length=3, max_length=256, description="the repository that this program is in")


class Protection(Section):
    """What guards data against the program itself."""

    keep_data: bool = Field(description="true: what holds data is protected, and stays when the stack is destroyed")
    replaceable: tuple[str, ...] = Field(
        default=(), description="names of protected resources that may be replaced all the same, such as lake-raw"
    )

    def problems(self) -> Iterator[Problem]:
        for index, name in enumerate(self.replaceable):
            if not self.keep_data:
                rule = "nothing is protected here, so nothing needs to be named"
                yield Problem(f"replaceable[{index}]", name, rule, "Remove it, or set keep_data to true")
            elif name in self.replaceable[:index]:
                yield Problem(f"replaceable[{index}]", name, "it is named twice", "Name each resource once")


class Deployment(Section):
    """How the stack gets into its account: by the organization stack's outputs, or by plain settings."""

    stack: str | None = Field(
        default=None,
        pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+$",
        description="full name of the organization's stack, such as organization/novaretail/organization",
    )
    role: Literal["deploy", "preview", "admin"] = Field(
        default="deploy",
        description="which role of the account to take: deploy, the pipeline's; preview, which may only read, in pull"
        " requests; admin, the organization's own, for a person with credentials of the management account",
    )
    role_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        description="the role that deploys, such as arn:aws:iam::111122223333:role/deploy",
    )
    organization_id: str | None = Field(
        default=None, pattern=r"^o-[a-z0-9]{10,32}$", description="the AWS Organization's id, such as o-exampleorgid"
    )
    log_archive_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="name of the organization's bucket for audit logs",
    )
    log_archive_key_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        description="ARN of the key of the organization's log archive",
    )

    def problems(self) -> Iterator[Problem]:
        if self.role != "deploy" and not self.stack:
            rule = "it chooses among the roles of the organization's stack, and there is no novaretail:deployment.stack"
            yield Problem("role", self.role, rule, "Remove it, or name the stack")
        for key in ("role_arn", "organization_id", "log_archive_bucket", "log_archive_key_arn"):
            value = getattr(self, key)
            if self.stack and value:
                rule = f"it comes from the outputs of {self.stack} already"
                yield Problem(key, value, rule, "Remove it, or remove novaretail:deployment.stack")
            if not self.stack and not value and key != "role_arn":  # of which `_across` knows whether it is needed
                rule = "it is missing, and so is novaretail:deployment.stack, whose outputs would have it"
                yield Problem(key, value, rule, f"Give {type(self).model_fields[key].description}, or stack")


class Alerts(Section):
    """Who is told when something needs a person."""

    emails: tuple[str, ...] = Field(description="mail addresses that confirm a subscription; none on a test platform")

    def problems(self) -> Iterator[Problem]:
        for index, mail in enumerate(self.emails):
            if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", mail):
                yield Problem(f"emails[{index}]", mail, "it is no mail address", "Give one such as team@example.com")


class Subnets(Section):
    """One block a zone, in the order of `network.zones`."""

    applications: tuple[IPv4Network, ...] = Field(description="for jobs, functions, connectors and the warehouse")
    databases: tuple[IPv4Network, ...] = Field(description="for databases, and what replicates them")
    streaming: tuple[IPv4Network, ...] = Field(description="for Kafka brokers")
    endpoints: tuple[IPv4Network, ...] = Field(description="for interface endpoints")
    transit: tuple[IPv4Network, ...] = Field(description="for the transit gateway's interfaces, /28 is enough")

    def named(self) -> Iterator[tuple[str, IPv4Network]]:
        for purpose in type(self).model_fields:
            for index, block in enumerate(getattr(self, purpose)):
                yield f"{purpose}[{index}]", block


class Network(Section):
    """The VPC and its private subnets; there is no way to the internet."""

    cidr: IPv4Network = Field(description="a private block of /16 to /24, such as 10.20.0.0/16")
    zones: tuple[str, ...] = Field(description="availability zones such as eu-west-1a, three at least")
    subnets: Subnets = Field(description="blocks of each purpose, one a zone")
    transit_asn: int = Field(description="the transit gateway's private AS number, such as 64620; no other end's")
    flow_log_days: LogDays = Field(description="days to keep logs of flows and DNS, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if not 16 <= self.cidr.prefixlen <= 24 or not self.cidr.is_private:
            rule = "the VPC must be a private block of /16 to /24"
            yield Problem("cidr", self.cidr, rule, "Take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        if not any(self.transit_asn in numbers for numbers in PRIVATE_ASNS) or self.transit_asn in AZURE_ASNS:
            rule = "a transit gateway has a private AS number that Azure does not keep for itself"
            remedy = "Take one of 64512 to 65514 or of 4200000000 to 4294967294"
            yield Problem("transit_asn", self.transit_asn, rule, remedy)
        if len(set(self.zones)) < len(self.zones):
            yield Problem("zones", self.zones, "a zone is named twice", "Name each zone once")
        if len(set(self.zones)) < 3:
            rule = "three zones are needed (Redshift Serverless takes no fewer, and Kafka keeps three replicas)"
            yield Problem("zones", self.zones, rule, "Name three zones of the region")
        for purpose in Subnets.model_fields:
            blocks = getattr(self.subnets, purpose)
            if len(blocks) != len(self.zones):
                rule = f"there are {len(self.zones)} zones but {len(blocks)} blocks"
                yield Problem(f"subnets.{purpose}", blocks, rule, "Give one block a zone, in the order of the zones")
        for path, block in self.subnets.named():
            if not block.subnet_of(self.cidr):
                rule = f"it is not inside the VPC {self.cidr}"
                yield Problem(f"subnets.{path}", block, rule, "Take a block of the VPC")
            if path.startswith("transit"):
                if block.prefixlen > 28:
                    rule = "a subnet has /28 at least (VPC quotas)"
                    yield Problem(f"subnets.{path}", block, rule, "Take a block of /28")
            elif block.prefixlen > 26:
                rule = "a subnet needs /26 or more (the warehouse and the connectors take an address a unit)"
                yield Problem(f"subnets.{path}", block, rule, "Take a larger block")
        for (one, first), (other, second) in combinations(self.subnets.named(), 2):
            if first.overlaps(second):
                rule = f"it overlaps subnets.{one} ({first})"
                yield Problem(f"subnets.{other}", second, rule, "Give each subnet a block of its own")


class Encryption(Section):
    """Customer-managed keys."""

    deletion_days: int = Field(ge=7, le=30, description="days before a deleted key is gone, 7 to 30")
    rotation_days: int = Field(ge=90, le=2560, description="days between rotations, 90 to 2560")


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


class LogArchive(Section):
    """The bucket that keeps the trails of all accounts."""

    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        description="GOVERNANCE: a role with the right to bypass may remove a locked file; COMPLIANCE: nobody may"
    )
    lock_days: int = Field(ge=1, le=3650, description="days that a log file cannot be removed")
    cold_days: int = Field(ge=1, le=3650, description="days until a log file moves to a cheaper storage class")
    keep_days: int = Field(ge=365, le=3650, description="days until a log file is removed, 365 at least")


class Organization(Section):
    """The AWS Organization and its accounts."""

    regions: tuple[str, ...] = Field(min_length=1, description="AWS regions that accounts may use")
    accounts: dict[str, str] = Field(
        description="mail address of each account's root user, one a name: prod-core, nonprod-core, shared-services"
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$",
        description="the GitHub repository whose pipeline may preview and deploy, as owner/name",
    )
    trail_log_days: LogDays = Field(description="days to keep the trail's log group, one of CloudWatch's retentions")
    unused_days: int = Field(ge=1, le=365, description="days after which access that nobody used is a finding")
    log_archive: LogArchive = Field(description="lock_mode, lock_days, cold_days and keep_days of the log archive")

    def problems(self) -> Iterator[Problem]:
        archive = self.log_archive
        if archive.keep_days < archive.lock_days:
            rule = f"a log file cannot be removed while it is locked (lock_days is {archive.lock_days})"
            yield Problem("log_archive.keep_days", archive.keep_days, rule, "Give as many days or more")
        if archive.keep_days <= archive.cold_days:
            rule = f"log files are removed after {archive.keep_days} days, before they would move"
            yield Problem("log_archive.cold_days", archive.cold_days, rule, "Give fewer days than keep_days")
        for index, region in enumerate(self.regions):
            if region not in REGIONS:
                rule = "customers' data stays in the European Union"
                yield Problem(f"regions[{index}]", region, rule, f"Take one of {', '.join(REGIONS)}")
        for name in ACCOUNTS:
            if name not in self.accounts:
                yield Problem(f"accounts.{name}", None, "it is missing", "Give the mail address of its root user")
        for name, mail in self.accounts.items():
            if name not in ACCOUNTS:
                rule = "there is no such account"
                yield Problem(f"accounts.{name}", mail, rule, f"Accounts are {', '.join(ACCOUNTS)}")
            if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", mail) or len(mail) > 64:
                rule = "an account needs a mail address of at most 64 characters"
                yield Problem(f"accounts.{name}", mail, rule, "Give the mail address of its root user")
        if len(set(self.accounts.values())) < len(self.accounts):
            rule = "AWS takes a mail address for one account only"
            yield Problem("accounts", self.accounts, rule, "Give each account its own")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What every stack has."""

    environment: Environment
    account: str
    region: str
    tags: Tags
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class OrganizationStack(Stack):
    """The organization: accounts, and what they may do."""

    alerts: Alerts
    encryption: Encryption
    organization: Organization


@dataclass(frozen=True, kw_only=True)
class DataStack(Stack):
    """The data backbone of one environment."""

    deployment: Deployment
    people: People
    alerts: Alerts
    network: Network
    encryption: Encryption
    lake: Lake
    streaming: Streaming
    sinks: Sinks
    cdc: Cdc
    processing: Processing
    landing: Landing
    audit: Audit
    warehouse: Warehouse
    gcp: Gcp | None = None


Settings = OrganizationStack | DataStack

_COMMON: dict[str, Any] = {
    "environment": Environment,
    "account": AccountId,
    "tags": Tags,
    "protection": Protection,
}
_ORGANIZATION: dict[str, Any] = {"alerts": Alerts, "encryption": Encryption, "organization": Organization}
_DATA: dict[str, Any] = {
    "deployment": Deployment,
    "people": People,
    "alerts": Alerts,
    "network": Network,
    "encryption": Encryption,
    "lake": Lake,
    "streaming": Streaming,
    "sinks": Sinks,
    "cdc": Cdc,
    "processing": Processing,
    "landing": Landing,
    "audit": Audit,
    "warehouse": Warehouse,
    "gcp": Gcp,
}
_OPTIONAL = {"gcp"}
_SCALARS = {
    "environment": f"Set it to one of {', '.join(get_args(Environment))}",
    "account": "Set it to the account's twelve digits, in quotes",
}


def load() -> Settings:
    """Read the stack's configuration. Raises: SettingsError with everything that is wrong in it."""
    import pulumi
    from pulumi.runtime import config as runtime  # pulumi.Config can read a key, but not list them

    stack = pulumi.get_stack()
    given = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    raw = {key.removeprefix("novaretail:"): value for key, value in given.items() if key.startswith(_PREFIXES)}
    secrets = [key for key in given if key.startswith("novaretail:") and runtime.is_config_secret(key)]
    if secrets:
        rule, remedy = "no setting is a secret", "Remove it with `pulumi config rm`, then set it without --secret"
        raise SettingsError(stack, tuple(Problem(key, "[secret]", rule, remedy) for key in secrets))
    return parse(raw, stack)


_PREFIXES = ("novaretail:", "aws:region", "aws:allowedAccountIds")


def parse(raw: Mapping[str, object], stack: str) -> Settings:
    """Check the configuration of `stack`.

    Args:
        raw: key -> value; keys of the project come without `novaretail:`, those of the AWS provider as `aws:region`
            and `aws:allowedAccountIds`. Structured values may be JSON text, as Pulumi hands them over.
    Raises: SettingsError with everything that is wrong.
    """
    values = {key: _decoded(value) for key, value in raw.items()}
    problems: list[Problem] = []
    valid: dict[str, Any] = {}

    kind = "organization" if values.get("environment", stack) == "organization" else "data"
    expected = _COMMON | (_ORGANIZATION if kind == "organization" else _DATA)
    for key, value in values.items():
        if not key.startswith("aws:") and key not in expected:
            problems.append(_unknown(key, value, expected, kind))
    for key, annotation in expected.items():
        if key not in values:
            if key not in _OPTIONAL:
                problems.append(_missing(key, annotation))
            continue
        try:
            valid[key] = TypeAdapter(annotation).validate_json(json.dumps(values[key]))
        except ValidationError as error:
            problems += [_translated(key, annotation, detail) for detail in error.errors()]
        else:
            if isinstance(valid[key], Section):
                problems += [_within(key, problem) for problem in valid[key].problems()]
    valid["region"] = values.get("aws:region")
    problems += _across(valid, values, stack)
    if problems:
        raise SettingsError(stack, tuple(problems))
    return OrganizationStack(**valid) if kind == "organization" else DataStack(**valid)


def unprotected(config: Settings, protected: Collection[str]) -> tuple[Problem, ...]:
    """What is wrong with `protection.replaceable`, held against the names of what the program protected."""
    problems = []
    for index, name in enumerate(config.protection.replaceable):
        if name not in protected:
            near = difflib.get_close_matches(name, list(protected), n=1, cutoff=0.6)
            remedy = f"Did you mean `{near[0]}`?" if near else "Remove it: it was replaced, or is called otherwise"
            rule = "no resource of this name is protected in this stack"
            problems.append(Problem(f"novaretail:protection.replaceable[{index}]", name, rule, remedy))
    return tuple(problems)


def _decoded(value: object) -> object:
    """Pulumi hands structured values over as JSON text; other text (an account number) stays text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _unknown(key: str, value: object, expected: Mapping[str, Any], kind: str) -> Problem:
    if key in _COMMON | _ORGANIZATION | _DATA:
        rule = "an organization stack has no such section" if kind == "organization" else "a data stack has no accounts"
        return Problem(f"novaretail:{key}", value, rule, "Remove it, or correct novaretail:environment")
    return Problem(f"novaretail:{key}", value, "there is no such setting", _suggestion(key, expected))


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(known)}"


def _missing(key: str, annotation: Any) -> Problem:
    remedy = _SCALARS.get(key)
    if remedy is None:
        remedy = f"Add the section with {', '.join(annotation.model_fields)}"
    return Problem(f"novaretail:{key}", None, "it is missing", remedy)


def _within(section: str, problem: Problem) -> Problem:
    return Problem(f"novaretail:{section}.{problem.key}", problem.value, problem.rule, problem.remedy)


def _translated(key: str, annotation: Any, detail: Any) -> Problem:
    """A Problem of what pydantic found: its path, and what the field's description says to do."""
    path, model, description = f"novaretail:{key}", annotation, ""
    for step in detail["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        fields = getattr(model, "model_fields", {})
        if step in fields:
            model, description = fields[step].annotation, fields[step].description
    if detail["type"] == "extra_forbidden":
        parent = getattr(model, "model_fields", {})
        return Problem(path, detail["input"], "there is no such setting", _suggestion(str(detail["loc"][-1]), parent))
    remedy = _SCALARS.get(key) or (f"Give {description}" if description else "Correct it")
    if detail["type"] == "missing":
        return Problem(path, None, "it is missing", remedy)
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return Problem(path, detail["input"], message, remedy)


def _across(valid: Mapping[str, Any], values: Mapping[str, object], stack: str) -> Iterator[Problem]:
    """Checks across sections, as far as the sections they need are valid."""
    environment, account = valid.get("environment"), valid.get("account")
    if environment and environment != stack:
        rule = f"it does not fit the stack {stack}"
        yield Problem("novaretail:environment", environment, rule, f"Set it to {stack}, or select the other stack")

    region = values.get("aws:region")
    if region not in REGIONS:
        rule = "the region must be one where customers' data may be"
        yield Problem("aws:region", region, rule, f"Set it to one of {', '.join(REGIONS)}")

    if account and environment:
        if (account == EXAMPLE_ACCOUNT) != (environment == "local"):
            rule = f"{EXAMPLE_ACCOUNT} is the local platform's account, and no other stack's"
            remedy = "Set it to the account of this environment"
            yield Problem("novaretail:account", account, rule, remedy)
        if values.get("aws:allowedAccountIds") != [account]:
            rule = f"the AWS provider must refuse every account but novaretail:account ({account})"
            remedy = f'Set it to ["{account}"]'
            yield Problem("aws:allowedAccountIds", values.get("aws:allowedAccountIds"), rule, remedy)

    organization: Organization | None = valid.get("organization")
    if organization and region not in organization.regions:
        rule = f"it lacks the region that this stack itself is in (aws:region {region})"
        yield Problem("novaretail:organization.regions", organization.regions, rule, f"Add {region}")

    protection: Protection | None = valid.get("protection")
    if environment in ("prod", "organization") and protection and not protection.keep_data:
        rule = f"data of {environment} must outlive the program's mistakes"
        yield Problem("novaretail:protection.keep_data", False, rule, "Set it to true")

    cdc: Cdc | None = valid.get("cdc")
    if environment == "prod" and cdc and not cdc.multi_az:
        rule = "prod's database outlives a zone"
        yield Problem("novaretail:cdc.multi_az", False, rule, "Set it to true")

    deployment: Deployment | None = valid.get("deployment")
    if deployment and account and environment:
        yield from _deploys(deployment, account, environment)

    network: Network | None = valid.get("network")
    streaming: Streaming | None = valid.get("streaming")
    for index, zone in enumerate(network.zones if network else ()):
        if not re.fullmatch(rf"{region}[a-z]", zone):
            rule = f"it is no zone of {region}"
            yield Problem(f"novaretail:network.zones[{index}]", zone, rule, f"Name it such as {region}a")
    if streaming and environment and environment != "local":
        yield from _cloud_streaming(streaming, network)


def _deploys(deployment: Deployment, account: str, environment: str) -> Iterator[Problem]:
    """The role that deploys is one of the stack's own account."""
    key, role = "novaretail:deployment.role_arn", deployment.role_arn
    if role and role.split(":")[4] != account:
        rule = f"it is no role of novaretail:account ({account})"
        yield Problem(key, role, rule, "Name the role of that account, or correct novaretail:account")
    if not role and not deployment.stack and environment != "local":
        rule = "only the local platform is deployed without a role"
        remedy = f"Give {Deployment.model_fields['role_arn'].description}, or novaretail:deployment.stack"
        yield Problem(key, role, rule, remedy)


def _cloud_streaming(streaming: Streaming, network: Network | None) -> Iterator[Problem]:
    """What a real Kafka cluster needs; the local platform has one broker and years-old records."""
    prefix = "novaretail:streaming"
    if streaming.authentication != "iam":
        rule = "only the local platform may leave its clients unauthenticated"
        yield Problem(f"{prefix}.authentication", streaming.authentication, rule, "Set it to iam")
    if streaming.retention != "contract":
        rule = "only the local platform may keep records for ever: brokers' disks would fill"
        yield Problem(f"{prefix}.retention", streaming.retention, rule, "Set it to contract")
    if network and streaming.brokers % len(network.zones):
        rule = f"brokers are spread evenly over the {len(network.zones)} zones"
        yield Problem(f"{prefix}.brokers", streaming.brokers, rule, f"Take a multiple of {len(network.zones)}")
    if streaming.min_insync_replicas < 2:
        rule = "a record on one broker alone is lost with it"
        yield Problem(f"{prefix}.min_insync_replicas", streaming.min_insync_replicas, rule, "Set it to 2")
