"""The publisher against Google's in-memory Pub/Sub."""

from __future__ import annotations

from collections import defaultdict

import pytest
from google.cloud import pubsub_v1
from pubsub_bridge.delivery import deliver
from pubsub_bridge.google_publisher import GooglePublisher
from pubsub_bridge.ports import Message, RefusedError, UnavailableError

from local.clouds import services
from local.site import Site
from tests.bridges.pubsub.fakes import FakeFailures, order, record, routes

PROJECT = "projects/novaretail-test"
TOPIC = f"{PROJECT}/topics/orders"
SUBSCRIPTION = f"{PROJECT}/subscriptions/orders-ordered"

pytestmark = pytest.mark.platform


@pytest.fixture
def pubsub(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Pub/Sub running, with an ordered subscription on the topic."""
    services.start(site, "pubsub")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", site.pubsub_host)
    pubsub_v1.PublisherClient().create_topic(name=TOPIC)
    with pubsub_v1.SubscriberClient() as subscriber:
        subscriber.create_subscription(
            request={"name": SUBSCRIPTION, "topic": TOPIC, "enable_message_ordering": True, "ack_deadline_seconds": 60}
        )
    return site


def received() -> list[pubsub_v1.types.PubsubMessage]:
    messages = []
    with pubsub_v1.SubscriberClient() as subscriber:
        while pulled := subscriber.pull(
            request={"subscription": SUBSCRIPTION, "max_messages": 1_000}
        ).received_messages:
            messages += [one.message for one in pulled]
            subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=[one.ack_id for one in pulled])
    return messages


def test_an_ordered_subscriber_gets_every_key_in_the_order_of_its_offsets(pubsub: Site) -> None:
    log = [
        record(offset % 3, offset // 3, f"order-{offset % 9}", order(f"order-{offset % 9}")) for offset in range(600)
    ]
    publisher = GooglePublisher()
    for start in range(0, 600, 150):
        outcome = deliver(log[start : start + 150], routes(), publisher, FakeFailures(), seconds_left=lambda: 60)
        assert outcome.stops == {}

    offsets = defaultdict(list)
    for message in received():
        assert message.ordering_key.startswith("orders/")
        offsets[message.attributes["key"]].append(int(message.attributes["offset"]))
    assert sum(map(len, offsets.values())) == 600
    assert len(offsets) == 9
    assert all(arrived == sorted(arrived) for arrived in offsets.values())


def test_what_pubsub_calls_an_invalid_argument_is_refused(pubsub: Site) -> None:
    with pytest.raises(RefusedError):
        GooglePublisher().publish("", "orders/1", [Message(b"{}", {})], timeout=10)


def test_a_topic_that_is_not_there_is_no_poison(pubsub: Site) -> None:
    with pytest.raises(UnavailableError, match="NotFound"):
        GooglePublisher().publish(f"{PROJECT}/topics/none", "orders/1", [Message(b"{}", {})], timeout=10)


def test_a_pubsub_that_is_away_is_told_within_the_time_given(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", site.pubsub_host)
    with pytest.raises(UnavailableError):
        GooglePublisher().publish(TOPIC, "orders/1", [Message(b"{}", {})], timeout=1)


def test_after_an_outage_the_same_publisher_goes_on(pubsub: Site) -> None:
    publisher = GooglePublisher()
    publisher.publish(TOPIC, "orders/1", [Message(b"{}", {"n": "1"})], timeout=10)
    services.stop(pubsub, "pubsub")
    with pytest.raises(UnavailableError):
        publisher.publish(TOPIC, "orders/1", [Message(b"{}", {"n": "2"})], timeout=1)
    services.start(pubsub, "pubsub")
    pubsub_v1.PublisherClient().create_topic(name=TOPIC)  # the server keeps nothing
    publisher.publish(TOPIC, "orders/1", [Message(b"{}", {"n": "2"})], timeout=30)
