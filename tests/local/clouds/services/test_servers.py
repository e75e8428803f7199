"""The real servers start, do what they are there for, and stop."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import closing

import grpc
import psutil
import psycopg2
import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from local.clouds import services
from local.clouds.services import postgres
from local.clouds.services.connect import plugin_folder
from local.site import Site
from local.toolchain.archives import JARS

pytestmark = pytest.mark.platform


def publish(site: Site, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": site.kafka_bootstrap, "message.timeout.ms": 10000, "log_level": 0})
    errors: list[object] = []
    producer.produce(topic, key=b"1", value=value, on_delivery=lambda error, _: errors.append(error))
    producer.flush(15)
    assert errors == [None]


def read(site: Site, topic: str) -> list[bytes | None]:
    consumer = Consumer(
        {"bootstrap.servers": site.kafka_bootstrap, "group.id": "test", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    try:
        messages = consumer.consume(num_messages=1, timeout=20)
        return [message.value() for message in messages]
    finally:
        consumer.close()


def test_kafka_takes_messages_keeps_them_over_a_restart_and_makes_no_topic_by_itself(site: Site) -> None:
    services.start(site, "kafka")
    admin = AdminClient({"bootstrap.servers": site.kafka_bootstrap})
    admin.create_topics([NewTopic("orders", 1, 1)])["orders"].result(timeout=20)
    publish(site, "orders", b"placed")

    services.restart(site, "kafka")

    assert read(site, "orders") == [b"placed"]
    asked = admin.list_topics("orders-misspelt", timeout=10).topics["orders-misspelt"]
    assert asked.error is not None
    assert asked.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    services.check(site)


def test_the_connect_worker_offers_the_iceberg_sink_and_keeps_its_settings_over_a_restart(site: Site) -> None:
    services.start(site, "kafka")
    plugin_folder(site).mkdir(parents=True)
    (plugin_folder(site) / "lake-sink").symlink_to(JARS / "lake_sink")
    services.start(site, "connect", worker={"offset.flush.interval.ms": "1500"})

    services.restart(site, "connect")

    with urllib.request.urlopen(f"{site.connect_url}/connector-plugins", timeout=10) as answer:
        plugins = {plugin["class"]: plugin["version"] for plugin in json.load(answer)}
    assert plugins["org.apache.iceberg.connect.IcebergSinkConnector"] == "1.10.1"
    settings = (site.state / "connect" / "worker.properties").read_text().splitlines()
    assert "offset.flush.interval.ms=1500" in settings


def test_pubsub_delivers_what_was_published(site: Site) -> None:
    services.start(site, "pubsub")
    channel = grpc.insecure_channel(site.pubsub_host)
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    topic, subscription = "projects/local/topics/orders", "projects/local/subscriptions/orders"
    publisher.create_topic(name=topic)
    subscriber.create_subscription(name=subscription, topic=topic)

    publisher.publish(topic, b"placed", offset="7").result(timeout=10)

    received = subscriber.pull(subscription=subscription, max_messages=1, timeout=10).received_messages
    assert [(item.message.data, dict(item.message.attributes)) for item in received] == [(b"placed", {"offset": "7"})]


def test_postgres_keeps_its_data_over_a_restart_that_makes_it_replicate(site: Site) -> None:
    def ask(query: str) -> object:
        with closing(psycopg2.connect(postgres.dsn(site))) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            connection.commit()
            return cursor.fetchone()[0] if cursor.description else None

    services.start(site, "postgres")
    assert ask("SHOW wal_level") == "replica"
    assert ask("SHOW server_encoding") == "UTF8"
    assert ask("SHOW listen_addresses") == "127.0.0.1"
    ask("CREATE TABLE kept AS SELECT 1 AS n")

    services.restart(site, "postgres", parameters={"wal_level": "logical"})

    assert ask("SHOW wal_level") == "logical"
    assert ask("SELECT n FROM kept") == 1
    assert ask("SELECT slot_name FROM pg_create_logical_replication_slot('changes', 'pgoutput')") == "changes"


def test_postgres_never_runs_as_root_and_stops_with_clients_connected(site: Site) -> None:
    services.start(site, "postgres")
    (pid,) = (status.pid for status in services.status(site) if status.name == "postgres")
    assert psutil.Process(pid).uids().effective != 0

    with closing(psycopg2.connect(postgres.dsn(site))):
        began = time.monotonic()
        services.stop(site, "postgres")

    assert time.monotonic() - began < 10
    assert "database system is shut down" in (site.logs / "postgres.log").read_text()
