"""The bridge held against Kafka: every record of a shared topic is in Pub/Sub or in the failure queue.

By position (partition, offset), not by count: one record missing and another one doubled would look right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from google.cloud import pubsub_v1
from google.pubsub_v1.types import PullResponse

import contracts
from contracts import Contracts
from local.functions.progress import delivered_and_lag
from local.report import positions
from local.report.positions import Position
from local.site import Site

PULL_MESSAGES = 1_000
PULL_SECONDS = 5.0
EMPTY_PULLS = 2
"""A pull may come back empty although messages are there; two in a row say that none is."""
SQS_MESSAGES = 10
HIDDEN_SECONDS = 300
"""How long failures stay hidden from others while they are read; they are shown again at the end."""


@dataclass
class Bridged:
    """What became of one topic's records."""

    produced: int
    received: int = 0
    """Positions that arrived, whatever the number of times."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Reason -> positions in the failure queue."""
    missing: int = 0
    repeated: int = 0
    """Messages that arrived again. At least once is what the bridge promises."""
    out_of_order: int = 0
    """First arrivals that came after a later record of the same key."""
    unexpected: int = 0
    """Positions that arrived and are no record of the topic, and first arrivals of rejected ones."""
    unshared: tuple[str, ...] = ()
    """Paths in messages that the contract does not share."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "produced": self.produced,
            "received": self.received,
            "rejected": sum(self.rejected.values()),
            "rejected_by_reason": dict(sorted(self.rejected.items())),
            "missing": self.missing,
            "repeated": self.repeated,
            "out_of_order": self.out_of_order,
            "unexpected": self.unexpected,
            "unshared": list(self.unshared),
        }


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, in the order in which the subscription gave it."""

    position: Position
    key: str | None
    data: bytes


def report(site: Site, data: Contracts, outputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Compare every shared topic with its subscription and the failure queue.

    Takes the messages off the subscriptions: a second report would find them missing. Failures stay in their queue.

    Args:
        outputs: of the stack: `function`, `failures` (queue URL), `pubsub_subscriptions` (topic -> name).
    Returns: topic -> counts, see Bridged.
    """
    project = _project(site, outputs["function"])
    rejected = failures(site, outputs["failures"])
    compared = {}
    for topic, shared in contracts.compile_bridge(data)["topics"].items():
        expected = positions.in_topic(site, topic)
        subscription = f"projects/{project}/subscriptions/{outputs['pubsub_subscriptions'][topic].split('/')[-1]}"
        compared[topic] = compare(
            expected, receive(site, subscription), rejected.get(topic, {}), shared["fields"]
        ).as_dict()
    return compared


def progress(site: Site) -> tuple[int, int]:
    """Records of all shared topics that the bridge has dealt with, and those it has still to deal with."""
    return delivered_and_lag(site, contracts.compile_bridge(contracts.load())["topics"])


def compare(
    expected: Mapping[Position, bytes | None],
    arrivals: Iterator[Arrival] | Sequence[Arrival],
    rejected: Mapping[Position, str],
    shared: Sequence[str],
) -> Bridged:
    """Hold what arrived against what was produced.

    Args:
        expected: every record of the topic, with its key.
        arrivals: messages in the order in which they came.
        rejected: position -> reason, of the failure queue.
        shared: the paths that the contract shares.
    """
    result = Bridged(produced=len(expected), rejected=dict(Counter(rejected.values())))
    seen: set[Position] = set()
    latest: dict[tuple[int, str | None], int] = {}
    paths: set[str] = set()
    for arrival in arrivals:
        if arrival.position in seen:
            result.repeated += 1
            continue
        seen.add(arrival.position)
        paths |= _paths(json.loads(arrival.data))
        partition, offset = arrival.position
        if arrival.key is not None:
            if offset < latest.get((partition, arrival.key), -1):
                result.out_of_order += 1
            latest[partition, arrival.key] = max(offset, latest.get((partition, arrival.key), -1))
    result.received = len(seen & expected.keys())
    result.missing = len(expected.keys() - seen - rejected.keys())
    result.unexpected = len(seen - expected.keys()) + len(seen & rejected.keys())
    result.unshared = tuple(sorted(paths - set(shared)))
    return result


def receive(site: Site, subscription: str) -> Iterator[Arrival]:
    """Pull and acknowledge everything that the subscription holds.

    By synchronous pull: the streaming one is slow on Google's in-memory server, and keeps what it has not handed on.
    """
    site.activate()  # Google's client finds the server by the environment
    client = pubsub_v1.SubscriberClient()
    empty = 0
    with client:
        while empty < EMPTY_PULLS:
            answer = client.pull(
                subscription=subscription, max_messages=PULL_MESSAGES, return_immediately=True, timeout=PULL_SECONDS
            )
            messages = PullResponse.pb(answer).received_messages
            empty = 0 if messages else empty + 1
            for received in messages:
                attributes = received.message.attributes
                yield Arrival(
                    position=(int(attributes["partition"]), int(attributes["offset"])),
                    key=attributes.get("key"),
                    data=received.message.data,
                )
            if messages:
                client.acknowledge(subscription=subscription, ack_ids=[received.ack_id for received in messages])


def failures(site: Site, queue: str) -> dict[str, dict[Position, str]]:
    """Topic -> position -> reason of all that the failure queue holds; it holds them still afterwards."""
    client = _client(site, "sqs")
    found: dict[str, dict[Position, str]] = {}
    handles: list[str] = []
    while messages := client.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=SQS_MESSAGES, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            handles.append(message["ReceiptHandle"])
            body = json.loads(message["Body"])
            found.setdefault(body["topic"], {})[body["partition"], body["offset"]] = body["reason"]
    for handle in handles:
        client.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    return found


def _paths(value: Any, path: str = "") -> set[str]:
    """The paths of a document's scalars, as contracts write them: `lines[].quantity`."""
    if isinstance(value, dict):
        return {p for name, item in value.items() for p in _paths(item, f"{path}.{name}" if path else name)}
    if isinstance(value, list):
        return {p for item in value for p in _paths(item, f"{path}[]")}
    return {path}


def _project(site: Site, function: str) -> str:
    """The Google project that the bridge publishes to."""
    configuration = _client(site, "lambda").get_function_configuration(FunctionName=function)
    return configuration["Environment"]["Variables"]["PUBSUB_PROJECT"]


def _client(site: Site, service: str) -> Any:
    site.activate()
    return boto3.client(service)  # type: ignore[call-overload]
