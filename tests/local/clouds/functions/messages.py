"""Kafka messages as a consumer gives them."""

from __future__ import annotations

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message


def message(
    partition: int,
    offset: int,
    value: bytes | None = b"{}",
    key: bytes | None = b"k",
    headers: list[tuple[str, str | bytes | None]] | None = None,
) -> Message:
    return Message(
        topic="orders",
        partition=partition,
        offset=offset,
        key=key,
        value=value,
        headers=headers,
        timestamp=(TIMESTAMP_CREATE_TIME, 1_483_271_606_000),
    )


def places(messages: list[Message]) -> list[tuple[int | None, int | None]]:
    return [(one.partition(), one.offset()) for one in messages]
