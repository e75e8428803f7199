"""One dashboard that shows the path of the data, from topics to the warehouse, in the order in which it flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.blocks.kafka import KafkaCluster
from components.blocks.watched import WatchedPlace

WIDTH, HEIGHT = 8, 6
"""Of a widget; CloudWatch's grid is 24 wide."""
ALARMS = 100
"""What an alarm widget can show ("Dashboard body structure and syntax", CloudWatch API reference)."""

Metric = list[Any]


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """What is shown."""

    where: WatchedPlace
    """The alarms shown are those that it has when the dashboard is made, which is last."""
    kafka: KafkaCluster
    groups: Mapping[str, str]
    """Consumer group -> the topic that it reads."""
    connectors: Sequence[str]
    commits: str
    """Name of the sinks' own metric."""
    capture_id: Input[str]
    """What DMS calls the replication in its metrics."""
    pipeline_arn: Input[str]
    jobs: Sequence[str]
    functions: Sequence[str]
    queues: Sequence[str]
    """Names of the queues of what functions could not do."""
    workgroup: Input[str]
    tunnels: Mapping[str, tuple[Input[str], Input[str]]]
    """Tunnel -> (id of its VPN connection, AWS's address)."""


class Dashboard(ComponentResource):
    """The component makes a dashboard of what the alarms watch, and of what explains it."""

    dashboard: aws.cloudwatch.Dashboard

    def __init__(self, name: str, args: DashboardArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:operations:Dashboard", name, {}, args.where.options(opts))
        self.dashboard = aws.cloudwatch.Dashboard(
            f"{name}-data-path",
            dashboard_name=args.where.name("data-path"),
            dashboard_body=Output.json_dumps({"start": "-PT12H", "widgets": _widgets(args)}),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.dashboard.dashboard_name})


def _widgets(args: DashboardArgs) -> list[dict[str, Any]]:
    kafka, own = "AWS/Kafka", args.where.metrics
    brokers = [str(number) for number in range(1, args.kafka.streaming.brokers + 1)]

    def per_broker(metric: str) -> list[Metric]:
        return [[kafka, metric, "Cluster Name", args.kafka.name, "Broker ID", broker] for broker in brokers]

    def lag(prefix: str) -> list[Metric]:
        return [
            [kafka, "SumOffsetLag", "Cluster Name", args.kafka.name, "Consumer Group", group, "Topic", topic]
            for group, topic in args.groups.items()
            if group.startswith(prefix)
        ]

    def tunnels(metric: str) -> list[Metric]:
        return [
            ["AWS/VPN", metric, "VpnId", connection, "TunnelIpAddress", address, {"label": name}]
            for name, (connection, address) in args.tunnels.items()
        ]

    lines: list[tuple[str, str, list[Metric]]] = [
        ("Kafka: bytes in", "Average", per_broker("BytesInPerSec")),
        ("Kafka: bytes out", "Average", per_broker("BytesOutPerSec")),
        ("Kafka: disk used, %", "Maximum", per_broker("KafkaDataLogsDiskUsed")),
        (
            "Sinks: running and failed tasks",
            "Maximum",
            [
                ["AWS/KafkaConnect", metric, "ConnectorName", connector]
                for connector in args.connectors
                for metric in ("RunningTaskCount", "ErroredTaskCount")
            ],
        ),
        ("Sinks: records behind", "Maximum", lag("connect-")),
        ("Sinks: commits to the lake", "Sum", [[own, args.commits]]),
        (
            "Capture: seconds behind",
            "Maximum",
            [
                ["AWS/DMS", metric, "ReplicationConfigId", args.capture_id]
                for metric in ("CDCLatencySource", "CDCLatencyTarget")
            ],
        ),
        (
            "Pipeline: runs",
            "Sum",
            [
                ["AWS/States", metric, "StateMachineArn", args.pipeline_arn]
                for metric in ("ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")
            ],
        ),
        (
            "Pipeline: time of a run, ms",
            "Maximum",
            [["AWS/States", "ExecutionTime", "StateMachineArn", args.pipeline_arn]],
        ),
        (
            "Jobs: time of their work, ms",
            "Maximum",
            [
                ["Glue", "glue.driver.aggregate.elapsedTime", "JobName", job, "JobRunId", "ALL", "Type", "count"]
                for job in args.jobs
            ],
        ),
        ("Bridge: records behind", "Maximum", lag("pubsub-bridge-")),
        (
            "Functions: errors and throttles",
            "Sum",
            [
                ["AWS/Lambda", metric, "FunctionName", function]
                for function in args.functions
                for metric in ("Errors", "Throttles")
            ],
        ),
        (
            "Functions: what waits for a person",
            "Maximum",
            [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue] for queue in args.queues],
        ),
        (
            "Warehouse: RPU",
            "Maximum",
            [["AWS/Redshift-Serverless", "ComputeCapacity", "Workgroup", args.workgroup]],
        ),
        ("Links: tunnels that are up", "Minimum", tunnels("TunnelState")),
        ("Links: bytes to us", "Sum", tunnels("TunnelDataIn")),
        ("Links: bytes from us", "Sum", tunnels("TunnelDataOut")),
    ]
    shown = [line for line in lines if line[2]]
    alarms = alarm_widgets(args.where.alarms.arns)
    graphs = [
        {
            "type": "metric",
            **_place(3 * len(alarms) + index),
            "properties": {
                "title": title,
                "view": "timeSeries",
                "region": args.where.region,
                "stat": statistic,
                "period": 300,
                "metrics": metrics,
            },
        }
        for index, (title, statistic, metrics) in enumerate(shown)
    ]
    return [*alarms, *graphs]


def alarm_widgets(arns: Sequence[Input[str]]) -> list[dict[str, Any]]:
    """Return widgets of a row each that show every alarm: what one widget cannot show, the next one does."""
    parts = [arns[start : start + ALARMS] for start in range(0, len(arns), ALARMS)]
    return [
        {
            "type": "alarm",
            **_place(3 * number),
            "width": 3 * WIDTH,
            "properties": {
                "title": "Alarms" if len(parts) == 1 else f"Alarms, {number + 1} of {len(parts)}",
                "alarms": list(part),
                "sortBy": "stateUpdatedTimestamp",
            },
        }
        for number, part in enumerate(parts)
    ]


def _place(index: int) -> dict[str, int]:
    return {"x": WIDTH * (index % 3), "y": HEIGHT * (index // 3), "width": WIDTH, "height": HEIGHT}
