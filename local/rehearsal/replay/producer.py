"""Records onto a topic, by an idempotent producer, each confirmed by all replicas."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from local.rehearsal.replay.events import Record

SAY_SECONDS = 2.0


class ReplayError(RuntimeError):
    """Records could not be produced; the text says how many and why."""


@dataclass(frozen=True)
class Produced:
    """What the broker confirmed."""

    by_kind: dict[str, int]
    by_partition: dict[int, int]
    seconds: float

    @property
    def total(self) -> int:
        return sum(self.by_partition.values())


def produce(
    bootstrap: str,
    topic: str,
    records: Iterable[Record],
    say: Callable[[str], None] = lambda text: None,
    timeout_seconds: float = 120,
) -> Produced:
    """Send the records and wait until each is confirmed; records of one key keep their order.

    Raises: ReplayError if the topic cannot be reached, or any record is not confirmed within the timeout
        (those sent before it stay).
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "log_level": 0,  # standard error is for people; what fails for good is raised
            "client.id": "replay",
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 50,
            "batch.size": 1_000_000,
            "queue.buffering.max.kbytes": 128 * 1024,
            "delivery.timeout.ms": int(timeout_seconds * 1000),
            # As Java's producer, so that a key lies where any other producer of the topic would put it.
            "partitioner": "murmur2_random",
        }
    )
    _require_topic(producer, bootstrap, topic, timeout_seconds)
    by_partition: Counter[int] = Counter()
    failures: list[str] = []

    def confirmed(error: KafkaError | None, message: Message) -> None:
        partition = message.partition()
        if error is None and partition is not None:
            by_partition[partition] += 1
        else:
            failures.append(error.str() if error else "confirmed without a partition")

    by_kind: Counter[str] = Counter()
    started = said = time.monotonic()
    for sent, record in enumerate(records):
        while True:
            try:
                producer.produce(
                    topic, key=record.key, value=record.value, timestamp=record.timestamp, on_delivery=confirmed
                )
                break
            except BufferError:  # the queue is full: let the broker catch up
                producer.poll(0.1)
        by_kind[record.kind] += 1
        if sent % 1000 == 0:
            producer.poll(0)
            if failures:
                break
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                say(f"{sum(by_partition.values()):,} records produced")
    if failures:
        producer.purge()
    producer.flush()
    if failures:
        raise ReplayError(
            f"{len(failures):,} of {by_kind.total():,} records were not taken by topic {topic} at {bootstrap}: "
            f"{failures[0]}"
        )
    return Produced(dict(by_kind), dict(sorted(by_partition.items())), time.monotonic() - started)


def _require_topic(producer: Producer, bootstrap: str, topic: str, timeout_seconds: float) -> None:
    """Fail at once, where the producer would wait for a topic to appear."""
    try:
        error = producer.list_topics(topic, timeout=timeout_seconds).topics[topic].error
    except KafkaException as failed:
        error = failed.args[0]
    if error is not None:
        raise ReplayError(f"topic {topic} at {bootstrap}: {error.str()}")
