"""A connector for each topic, which lands records as they come and keeps them through errors of the catalog."""

from __future__ import annotations

import json
import re

from tests.graphs.recording import ROOT, Recording


def _configuration(recording: Recording) -> dict[str, str]:
    return recording.one("sinks-orders").inputs["connectorConfiguration"]


def test_only_transforms_that_kafka_connect_has_are_used(data_stack: Recording) -> None:
    configuration = _configuration(data_stack)
    named = configuration["transforms"].split(",")
    kinds = {configuration[f"transforms.{name}.type"] for name in named}
    assert all(kind.startswith("org.apache.kafka.connect.transforms.") for kind in kinds)


def test_records_land_as_text_with_their_position_and_their_day(data_stack: Recording) -> None:
    configuration = _configuration(data_stack)
    assert configuration["value.converter"] == "org.apache.kafka.connect.storage.StringConverter"
    assert configuration["transforms.hoist.field"] == "value"
    fields = {value for key, value in configuration.items() if re.search(r"^transforms\.\w+\..*field$", key)}
    columns = {"value", "topic", "partition", "offset", "timestamp", "year", "month", "day"}
    assert fields == columns


def test_a_new_coordinator_reads_its_control_topic_from_the_start(data_stack: Recording) -> None:
    configuration = _configuration(data_stack)
    # Without it, rows are lost when the catalog errs: apache/iceberg 13752, 15878.
    assert configuration["iceberg.kafka.auto.offset.reset"] == "earliest"
    assert configuration["iceberg.control.topic"] == "orders.control"
    assert configuration["consumer.override.auto.offset.reset"] == "earliest"
    assert configuration["consumer.override.isolation.level"] == "read_committed"


def test_the_connector_lands_its_topic_in_its_table_and_makes_no_other(data_stack: Recording) -> None:
    configuration = _configuration(data_stack)
    assert data_stack.one("sinks-orders").inputs["name"] == "orders-to-lake"
    assert configuration["topics"] == "orders"
    assert configuration["iceberg.tables"] == "raw.orders"
    assert configuration["iceberg.tables.auto-create-enabled"] == "false"
    assert configuration["iceberg.tables.evolve-schema-enabled"] == "false"
    assert configuration["errors.deadletterqueue.topic.name"] == "orders.dlq"


def test_its_groups_and_transactions_begin_with_names_that_its_role_may_use(data_stack: Recording) -> None:
    configuration = _configuration(data_stack)
    assert configuration["iceberg.control.group-id-prefix"].startswith("connect-orders-to-lake")
    assert configuration["iceberg.coordinator.transactional.prefix"].startswith("orders-to-lake-")


def test_the_sinks_own_clients_authenticate_with_iam_where_the_cluster_does(prod: Recording, local: Recording) -> None:
    configuration = _configuration(prod)
    assert configuration["iceberg.kafka.security.protocol"] == "SASL_SSL"
    assert configuration["iceberg.kafka.sasl.mechanism"] == "AWS_MSK_IAM"
    assert configuration["iceberg.kafka.sasl.jaas.config"].startswith("software.amazon.msk.auth.iam.")
    assert configuration["iceberg.kafka.sasl.client.callback.handler.class"].startswith("software.amazon.msk.auth.iam.")
    assert configuration["iceberg.kafka.bootstrap.servers"] == prod.outputs["bootstrap"]
    connector = prod.one("sinks-orders").inputs
    assert connector["kafkaClusterClientAuthentication"] == {"authenticationType": "IAM"}
    assert connector["kafkaClusterEncryptionInTransit"] == {"encryptionType": "TLS"}
    assert not [key for key in _configuration(local) if "sasl" in key or "security.protocol" in key]
    assert local.one("sinks-orders").inputs["kafkaClusterClientAuthentication"] == {"authenticationType": "NONE"}


def test_every_value_is_text_as_kafka_connect_takes_it(data_stack: Recording) -> None:
    assert all(isinstance(value, str) for value in _configuration(data_stack).values())


def test_a_connector_waits_for_its_topics_its_table_and_its_rights(data_stack: Recording) -> None:
    waits = set(data_stack.one("sinks-orders").depends_on)
    assert {
        "streaming-orders",
        "streaming-orders-dlq",
        "streaming-orders-control",
        "catalog-raw-orders",
        "streaming-sink-orders-to-lake",
        "lake-write-orders-to-lake",
        "catalog-write-orders-to-lake",
    } <= waits


def test_a_plugin_is_the_version_of_the_jars_that_were_uploaded(data_stack: Recording) -> None:
    location = data_stack.one("sinks-plugin").inputs["location"]["s3"]
    jars = data_stack.one("artifacts-connect-lake_sink.zip").inputs
    assert location["fileKey"] == jars["key"]
    assert location["objectVersion"] == "v1"
    assert jars["source"] == {"path": "build/packages/lake_sink"}


def test_workers_scale_where_the_settings_leave_room(prod: Recording, local: Recording) -> None:
    assert prod.one("sinks-orders").inputs["capacity"]["autoscaling"]["maxWorkerCount"] == 4
    assert local.one("sinks-orders").inputs["capacity"] == {"provisionedCapacity": {"workerCount": 1, "mcuCount": 1}}


def test_the_template_has_nothing_that_depends_on_a_topic_or_an_environment() -> None:
    text = (ROOT / "bridges" / "lake_sink" / "connector.json").read_text()
    assert not re.search(r"orders|prod|local|s3://|127\.0|eu-west", text)
    assert all(isinstance(value, str) for value in json.loads(text).values())
