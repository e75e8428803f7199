from __future__ import annotations

import socket
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from local.rehearsal.replay import PERIODS, Record, ReplayError, produce, records


@pytest.fixture
def broker() -> Iterator[str]:
    """librdkafka's own broker in this process; the platform's tests use a real one."""
    holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1})
    address = next(iter(holder.list_topics(timeout=30).brokers.values()))
    yield f"{address.host}:{address.port}"
    del holder


def consume(broker: str, partitions: dict[int, int]) -> list[tuple[int, str, bytes | None, int]]:
    """(partition, key, value, timestamp) of every record of the topic."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("orders", partition, 0) for partition in partitions])
    found: list[tuple[int, str, bytes | None, int]] = []
    while len(found) < sum(partitions.values()):
        message = consumer.poll(30)
        assert message is not None, f"{len(found)} records, then none for 30 s"
        assert message.error() is None, message.error()
        key, partition = message.key(), message.partition()
        assert key is not None
        assert partition is not None
        found.append((partition, bytes(key).decode(), message.value(), message.timestamp()[1]))
    consumer.close()
    return found


def test_every_record_is_produced_once_in_the_order_of_its_key_and_counted(broker: str) -> None:
    wanted = list(records(PERIODS["day"]))

    produced = produce(broker, "orders", wanted)

    assert produced.by_kind == Counter(record.kind for record in wanted)
    assert produced.total == len(wanted)
    by_key: dict[str, list[tuple[bytes | None, int]]] = defaultdict(list)
    for partition, key, value, timestamp in consume(broker, produced.by_partition):
        assert partition in produced.by_partition
        by_key[key].append((value, timestamp))
    for record in wanted:
        assert by_key[record.key].pop(0) == (record.value, record.timestamp)
    assert not any(by_key.values())


def test_a_broker_that_is_not_there_is_named_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bootstrap = f"127.0.0.1:{probe.getsockname()[1]}"

    with pytest.raises(ReplayError, match=rf"^topic orders at {bootstrap}: "):
        produce(bootstrap, "orders", [Record(1493596800000, "1", b"{}", "placed")], timeout_seconds=0.5)
