"""The MSK event as a list of records. AWS Lambda developer guide, "Using Lambda with Amazon MSK"."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class EventError(ValueError):
    """The function was invoked with something that is no Kafka event."""


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record; `key` and `value` are None where the record has none (a tombstone has no value)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970, by whichever clock the topic uses."""
    key: bytes | None
    value: bytes | None


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """Return the records of an event, each partition's in the order of its offsets.

    Raises: EventError if the event does not come from a Kafka event source.
    """
    if event.get("eventSource") not in ("aws:kafka", "SelfManagedKafka") or not isinstance(event.get("records"), dict):
        raise EventError(
            f"event source {event.get('eventSource')!r}: this function takes events of an MSK event source mapping"
        )
    records = [
        Record(
            topic=entry["topic"],
            partition=entry["partition"],
            offset=entry["offset"],
            timestamp=entry["timestamp"],
            key=_bytes(entry.get("key")),
            value=_bytes(entry.get("value")),
        )
        for entries in event["records"].values()
        for entry in entries
    ]
    return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
