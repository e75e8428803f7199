"""Sections of the lake: its buckets and tables, the bucket of code, and the log of requests to all of them."""

from __future__ import annotations

from pydantic import Field

from settings.problems import Section


class AccessLogs(Section):
    """The bucket that takes the other buckets' logs of requests."""

    keep_days: int = Field(ge=1, le=3650, description="days to keep the buckets' access logs, 1 to 3650")


class Lake(Section):
    """Buckets of the lake."""

    noncurrent_days: int = Field(ge=1, le=3650, description="days until overwritten and deleted objects are gone")
    raw_tiering_days: int | None = Field(
        default=None, ge=30, le=3650, description="days until raw's files are tiered by use, 30 to 3650; nothing: never"
    )


class Tables(Section):
    """How Glue maintains the tables of the lake."""

    optimize: bool = Field(description="true: Glue compacts tables, expires snapshots and removes orphan files")
    snapshot_days: int = Field(ge=1, le=365, description="days a snapshot is kept, 1 to 365")
    orphan_days: int = Field(ge=3, le=365, description="days before a file that no table knows is removed, 3 to 365")


class Artifacts(Section):
    """The bucket of code."""

    noncurrent_days: int = Field(ge=1, le=3650, description="days until replaced versions of code are gone, 1 to 3650")
