"""Sections of the streams: Kafka, and the connectors that take its topics into the lake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import LogDays


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
