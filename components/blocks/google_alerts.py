"""Alerts of Google Cloud's own monitoring: who gets them, and one policy that every component makes the same way.

Google watches what it runs, and tells the same people as AWS does. What a person does when one goes off is written in
docs/operations.md, a paragraph a metric.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_gcp as gcp
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.place import Place
from components.blocks.tagging import labels

Comparison = Literal["COMPARISON_GT", "COMPARISON_LT"]
"""The two that the API takes (reference of projects.alertPolicies, MetricThreshold)."""
Aligner = Literal["ALIGN_MAX", "ALIGN_MIN", "ALIGN_MEAN", "ALIGN_RATE", "ALIGN_DELTA", "ALIGN_SUM", "ALIGN_COUNT_TRUE"]
Silence = Literal["EVALUATION_MISSING_DATA_INACTIVE", "EVALUATION_MISSING_DATA_ACTIVE", "EVALUATION_MISSING_DATA_NO_OP"]


@dataclass(frozen=True, kw_only=True)
class GoogleAlertsArgs:
    """Who is told of what in which project."""

    where: Place
    alerts: settings.Alerts
    """Its addresses get the mails."""
    gcp: settings.Gcp
    """Its project has the channels."""


class GoogleAlerts(ComponentResource):
    """The component makes a notification channel of the project for each address."""

    channels: list[Output[str]]
    """Names of the channels, in the order of the addresses."""

    def __init__(self, name: str, args: GoogleAlertsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:operations:GoogleAlerts", name, {}, args.where.options(opts))
        self.channels = [
            gcp.monitoring.NotificationChannel(
                # Named by the address, so that taking one off the list leaves the others alone.
                f"{name}-mail-{hashlib.sha256(mail.encode()).hexdigest()[:8]}",
                project=args.gcp.project,
                type="email",
                display_name=f"{args.where.name('alerts')} {mail}",
                labels={"email_address": mail},
                user_labels=labels(args.where.tags),
                opts=ResourceOptions(parent=self),
            ).name
            for mail in args.alerts.emails
        ]
        self.register_outputs({"channels": self.channels})


def google_alert(
    parent: pulumi.Resource,
    name: str,
    *,
    where: Place,
    project: str,
    channels: Sequence[Input[str]],
    why: str,
    metric: str,
    resource_type: str,
    selects: Mapping[str, Input[str]],
    threshold: float,
    comparison: Comparison = "COMPARISON_GT",
    aligner: Aligner = "ALIGN_MAX",
    align_minutes: int = 5,
    lasting_minutes: int = 5,
    silence: Silence = "EVALUATION_MISSING_DATA_INACTIVE",
) -> gcp.monitoring.AlertPolicy:
    """Tell the channels when a metric of Google's leaves its bounds, and when it is back.

    Args:
        why: what is wrong and what to do first; the mail has it as its text.
        metric: a metric type, `pubsub.googleapis.com/subscription/oldest_unacked_message_age`.
        resource_type: the monitored resource that the metric is written for, `pubsub_subscription`.
        selects: which time series: `resource.labels.subscription_id` or `metric.labels....` -> value.
        align_minutes: points of so many minutes become one, by `aligner`.
        lasting_minutes: how long it must stay out of bounds; 1 or more, or Google does not take `silence`.
        silence: what no data means.
    """
    wanted = Output.all(**{"metric.type": metric, "resource.type": resource_type, **selects})
    return gcp.monitoring.AlertPolicy(
        name,
        project=project,
        display_name=where.name(name),
        combiner="OR",
        conditions=[
            {
                "display_name": metric,
                "condition_threshold": {
                    "filter": wanted.apply(_filter),
                    "comparison": comparison,
                    "threshold_value": threshold,
                    "duration": f"{lasting_minutes * 60}s",
                    "aggregations": [
                        {"alignment_period": f"{align_minutes * 60}s", "per_series_aligner": aligner},
                    ],
                    "evaluation_missing_data": silence,
                },
            }
        ],
        documentation={
            "content": f"{why} Runbook: docs/operations.md, {metric.split('/', 1)[1]}.",
            "mime_type": "text/markdown",
        },
        notification_channels=list(channels),
        user_labels=labels(where.tags),
        opts=ResourceOptions(parent=parent),
    )


def _filter(wanted: Mapping[str, str]) -> str:
    """Return a filter of Cloud Monitoring; a value in it is text in double quotes."""
    return " AND ".join(f"{name} = {json.dumps(value)}" for name, value in wanted.items())
