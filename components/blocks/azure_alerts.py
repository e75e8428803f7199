"""Alerts of Azure Monitor: who gets them, and one rule that every component makes the same way.

Azure watches what it runs, and tells the same people as AWS does. What a person does when one goes off is written in
docs/operations.md, a paragraph a metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_azure_native import monitor

from components.blocks.place import Place

Comparison = Literal["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]
Statistic = Literal["Average", "Maximum", "Minimum", "Total"]
ANY_REGION = "global"
"""Where alert rules and action groups are: in no region, so that they tell of a region's loss."""


@dataclass(frozen=True, kw_only=True)
class AzureWatch:
    """Where rules are made, and whom they tell."""

    where: Place
    resource_group: Input[str]
    """Name of the group that rules are made in; the action group is in it too."""
    action_group_id: Input[str]
    """Whom the rules tell."""


def action_group(
    parent: pulumi.Resource, name: str, *, where: Place, resource_group: Input[str], emails: Sequence[str]
) -> monitor.ActionGroup:
    """Make the action group that mails these addresses when a rule goes off and when it is back."""
    return monitor.ActionGroup(
        name,
        resource_group_name=resource_group,
        location=ANY_REGION,
        group_short_name="novaretail",  # at most twelve characters; a text message begins with it
        enabled=True,
        email_receivers=[{"name": mail, "email_address": mail, "use_common_alert_schema": True} for mail in emails],
        tags=where.tags,
        opts=ResourceOptions(parent=parent),
    )


def azure_alert(
    parent: pulumi.Resource,
    name: str,
    *,
    watch: AzureWatch,
    of: Input[str],
    why: str,
    namespace: str,
    metric: str,
    statistic: Statistic,
    comparison: Comparison,
    threshold: float,
    each: Mapping[str, Sequence[Input[str]]] | None = None,
    minutes: Literal[5, 15, 30, 60] = 15,
    severity: Literal[0, 1, 2, 3, 4] = 2,
) -> monitor.MetricAlert:
    """Tell the action group when a metric of a resource leaves its bounds, and when it is back.

    Args:
        of: the resource's id.
        why: what is wrong and what to do first; the mail has it as its text.
        namespace: the resource's type, `Microsoft.Network/virtualNetworkGateways`.
        each: dimension -> values; every combination is watched for itself.
        minutes: the window that `statistic` is taken of; it is looked at every five minutes.
        severity: 0 critical, 1 error, 2 warning, 3 informational, 4 verbose.

    A series that nothing is reported of does not go off: what must not fall silent is watched from AWS as well.
    """
    return monitor.MetricAlert(
        name,
        resource_group_name=watch.resource_group,
        location=ANY_REGION,
        description=Output.concat(why, f" Runbook: docs/operations.md, {metric}."),
        enabled=True,
        severity=severity,
        scopes=[of],
        evaluation_frequency="PT5M",
        window_size=f"PT{minutes}M" if minutes < 60 else "PT1H",
        auto_mitigate=True,
        # As objects: of several kinds of criteria, the SDK leaves a dict's names as they are.
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            all_of=[
                monitor.MetricCriteriaArgs(
                    criterion_type="StaticThresholdCriterion",
                    name=metric,
                    metric_name=metric,
                    metric_namespace=namespace,
                    time_aggregation=statistic,
                    operator=comparison,
                    threshold=threshold,
                    dimensions=[
                        monitor.MetricDimensionArgs(name=dimension, operator="Include", values=list(values))
                        for dimension, values in (each or {}).items()
                    ],
                )
            ],
        ),
        actions=[{"action_group_id": watch.action_group_id}],
        tags=watch.where.tags,
        opts=ResourceOptions(parent=parent),
    )
