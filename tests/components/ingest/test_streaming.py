"""A cluster whose records are encrypted and copied, and the topics that the contracts name."""

from __future__ import annotations

import contracts
from tests.graphs.recording import Recording

CLUSTER = "arn:aws:kafka:eu-west-1:000000000000"


def _properties(recording: Recording) -> dict[str, str]:
    text = recording.one("streaming-configuration").inputs["serverProperties"]
    return dict(line.split("=", 1) for line in text.splitlines())


def test_no_topic_is_made_by_accident_and_no_replica_that_was_behind_wins(data_stack: Recording) -> None:
    properties = _properties(data_stack)
    assert properties["auto.create.topics.enable"] == "false"
    assert properties["unclean.leader.election.enable"] == "false"


def test_a_record_that_counts_is_on_two_brokers(prod: Recording) -> None:
    assert _properties(prod)["min.insync.replicas"] == "2"
    assert _properties(prod)["default.replication.factor"] == "3"
    for topic in prod.of("msk/topic:Topic"):
        assert topic.inputs["replicationFactor"] == 3
        assert topic.json("configs")["min.insync.replicas"] == "2"


def test_clients_of_a_real_cluster_use_iam_over_tls(prod: Recording) -> None:
    cluster = prod.one("streaming-cluster").inputs
    assert cluster["clientAuthentication"] == {"sasl": {"iam": True}, "unauthenticated": False}
    assert cluster["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert prod.outputs["bootstrap"] == "b-1.iam:9098,b-2.iam:9098"


def test_the_local_cluster_is_one_broker_in_plain_text(local: Recording) -> None:
    cluster = local.one("streaming-cluster").inputs
    assert cluster["numberOfBrokerNodes"] == 1
    assert cluster["encryptionInfo"]["encryptionInTransit"]["clientBroker"] == "PLAINTEXT"
    assert local.outputs["bootstrap"] == "b-1.plain:9092"


def test_every_contract_topic_has_its_dead_letters_and_its_control_topic(data_stack: Recording) -> None:
    expected = {n for t in contracts.load().topics for n in (t.name, t.dead_letter, t.control)}
    topics = {t.inputs["name"]: t.inputs for t in data_stack.of("msk/topic:Topic")}
    assert topics.keys() == expected
    assert topics["orders"]["partitionCount"] == contracts.load().topic("orders").partitions
    # One partition: the sink's coordinator reads its events in their order.
    assert topics["orders.control"]["partitionCount"] == 1


def test_records_stay_as_long_as_the_contract_says_and_for_ever_on_the_local_platform(
    prod: Recording, local: Recording
) -> None:
    days = contracts.load().topic("orders").retention_days
    assert prod.one("streaming-orders").json("configs")["retention.ms"] == str(days * 86_400_000)
    assert local.one("streaming-orders").json("configs")["retention.ms"] == "-1"


def test_control_events_outlive_an_outage_of_the_sink(data_stack: Recording) -> None:
    assert int(data_stack.one("streaming-orders-control").json("configs")["retention.ms"]) >= 14 * 86_400_000


def test_storage_grows_and_its_growth_is_not_undone(prod: Recording, local: Recording) -> None:
    target = prod.one("streaming-storage").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (1, 2000)
    policy = prod.one("streaming-storage-policy").inputs["targetTrackingScalingPolicyConfiguration"]
    assert policy["disableScaleIn"] is True
    size = "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"
    assert prod.one("streaming-cluster").ignore_changes == [size]
    assert local.of("Target") == []


def test_a_connector_touches_its_own_topics_groups_and_transactions(data_stack: Recording) -> None:
    policy = data_stack.one("streaming-sink-orders-to-lake")
    assert policy.inputs["role"] == "access-orders-to-lake"
    allowed: dict[str, set[str]] = {}
    for statement in policy.json("policy")["Statement"]:
        for action in statement["Action"]:
            short = {
                arn.removeprefix(f"{CLUSTER}:").replace("/novaretail/0a1b-2c", "") for arn in statement["Resource"]
            }
            allowed.setdefault(action.removeprefix("kafka-cluster:"), set()).update(short)
    internal = "topic/__amazon_msk_connect_*"
    assert allowed["ReadData"] == {"topic/orders", "topic/orders.control", internal}
    assert allowed["WriteData"] == {"topic/orders.control", "topic/orders.dlq", internal}
    assert allowed["AlterGroup"] == {"group/connect-orders-to-lake*", "group/__amazon_msk_connect_*"}
    assert allowed["AlterTransactionalId"] == {"transactional-id/orders-to-lake-*"}
    assert allowed["CreateTopic"] == {internal}


def test_the_bridge_reads_shared_topics_in_its_own_groups_and_writes_none(data_stack: Recording) -> None:
    statements = data_stack.one("streaming-consume-bridge").json("policy")["Statement"]
    actions = {action for s in statements for action in s["Action"]}
    assert not [action for action in actions if "Write" in action or "Create" in action]
    groups = [s["Resource"] for s in statements if "kafka-cluster:AlterGroup" in s["Action"]]
    assert groups == [[f"{CLUSTER}:group/novaretail/0a1b-2c/pubsub-bridge-*"]]
