"""Types that live in Kafka, Kafka Connect and Pub/Sub, against the site's own servers."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from google.api_core.exceptions import AlreadyExists, InvalidArgument

import contracts
from local.clouds import services
from local.clouds.provider.live import Clients, Live
from local.clouds.provider.live.connect import ConnectError, Connector, parse_properties, worker_file
from local.clouds.provider.live.msk import KafkaRefusedError
from local.clouds.provider.types import live_class
from local.clouds.services.connect import plugin_folder, settings_file
from local.clouds.services.supervisor import Status
from local.site import Site

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/novaretail-local/1234"
MakeLive = Callable[[str], Live]


@pytest.fixture
def live_on(site: Site, tmp_path: Path) -> MakeLive:
    """Makes a live type on a site of the test's own."""
    return lambda token: live_class(token)(site, tmp_path, Clients(site))


@pytest.fixture
def pubsub(site: Site, live_on: MakeLive) -> MakeLive:
    services.start(site, "pubsub")
    return live_on


@pytest.fixture
def kafka(site: Site, live_on: MakeLive) -> MakeLive:
    services.start(site, "kafka")
    return live_on


@pytest.mark.platform
def test_a_topic_has_the_partitions_and_settings_of_the_program(kafka: MakeLive, site: Site) -> None:
    topics = kafka("aws:msk/topic:Topic")
    arguments = {
        "name": "orders",
        "clusterArn": CLUSTER,
        "partitionCount": 4,
        "replicationFactor": 1,
        "configs": json.dumps({"retention.ms": "-1", "cleanup.policy": "delete"}),
    }
    id, _ = topics.create(arguments)
    admin = AdminClient({"bootstrap.servers": site.kafka_bootstrap})

    def setting(name: str) -> str:
        resource = ConfigResource(ResourceType.TOPIC, "orders")
        return str(admin.describe_configs([resource])[resource].result()[name].value)

    assert id == "arn:aws:kafka:eu-west-1:123456789012:topic/novaretail-local/1234/orders"
    assert len(admin.list_topics("orders").topics["orders"].partitions) == 4
    assert setting("retention.ms") == "-1"

    topics.update(
        id, arguments, {**arguments, "partitionCount": 6, "configs": json.dumps({"max.message.bytes": 2000000})}
    )

    assert len(admin.list_topics("orders").topics["orders"].partitions) == 6
    assert setting("max.message.bytes") == "2000000"
    assert setting("retention.ms") == "604800000"  # no longer in the program, so back at the broker's

    assert topics.observe(id, {}) == {"configs": '{"max.message.bytes": "2000000"}', "partitionCount": 6}
    by_hand = [ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)]
    changed = admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, "orders", incremental_configs=by_hand)]
    )
    assert [future.result(10) for future in changed.values()] == [None]
    deadline = time.monotonic() + 10
    while "retention.ms" not in topics.observe(id, {})["configs"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    with pytest.raises(KafkaRefusedError, match="INVALID_PARTITIONS"):
        topics.update(id, {**arguments, "partitionCount": 6}, {**arguments, "partitionCount": 2})
    with pytest.raises(KafkaRefusedError, match="TOPIC_ALREADY_EXISTS"):
        topics.create(arguments)

    topics.delete(id, {})

    assert topics.read(id, {}) is None
    topics.delete(id, {})


@pytest.mark.platform
def test_what_connect_refuses_is_told_in_its_words(kafka: MakeLive, site: Site) -> None:
    plugin_folder(site).joinpath("empty").mkdir(parents=True)
    connectors = kafka("aws:mskconnect/connector:Connector")
    arguments = {
        "name": "orders-to-nowhere",
        "connectorConfiguration": {"connector.class": "org.example.NoSuchConnector", "topics": "orders"},
        "plugins": [{"customPlugin": {"arn": "arn:aws:kafkaconnect:eu-west-1:1:custom-plugin/empty/1-2"}}],
    }

    assert connectors.read("arn:aws:kafkaconnect:eu-west-1:1:connector/orders-to-nowhere/1-2", {}) is None
    with pytest.raises(ConnectError, match=r"Failed to find any class.*org\.example\.NoSuchConnector"):
        connectors.create(arguments)
    connectors.delete("arn:aws:kafkaconnect:eu-west-1:1:connector/orders-to-nowhere/1-2", {})


@pytest.mark.platform
def test_a_subscription_of_pubsub_is_as_the_program_says(pubsub: MakeLive) -> None:
    topics, subscriptions = pubsub("gcp:pubsub/topic:Topic"), pubsub("gcp:pubsub/subscription:Subscription")
    topic, _ = topics.create({"name": "orders", "project": "p", "labels": {"a": "b"}})
    dead, _ = topics.create({"name": "orders-dead-letter", "project": "p"})
    arguments: dict[str, Any] = {
        "name": "orders-analytics",
        "project": "p",
        "topic": "orders",
        "enableMessageOrdering": True,
        "ackDeadlineSeconds": 60,
        "messageRetentionDuration": "604800s",
        "deadLetterPolicy": {"deadLetterTopic": dead, "maxDeliveryAttempts": 5},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
    }
    id, _ = subscriptions.create(arguments)
    found = subscriptions.subscriber.get_subscription(subscription=id)  # type: ignore[attr-defined]

    assert (topic, id) == ("projects/p/topics/orders", "projects/p/subscriptions/orders-analytics")
    assert (found.topic, found.enable_message_ordering, found.ack_deadline_seconds) == (topic, True, 60)
    assert found.dead_letter_policy.max_delivery_attempts == 5

    subscriptions.update(id, arguments, {**arguments, "ackDeadlineSeconds": 30})

    assert subscriptions.subscriber.get_subscription(subscription=id).ack_deadline_seconds == 30  # type: ignore[attr-defined]
    with pytest.raises(AlreadyExists):
        topics.create({"name": "orders", "project": "p"})
    with pytest.raises(InvalidArgument):
        subscriptions.create({**arguments, "name": "filtered", "filter": "this is no filter"})

    for kind, resource in ((subscriptions, id), (topics, topic), (topics, dead)):
        assert kind.read(resource, {}) == {}
        kind.delete(resource, {})
        assert kind.read(resource, {}) is None
        kind.delete(resource, {})


@pytest.mark.platform
def test_a_schema_of_pubsub_comes_and_goes(pubsub: MakeLive) -> None:
    schemas = pubsub("gcp:pubsub/schema:Schema")
    definition = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]})
    id, _ = schemas.create({"name": "orders", "project": "p", "type": "AVRO", "definition": definition})

    assert id == "projects/p/schemas/orders"
    assert schemas.read(id, {}) == {}

    schemas.delete(id, {})

    assert schemas.read(id, {}) is None


def test_a_topic_with_a_schema_and_a_key_takes_messages_and_its_schema_gets_a_revision(pubsub: MakeLive) -> None:
    schemas, topics = pubsub("gcp:pubsub/schema:Schema"), pubsub("gcp:pubsub/topic:Topic")
    topic = contracts.load().topic("orders")
    arguments = {
        "name": "orders",
        "project": "p",
        "type": "PROTOCOL_BUFFER",
        "definition": contracts.schema_definition(topic),
    }
    schema, made = schemas.create(arguments)
    held, _ = topics.create(
        {
            "name": "held",
            "project": "p",
            "kmsKeyName": "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k",
            "schemaSettings": {"schema": schema, "encoding": "JSON"},
            "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west1"], "enforceInTransit": True},
        }
    )
    publisher = topics.publisher  # type: ignore[attr-defined]
    found = publisher.get_topic(topic=held).schema_settings
    assert (found.schema, found.encoding.name) == (schema, "JSON")
    assert publisher.publish(topic=held, messages=[{"data": b'{"order_id":"1"}'}]).message_ids

    changed = {**arguments, "definition": arguments["definition"].replace("country", "land")}
    again = schemas.update(schema, arguments, changed)
    assert again["revisionId"] != made["revisionId"]
    assert publisher.get_topic(topic=held).schema_settings.schema == schema, "the topic stays as it is"


def test_a_plugin_is_unpacked_and_replaces_the_earlier_one_of_the_same_object(
    live: MakeLive, client: Callable[[str], Any], aws_site: Site
) -> None:
    s3, plugins = client("s3"), live("aws:mskconnect/customPlugin:CustomPlugin")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def plugin(name: str, jar: str) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(jar, "jar")
        s3.put_object(Bucket="code", Key="connect/lake_sink.zip", Body=packed.getvalue())
        place = {"bucketArn": "arn:aws:s3:::code", "fileKey": "connect/lake_sink.zip"}
        return plugins.create({"name": name, "contentType": "ZIP", "location": {"s3": place}})[0]

    first, second = plugin("sink-1", "sink-1.0.jar"), plugin("sink-2", "sink-2.0.jar")
    jars = {jar.relative_to(plugin_folder(aws_site)).as_posix() for jar in plugin_folder(aws_site).glob("*/*.jar")}

    assert jars == {"sink-2/sink-2.0.jar"}
    assert plugins.read(first, {}) is None
    plugins.delete(first, {})
    plugins.delete(second, {})
    assert plugins.read(second, {}) is None


def test_a_worker_configuration_is_kept_for_the_connector(live: MakeLive, aws_site: Site) -> None:
    workers = live("aws:mskconnect/workerConfiguration:WorkerConfiguration")
    text = "# converters\nkey.converter=org.x.String\n\noffset.flush.interval.ms = 1000\n"
    id, computed = workers.create({"name": "sinks", "propertiesFileContent": text})

    assert computed["latestRevision"] == 1
    assert parse_properties(worker_file(aws_site.state, id).read_text()) == {
        "key.converter": "org.x.String",
        "offset.flush.interval.ms": "1000",
    }

    workers.delete(id, {})

    assert workers.read(id, {}) is None


def test_a_statement_runs_in_the_warehouse_and_is_gone_when_the_account_is_new(
    live: MakeLive, client: Callable[[str], Any], aws_site: Site
) -> None:
    from local.clouds.warehouse import Warehouse

    namespaces, statements = (
        live("aws:redshiftserverless/namespace:Namespace"),
        live("aws:redshiftdata/statement:Statement"),
    )
    namespace, _ = namespaces.create({"namespaceName": "novaretail-local", "adminUsername": "admin"})
    sql = (
        "CREATE EXTERNAL SCHEMA curated FROM DATA CATALOG DATABASE 'curated' "
        "IAM_ROLE 'arn:aws:iam::123456789012:role/redshift'"
    )
    id, _ = statements.create({"database": "novaretail", "workgroupName": "novaretail-local", "sql": sql})

    def schemas() -> list[Any]:
        return [row[0] for row in Warehouse(aws_site).execute("SELECT schemaname FROM svv_external_schemas").rows]

    assert schemas() == ["curated"]
    assert statements.read(id, {}) == {}
    assert statements.read("00000000-0000-0000-0000-000000000000", {}) is None

    namespaces.delete(namespace, {})

    assert schemas() == []


def test_connectors_made_at_the_same_time_share_the_worker_that_the_first_one_started(
    site: Site, live_on: MakeLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = plugin_folder(site) / "sink"
    plugin.mkdir(parents=True)
    started = settings_file(site)
    started.write_text("")
    calls = []
    # A process says when it began to the second only: up to a second too early.
    early = plugin.stat().st_ctime - 0.9
    status = [Status("connect", "running", 1, early, site.logs / "connect.log")]
    monkeypatch.setattr(services, "status", lambda site: status)
    monkeypatch.setattr(services, "start", lambda *_, **__: calls.append("start"))
    monkeypatch.setattr(services, "restart", lambda *_, **__: calls.append("restart"))
    connector = live_on("aws:mskconnect/connector:Connector")
    assert isinstance(connector, Connector)
    arguments = {"plugins": [{"customPlugin": {"arn": "arn:aws:kafkaconnect:eu-west-1:1:custom-plugin/sink/1-2"}}]}

    connector._ensure_worker(arguments)
    os.utime(started, (started.stat().st_atime, plugin.stat().st_ctime - 60))
    connector._ensure_worker(arguments)

    assert calls == ["start", "restart"]
