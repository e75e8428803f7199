"""Positions of records: (partition, offset) of a topic, the identity by which nothing can be counted wrongly."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from local.site import Site

Position = tuple[int, int]

_TIMEOUT_S = 30.0
_POLL_S = 0.5
"""`consume` waits this long for a full batch, also at the end of a topic."""


def in_topic(site: Site, topic: str) -> dict[Position, bytes | None]:
    """Read every committed record of a topic: (partition, offset) -> key.

    Raises: KafkaException if the broker says no, TimeoutError if it says nothing for half a minute.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": site.kafka_bootstrap,
            "log_level": 0,  # what goes wrong is raised
            "group.id": "report",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    try:
        metadata = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        open_partitions = set(metadata.partitions)
        consumer.assign([TopicPartition(topic, p, 0) for p in open_partitions])
        found: dict[Position, bytes | None] = {}
        heard = time.monotonic()
        while open_partitions:
            messages = consumer.consume(10_000, timeout=_POLL_S)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > _TIMEOUT_S:
                raise TimeoutError(f"topic {topic}: no record and no end for {_TIMEOUT_S:.0f} s; is the broker alive?")
            for message in messages:
                error = message.error()
                partition, offset = message.partition(), message.offset()
                if partition is None or offset is None:
                    raise KafkaException(error)
                if error is None:
                    found[(partition, offset)] = message.key()
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard(partition)
                else:
                    raise KafkaException(error)
        return found
    finally:
        consumer.close()
