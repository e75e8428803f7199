"""What moto's control plane says: the enabled Kafka mappings, and the function behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.clouds.functions.code import Function, function_of

DEFAULT_WINDOW_SECONDS = 0.5
"""Lambda's for Kafka sources."""
RETRIES_WITH_DESTINATION = 10
"""What Lambda makes of unlimited retries when a mapping has an on-failure destination."""


class ControlError(RuntimeError):
    """A mapping says something that this runtime does not do."""


@dataclass(frozen=True)
class EventSourceMapping:
    """One enabled mapping of a Kafka topic to a function."""

    uuid: str
    function_arn: str
    cluster_arn: str
    topic: str
    consumer_group: str
    starting_position: str
    """TRIM_HORIZON or LATEST: where a consumer group begins that has committed nothing."""
    batch_size: int
    window_seconds: float
    reports_failures: bool
    """Whether the function's answer may name records to begin again from (ReportBatchItemFailures)."""
    max_retries: int
    """-1: without end."""
    on_failure_queue: str | None
    """ARN of the queue that hears of what was given up."""


def mappings(client: Any) -> list[EventSourceMapping]:
    """The enabled mappings of Kafka topics, by the Lambda client's account and region.

    Raises: ControlError for a mapping that asks for what this runtime does not do.
    """
    answers = client.get_paginator("list_event_source_mappings").paginate()
    return [
        mapping_of(described)
        for answer in answers
        for described in answer["EventSourceMappings"]
        if described.get("EventSourceArn", "").split(":")[2:3] == ["kafka"] and described["State"] == "Enabled"
    ]


def mapping_of(described: Mapping[str, Any]) -> EventSourceMapping:
    uuid = described["UUID"]
    position = described.get("StartingPosition", "TRIM_HORIZON")
    if position not in ("TRIM_HORIZON", "LATEST"):
        raise ControlError(f"mapping {uuid}: starting position {position} is not imitated; use TRIM_HORIZON or LATEST")
    queue = ((described.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if queue and queue.split(":")[2:3] != ["sqs"]:
        raise ControlError(f"mapping {uuid}: on-failure destination {queue} is not imitated; use an SQS queue")
    retries = described.get("MaximumRetryAttempts", -1)
    if queue and retries == -1:
        retries = RETRIES_WITH_DESTINATION
    (topic,) = described["Topics"]
    return EventSourceMapping(
        uuid=uuid,
        function_arn=described["FunctionArn"],
        cluster_arn=described["EventSourceArn"],
        topic=topic,
        consumer_group=(described.get("AmazonManagedKafkaEventSourceConfig") or {}).get("ConsumerGroupId", uuid),
        starting_position=position,
        batch_size=described["BatchSize"],
        window_seconds=float(described.get("MaximumBatchingWindowInSeconds") or DEFAULT_WINDOW_SECONDS),
        reports_failures="ReportBatchItemFailures" in (described.get("FunctionResponseTypes") or []),
        max_retries=retries,
        on_failure_queue=queue,
    )


def function(client: Any, arn: str) -> Function:
    return function_of(client.get_function(FunctionName=arn)["Configuration"])


def bootstrap_brokers(client: Any, cluster_arn: str) -> str:
    """The brokers of a cluster, by the first listener that it has; `client` is Kafka's (MSK)."""
    answer = client.get_bootstrap_brokers(ClusterArn=cluster_arn)
    addresses = [value for name, value in sorted(answer.items()) if name.startswith("BootstrapBrokerString")]
    if not addresses:
        raise ControlError(f"cluster {cluster_arn} opens no listener, so its topics cannot be read")
    return addresses[0]
