"""A Kafka cluster as its clients need it."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Output

import settings


@dataclass(frozen=True, kw_only=True)
class KafkaCluster:
    """What connectors, event sources and the dashboard need to know of the cluster."""

    arn: Output[str]
    name: Output[str]
    """By which its metrics know it."""
    bootstrap: Output[str]
    """host:port of its brokers, with commas between; of the listener that `streaming.authentication` names."""
    streaming: settings.Streaming
    """How it was made: authentication, copies of a partition, brokers."""
