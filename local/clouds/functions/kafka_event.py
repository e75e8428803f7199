"""Kafka records as the event that Lambda makes of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit for the payload of a synchronous invocation."""
RECORD_OVERHEAD_BYTES = 200
"""Names, position and timestamp of a record in the event."""
ENVELOPE_BYTES = 1_024


def msk_event(messages: Iterable[Message], cluster_arn: str, bootstrap: str) -> dict[str, Any]:
    """The event of an MSK event source; records by `topic-partition`, each with keys and values in base64."""
    records: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        records.setdefault(f"{message.topic()}-{message.partition()}", []).append(_entry(message))
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": cluster_arn,
        "bootstrapServers": bootstrap,
        "records": records,
    }


def fitting(messages: Sequence[Message], limit: int = MAX_PAYLOAD_BYTES) -> int:
    """How many of the messages, from the first on, one payload can hold; at least one of a non-empty sequence."""
    size = ENVELOPE_BYTES
    for count, message in enumerate(messages):
        size += RECORD_OVERHEAD_BYTES + _base64_length(message.key()) + _base64_length(message.value())
        size += sum(len(name) + 5 * len(value) for name, value in _headers(message))
        if size > limit and count:
            return count
    return len(messages)


def _entry(message: Message) -> dict[str, Any]:
    kind, timestamp = message.timestamp()
    entry: dict[str, Any] = {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": timestamp,
        "timestampType": "LOG_APPEND_TIME" if kind == TIMESTAMP_LOG_APPEND_TIME else "CREATE_TIME",
        "headers": [{name: list(value)} for name, value in _headers(message)],
    }
    # A key or value that a record lacks is absent from the event.
    for name, data in (("key", message.key()), ("value", message.value())):
        if data is not None:
            entry[name] = base64.b64encode(data).decode()
    return entry


def _base64_length(data: bytes | None) -> int:
    return 0 if data is None else (len(data) + 2) // 3 * 4


def _headers(message: Message) -> list[tuple[str, bytes]]:
    headers: Any = message.headers()
    return [(name, value or b"") for name, value in headers or []]
