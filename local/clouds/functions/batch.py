"""What a function's answer means for a batch: which records come again, and what is committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Message

Partition = tuple[str, int]
"""Topic and partition."""


class AnswerError(ValueError):
    """An answer that Lambda reads as failure of the whole batch."""


def left_over(messages: Sequence[Message], answer: Any) -> list[Message]:
    """Return the messages that the event source has to send again, in their order.

    Args:
        answer: what a function returned whose mapping has ReportBatchItemFailures:
            `{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": 17}}]}`. A partition
            begins again at the lowest offset named; without entries, or without an answer, all are done.
    Raises: AnswerError if an entry names no record of this batch.
    """
    failures = (answer or {}).get("batchItemFailures") if isinstance(answer, dict | None) else None
    if not failures:
        return []
    sent = {(f"{message.topic()}-{message.partition()}", _offset(message)) for message in messages}
    stops: dict[str, int] = {}
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, dict) or (identifier.get("partition"), identifier.get("offset")) not in sent:
            raise AnswerError(f"batchItemFailures names {identifier!r}, which is no record of the batch")
        stops[identifier["partition"]] = min(
            identifier["offset"], stops.get(identifier["partition"], identifier["offset"])
        )
    return [
        message
        for message in messages
        if _offset(message) >= stops.get(f"{message.topic()}-{message.partition()}", _offset(message) + 1)
    ]


def next_offsets(sent: Iterable[Message], again: Iterable[Message]) -> dict[Partition, int]:
    """Where each partition of a batch goes on: at its first record that comes again, else behind its last one."""
    offsets = {partition_of(message): _offset(message) + 1 for message in sent}
    first_again: dict[Partition, int] = {}
    for message in again:
        first_again.setdefault(partition_of(message), _offset(message))
    return offsets | first_again


def partition_of(message: Message) -> Partition:
    topic, partition = message.topic(), message.partition()
    if topic is None or partition is None:
        raise ValueError("a message without a position did not come from a broker")
    return topic, partition


def _offset(message: Message) -> int:
    offset = message.offset()
    if offset is None:
        raise ValueError("a message without a position did not come from a broker")
    return offset
