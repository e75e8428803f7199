"""The alarms of the Kafka cluster: of the whole of it, and of each broker."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import Input

import settings
from components.blocks.alarms import Comparison, Statistic, alarm
from components.blocks.watched import WatchedPlace

NAMESPACE = "AWS/Kafka"
"""The namespace of MSK's metrics; their dimensions are Cluster Name, Broker ID, Consumer Group and Topic."""
CPU_PERCENT = 60
"""MSK's best practices: CpuUser + CpuSystem below 60 %, so that the others can carry a broker that is down."""
DISK_PERCENT = 85
"""Storage has grown before that; MSK's best practices name 85 % as the time to act."""
T3_CREDITS = 60
"""A t3.small earns 24 credits an hour and keeps 576 at most; an hour at full load of its two CPUs costs 120."""


@dataclass(frozen=True)
class _Watched:
    """An alarm that every broker has."""

    name: str
    why: str
    metric: str | tuple[str, ...]
    statistic: Statistic
    threshold: float
    periods: int = 1
    comparison: Comparison = "GreaterThanThreshold"


def watch_cluster(
    parent: pulumi.Resource, name: str, *, where: WatchedPlace, streaming: settings.Streaming, cluster_name: Input[str]
) -> None:
    """Tell people when the cluster or a broker leaves its bounds, by metrics of level DEFAULT."""
    cluster = {"Cluster Name": cluster_name}
    alarm(
        parent,
        f"{name}-no-controller",
        where=where,
        why="Kafka has no active controller: topics and leaders cannot change. See the cluster's state in MSK; "
        "open a case with AWS if it is ACTIVE.",
        namespace=NAMESPACE,
        metric="ActiveControllerCount",
        dimensions=cluster,
        # Every node reports, all but one a zero: a sum would depend on their number.
        statistic="Maximum",
        threshold=1,
        comparison="LessThanThreshold",
        silence="breaching",
    )
    alarm(
        parent,
        f"{name}-offline-partitions",
        where=where,
        why="Partitions have no leader: they take and give no records. See which brokers are down in MSK, "
        "before anything else.",
        namespace=NAMESPACE,
        metric="OfflinePartitionsCount",
        dimensions=cluster,
        statistic="Maximum",
        threshold=0,
        comparison="GreaterThanThreshold",
    )
    for broker in range(1, streaming.brokers + 1):
        for one in _of_broker(broker, streaming):
            alarm(
                parent,
                f"{name}-{one.name}-{broker}",
                where=where,
                why=one.why,
                namespace=NAMESPACE,
                metric=one.metric,
                dimensions={**cluster, "Broker ID": str(broker)},
                statistic=one.statistic,
                threshold=one.threshold,
                comparison=one.comparison,
                periods=one.periods,
            )


def _of_broker(broker: int, streaming: settings.Streaming) -> list[_Watched]:
    """Return the alarms of one broker, by its number."""
    watched: list[_Watched] = [
        _Watched(
            "under-replicated",
            f"Broker {broker} has had partitions with too few copies for half an hour. See whether a broker is "
            "patched or restarted (MSK, cluster operations); if none is, look at its load and disk.",
            "UnderReplicatedPartitions",
            "Maximum",
            threshold=0,
            periods=6,
        ),
        _Watched(
            "under-min-isr",
            f"Broker {broker} has partitions below min.insync.replicas: producers with acks=all are refused. "
            "See which brokers are down in MSK.",
            "UnderMinIsrPartitionCount",
            "Maximum",
            threshold=0,
            periods=2,
        ),
        _Watched(
            "disk",
            f"Broker {broker}'s disk is nearly full: at 100 % it stops. See why storage did not grow (its limit is "
            "streaming.storage_max_gib, and it grows once in six hours), and raise the limit.",
            "KafkaDataLogsDiskUsed",
            "Maximum",
            threshold=DISK_PERCENT,
        ),
        _Watched(
            "cpu",
            f"Broker {broker} has been above {CPU_PERCENT} % CPU for a quarter of an hour: with a broker down, the "
            "others cannot carry its load. Find the topic that grew, and take larger brokers.",
            ("CpuUser", "CpuSystem"),
            "Average",
            threshold=CPU_PERCENT,
            periods=3,
        ),
    ]
    if streaming.instance_type.startswith("kafka.t3."):
        watched.append(
            _Watched(
                "cpu-credits",
                f"Broker {broker} has nearly used its CPU credits: after that it is slowed to its baseline. "
                "Find what is loading it, or take kafka.m7g.large.",
                "CPUCreditBalance",
                "Minimum",
                threshold=T3_CREDITS,
                periods=3,
                comparison="LessThanThreshold",
            )
        )
    return watched
