"""One CloudWatch alarm, which every component that watches something of its own makes the same way.

What a person does when one goes off is written in docs/operations.md, a paragraph a metric; an alarm's description
ends with the way there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.blocks.watched import WatchedPlace

Comparison = Literal[
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
Silence = Literal["notBreaching", "breaching", "missing"]
Statistic = Literal["Average", "Maximum", "Minimum", "Sum"]


def alarm(
    parent: pulumi.Resource,
    name: str,
    *,
    where: WatchedPlace,
    why: str,
    namespace: str,
    metric: str | Sequence[str],
    dimensions: Mapping[str, Input[str]],
    statistic: Statistic,
    threshold: float,
    comparison: Comparison = "GreaterThanOrEqualToThreshold",
    minutes: int = 5,
    periods: int = 1,
    silence: Silence = "notBreaching",
) -> aws.cloudwatch.MetricAlarm:
    """Tell the place's topic when a metric leaves its bounds, and when it is back; the alarm joins the place's list.

    Args:
        why: what is wrong and what to do first; the mail that a person gets begins with it.
        metric: a metric's name; of several, their sum is watched.
        minutes: length of a period; the alarm goes off after `periods` of them in a row.
        silence: what no data means: a service that reports nothing may be idle, or dead.
    """
    names = [metric] if isinstance(metric, str) else list(metric)
    watched: dict[str, Any]
    if len(names) == 1:
        watched = {
            "namespace": namespace,
            "metric_name": names[0],
            "dimensions": dict(dimensions),
            "statistic": statistic,
            "period": minutes * 60,
        }
    else:
        watched = {"metric_queries": _sum(namespace, names, dimensions, statistic, minutes * 60)}
    made = aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=f"{why} Runbook: docs/operations.md, {' + '.join(names)}.",
        evaluation_periods=periods,
        datapoints_to_alarm=periods,
        threshold=threshold,
        comparison_operator=comparison,
        treat_missing_data=silence,
        alarm_actions=[where.alarms.topic_arn],
        ok_actions=[where.alarms.topic_arn],
        tags=where.tags,
        opts=ResourceOptions(parent=parent),
        **watched,
    )
    where.alarms.made.append(made)
    return made


def _sum(
    namespace: str, names: Sequence[str], dimensions: Mapping[str, Input[str]], statistic: str, period: int
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    ids = [f"m{number}" for number in range(1, len(names) + 1)]
    total: aws.cloudwatch.MetricAlarmMetricQueryArgsDict = {
        "id": "total",
        "expression": " + ".join(ids),
        "label": " + ".join(names),
        "return_data": True,
    }
    parts: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
        {
            "id": id_,
            "metric": {
                "namespace": namespace,
                "metric_name": name,
                "dimensions": dict(dimensions),
                "stat": statistic,
                "period": period,
            },
        }
        for id_, name in zip(ids, names, strict=True)
    ]
    return [total, *parts]


def lag_alarm(
    parent: pulumi.Resource,
    name: str,
    *,
    where: WatchedPlace,
    why: str,
    cluster_name: Input[str],
    group: str,
    topic: str,
    records: int,
) -> aws.cloudwatch.MetricAlarm:
    """Tell the topic of alerts when a consumer group is `records` behind in a Kafka topic, three periods in a row."""
    return alarm(
        parent,
        name,
        where=where,
        why=why,
        namespace="AWS/Kafka",
        metric="SumOffsetLag",
        dimensions={"Cluster Name": cluster_name, "Consumer Group": group, "Topic": topic},
        statistic="Maximum",
        threshold=records,
        periods=3,
    )
