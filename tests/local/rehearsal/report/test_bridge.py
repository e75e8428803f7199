"""The report finds every way in which the bridge can break its promises."""

from __future__ import annotations

import json

import boto3
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from google import pubsub_v1 as generated
from google.cloud import pubsub_v1
from google.pubsub_v1.types import PublishRequest, PubsubMessage

import contracts
from local.clouds import services
from local.rehearsal.report import bridge
from local.rehearsal.report.bridge import Arrivals, tally
from local.site import Site

KAFKA = {(0, 0): b"a", (0, 1): b"b", (0, 2): b"a", (1, 0): b"c", (1, 1): None}


def arrivals(*places: tuple[int, int], paths: tuple[str, ...] = ("order_id",)) -> Arrivals:
    return Arrivals(list(enumerate(places, 1)), set(paths))


def told(arrived: Arrivals, rejected: dict[tuple[int, int], str] | None = None) -> dict[str, object]:
    result = tally(KAFKA, arrived, rejected or {}, ["order_id"]).as_dict()
    return {name: value for name, value in result.items() if value and name not in ("produced", "rejected_by_reason")}


def test_all_in_order_is_all_received() -> None:
    assert told(arrivals((0, 0), (1, 0), (0, 1), (1, 1), (0, 2))) == {"received": 5}


def test_a_rejected_record_is_neither_received_nor_missing() -> None:
    assert told(arrivals((0, 0), (0, 2), (1, 0), (1, 1)), {(0, 1): "not_json"}) == {"received": 4, "rejected": 1}


@pytest.mark.parametrize(
    ("arrived", "rejected", "expected"),
    [
        (arrivals((0, 0), (0, 1), (1, 0), (1, 1)), {}, {"received": 4, "missing": 1}),
        (arrivals((0, 0), (0, 1), (0, 2), (0, 0), (1, 0), (1, 1)), {}, {"received": 5, "repeated": 1}),
        (arrivals((0, 2), (0, 0), (0, 1), (1, 0), (1, 1)), {}, {"received": 5, "out_of_order": 1}),
        (arrivals((0, 1), (0, 0), (0, 2), (1, 1), (1, 0)), {}, {"received": 5}),
        (arrivals(*KAFKA, (7, 7)), {}, {"received": 5, "unexpected": 1}),
        (arrivals(*KAFKA), {(0, 0): "refused"}, {"received": 5, "rejected": 1, "unexpected": 1}),
        (arrivals(*KAFKA, paths=("order_id", "customer_id")), {}, {"received": 5, "unshared": ["customer_id"]}),
    ],
    ids=["missing", "repeated", "order of a key", "order of other keys", "from nowhere", "in both", "leaked"],
)
def test_what_goes_wrong_is_counted(
    arrived: Arrivals, rejected: dict[tuple[int, int], str], expected: dict[str, object]
) -> None:
    assert told(arrived, rejected) == expected


def test_the_order_is_that_of_publishing_not_of_pulling() -> None:
    pulled = arrivals((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))
    pulled.messages.reverse()
    assert told(pulled) == {"received": 5}


@pytest.mark.platform
@pytest.mark.parametrize("watched", [True, False], ids=["watched", "at the end"])
def test_on_real_servers_every_record_is_found_where_it_is(
    site: Site, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    for name in ("aws", "kafka", "pubsub"):
        services.start(site, name)
    for name, value in site.environment().items():
        monkeypatch.setenv(name, value)
    queue = boto3.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    monkeypatch.setattr(bridge, "_project", lambda *_: "p")
    outputs = {"function": "f", "failures": queue, "pubsub_subscriptions": {"orders": "orders-analytics"}}
    publisher = pubsub_v1.PublisherClient()
    publisher.create_topic(name="projects/p/topics/orders")
    with pubsub_v1.SubscriberClient() as subscriber:
        subscriber.create_subscription(
            request={
                "name": "projects/p/subscriptions/orders-analytics",
                "topic": "projects/p/topics/orders",
                "enable_message_ordering": True,
            }
        )
    data = contracts.load()
    watches = bridge.watch(site, data, outputs) if watched else {}
    admin = AdminClient({"bootstrap.servers": site.kafka_bootstrap})
    admin.create_topics([NewTopic("orders", 1, 1)])["orders"].result()
    producer = Producer({"bootstrap.servers": site.kafka_bootstrap})
    for number in range(30):
        producer.produce("orders", b"{}", f"key-{number % 3}")
    producer.flush()
    for offset in (*range(20), 5, 22, 21):  # one again, two the wrong way round of different keys, the rest not at all
        message = PubsubMessage(
            data=b'{"order_id":"1"}',
            ordering_key="orders/1",
            attributes={"partition": "0", "offset": str(offset)},
        )
        generated.PublisherClient.publish(
            publisher, PublishRequest(topic="projects/p/topics/orders", messages=[message])
        )
    for offset in range(25, 30):
        body = {"topic": "orders", "partition": 0, "offset": offset, "reason": "not_json"}
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))

    told = bridge.tally_topics(site, data, outputs, watches)["orders"]
    assert told == {
        "produced": 30,
        "received": 22,
        "rejected": 5,
        "rejected_by_reason": {"not_json": 5},
        "missing": 3,
        "repeated": 1,
        "out_of_order": 0,
        "unexpected": 0,
        "unshared": [],
    }
    assert len(bridge.read_failures(site, queue)["orders"]) == 5, "the queue holds them still"
