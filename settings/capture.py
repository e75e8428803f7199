"""Sections of what is captured: the shop's database, its changes, and reference files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import LogDays

Capacity = Literal[1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384]
"""DMS capacity units of a serverless replication (API ComputeConfig)."""
_CAPACITIES = ", ".join(map(str, get_args(Capacity)))
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
_DAY_WINDOW, _WEEK_WINDOW = rf"^{_TIME}-{_TIME}$", rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$"


class Database(Section):
    """The shop's database."""

    engine_version: Literal["16", "17"] = Field(description="major version of PostgreSQL on RDS: 16 or 17")
    instance_class: str = Field(
        pattern=r"^db\.(t4g\.(micro|small|medium|large|xlarge|2xlarge)|[mr][78]g\.([0-9]*x?large))$",
        description="an instance class such as db.r7g.large or db.t4g.medium",
    )
    multi_az: bool = Field(description="true: the database has a standby in another zone")
    storage_gib: int = Field(ge=20, le=65536, description="GiB of the database to begin with, 20 to 65536")
    storage_max_gib: int = Field(ge=22, le=65536, description="GiB that storage may grow to, a tenth more at least")
    held_wal_gib: int = Field(ge=1, le=1024, description="GiB of log that a slow replication may hold back, 1 to 1024")
    backup_days: int = Field(ge=1, le=35, description="days to keep automatic backups, 1 to 35")
    backup_window: str = Field(pattern=_DAY_WINDOW, description="when backups begin (UTC), such as 01:00-01:45")
    maintenance_window: str = Field(
        pattern=_WEEK_WINDOW, description="when the database may be patched (UTC), such as tue:02:30-tue:03:30"
    )
    monitoring_seconds: Literal[1, 5, 10, 15, 30, 60] = Field(
        description="seconds between metrics of the host: 1, 5, 10, 15, 30 or 60"
    )
    connections_alarm: int = Field(ge=10, le=10000, description="connections that raise an alarm, 10 to 10000")
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
        for name in ("backup_window", "maintenance_window"):
            yield from _too_short(name, getattr(self, name))
        if _minutes(self.backup_window) & _minutes(self.maintenance_window):
            rule = f"RDS takes no window that meets the backup's ({self.backup_window})"
            yield Problem("maintenance_window", self.maintenance_window, rule, "Give another time of the day")


class Cdc(Section):
    """The capture of the database's changes by DMS."""

    multi_az: bool = Field(description="true: the replication has a standby in another zone")
    capacity_min: Capacity = Field(description=f"DCU of the replication at least: {_CAPACITIES}")
    capacity_max: Capacity = Field(description=f"DCU of the replication at most: {_CAPACITIES}")
    batch_seconds: int = Field(ge=10, le=3600, description="seconds until changes are written to raw, 10 to 3600")
    file_mib: int = Field(ge=1, le=1024, description="MB of changes that are written at once, 1 to 1024")
    heartbeat_minutes: int = Field(ge=1, le=60, description="minutes between heartbeats of the slot, 1 to 60")
    latency_minutes: int = Field(ge=5, le=1440, description="minutes that changes may be late, 5 to 1440")
    replication_window: str = Field(
        pattern=_WEEK_WINDOW, description="when the replication may be patched (UTC), such as wed:02:30-wed:03:30"
    )
    log_days: LogDays = Field(description="days to keep logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.capacity_max < self.capacity_min:
            rule = f"it is less than capacity_min ({self.capacity_min})"
            yield Problem("capacity_max", self.capacity_max, rule, "Give the same or more")
        if self.latency_minutes * 60 <= self.batch_seconds:
            rule = f"changes wait for {self.batch_seconds} s as a rule"
            yield Problem("latency_minutes", self.latency_minutes, rule, "Give more than batch_seconds")
        yield from _too_short("replication_window", self.replication_window)


def _too_short(name: str, window: str) -> Iterator[Problem]:
    if not 30 <= len(_minutes(window)) <= 24 * 60 - 30:
        yield Problem(name, window, "a window is half an hour at least", "Give a longer one")


def _minutes(window: str) -> frozenset[int]:
    """The minutes of a day that a window has, whatever its day: a daily window meets each of a week's."""
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d\d):(\d\d)", window))
    return frozenset(minute % 1440 for minute in range(begin, end if end > begin else end + 1440))


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
