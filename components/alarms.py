"""One CloudWatch alarm, made the same way by every component that watches something of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pulumi
import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.place import Place

Comparison = Literal[
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
Silence = Literal["notBreaching", "breaching", "missing"]


def alarm(
    parent: pulumi.Resource,
    name: str,
    *,
    where: Place,
    topic_arn: Input[str],
    why: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, Input[str]],
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"],
    threshold: float,
    comparison: Comparison = "GreaterThanOrEqualToThreshold",
    minutes: int = 5,
    periods: int = 1,
    silence: Silence = "notBreaching",
) -> aws.cloudwatch.MetricAlarm:
    """Tell the topic when a metric leaves its bounds, and when it is back.

    Args:
        why: what is wrong and what to do first; the mail that a person gets begins with it.
        minutes: length of a period; the alarm goes off after `periods` of them in a row.
        silence: what no data means: a service that reports nothing may be idle, or dead.
    """
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=why,
        namespace=namespace,
        metric_name=metric,
        dimensions=dict(dimensions),
        statistic=statistic,
        period=minutes * 60,
        evaluation_periods=periods,
        datapoints_to_alarm=periods,
        threshold=threshold,
        comparison_operator=comparison,
        treat_missing_data=silence,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=where.tags,
        opts=ResourceOptions(parent=parent),
    )
