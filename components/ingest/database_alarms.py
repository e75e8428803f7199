"""The alarms of the shop's database: what a slow replication holds back, its disk, load, connections and vacuum."""

from __future__ import annotations

import pulumi
from pulumi import Input

import settings
from components.blocks.alarms import alarm
from components.blocks.watched import WatchedPlace

GIB = 1024**3


def watch_database(
    parent: pulumi.Resource, name: str, *, where: WatchedPlace, database: settings.Database, instance_id: Input[str]
) -> None:
    """Tell people when the database leaves its bounds.

    Args:
        instance_id: the instance's identifier, by which its metrics are found.
    """

    def watch(suffix: str, metric: str, threshold: float, why: str, *, low: bool = False, periods: int = 3) -> None:
        alarm(
            parent,
            f"{name}-{suffix}",
            where=where,
            why=why,
            namespace="AWS/RDS",
            metric=metric,
            dimensions={"DBInstanceIdentifier": instance_id},
            statistic="Minimum" if low else "Average" if metric == "CPUUtilization" else "Maximum",
            threshold=threshold,
            comparison="LessThanThreshold" if low else "GreaterThanOrEqualToThreshold",
            periods=periods,
            # A running instance always reports these.
            silence="breaching" if metric == "FreeStorageSpace" else "notBreaching",
        )

    held = database.held_wal_gib * GIB
    watch(
        "held-wal",
        "OldestReplicationSlotLag",
        held / 2,
        "The slot furthest behind holds back half of the write-ahead log it may. Start its replication again, or "
        "drop the slot if nothing reads it: at the limit PostgreSQL gives it up, and the tables are loaded anew.",
    )
    watch(
        "slot-disk",
        "ReplicationSlotDiskUsage",
        held / 2,
        "Changes that wait for a replication slot fill the disk. See whether the replication runs, and end the "
        "long transaction that it waits for.",
    )
    watch(
        "storage",
        "FreeStorageSpace",
        0.15 * database.storage_gib * GIB,
        "The database's disk is nearly full. See whether a replication slot holds back log; otherwise raise "
        "database.storage_max_gib.",
        low=True,
    )
    watch("cpu", "CPUUtilization", 85, "The database's processors are busy. See its top statements in Insights.")
    watch(
        "connections",
        "DatabaseConnections",
        database.connections_alarm,
        "Nearly all connections are taken. See in pg_stat_activity who keeps idle ones.",
    )
    watch(
        "transaction-ids",
        "MaximumUsedTransactionIDs",
        1_000_000_000,
        "Half of all transaction ids are used: vacuum lags behind. End old transactions and slots, then vacuum.",
    )
