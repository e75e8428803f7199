"""MSK: clusters in moto, whose brokers are the site's, and topics in that Kafka.

Configurations of clusters are kept as state: the local broker has its own (`local.clouds.services`).
"""

from __future__ import annotations

import json
import time
from functools import cached_property
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from local.clouds.provider.live.base import Live, compact, tolerating
from local.clouds.provider.live.casing import pascal
from local.clouds.provider.wire import Properties

TIMEOUT_SECONDS = 30
SETTLE_SECONDS = 5
POLL_SECONDS = 0.05
_BROKERS = {
    "bootstrapBrokers": "BootstrapBrokerString",
    "bootstrapBrokersTls": "BootstrapBrokerStringTls",
    "bootstrapBrokersSaslIam": "BootstrapBrokerStringSaslIam",
    "bootstrapBrokersSaslScram": "BootstrapBrokerStringSaslScram",
}


class Cluster(Live):
    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("kafka").create_cluster(
            ClusterName=arguments["clusterName"],
            KafkaVersion=arguments["kafkaVersion"],
            NumberOfBrokerNodes=arguments["numberOfBrokerNodes"],
            BrokerNodeGroupInfo=_broker_group(arguments["brokerNodeGroupInfo"]),
            Tags=arguments.get("tags") or {},
            **compact(
                EncryptionInfo=_encryption(arguments.get("encryptionInfo")),
                ClientAuthentication=_authentication(arguments.get("clientAuthentication")),
                EnhancedMonitoring=arguments.get("enhancedMonitoring"),
            ),
        )
        return made["ClusterArn"], self._computed(made["ClusterArn"])

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("NotFoundException"):
            self.client("kafka").describe_cluster(ClusterArn=id)
            return self._computed(id)
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        return {}  # brokers, storage and monitoring of a cluster that moto only lists

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("NotFoundException"):
            self.client("kafka").delete_cluster(ClusterArn=id)

    def _computed(self, arn: str) -> Properties:
        kafka = self.client("kafka")
        brokers = kafka.get_bootstrap_brokers(ClusterArn=arn)
        return {
            "arn": arn,
            "clusterUuid": arn.rsplit("/", 1)[-1],
            "currentVersion": kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"].get("CurrentVersion", ""),
            "zookeeperConnectString": "",
            "zookeeperConnectStringTls": "",
            **{output: brokers.get(name, "") for output, name in _BROKERS.items()},
        }


class Topic(Live):
    """A topic; Kafka itself says what it refuses, such as fewer partitions than there are."""

    def identify(self, arguments: Properties) -> str | None:
        return _topic_arn(arguments)

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        topic = NewTopic(
            arguments["name"],
            num_partitions=int(arguments["partitionCount"]),
            replication_factor=int(arguments["replicationFactor"]),
            config=_configs(arguments),
        )
        self._await(self._admin.create_topics([topic]))
        self._await_known(arguments)
        arn = _topic_arn(arguments)
        return arn, {"arn": arn, "configsActual": arguments.get("configs") or "{}"}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        name = _topic(id)
        known = self._admin.list_topics(name, timeout=TIMEOUT_SECONDS).topics.get(name)
        gone = known is None or (known.error is not None and known.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART)
        return None if gone else {}

    def observe(self, id: str, outputs: Properties) -> Properties:
        own, partitions = self._now(_topic(id))
        return {"configs": json.dumps(own, sort_keys=True), "partitionCount": partitions}

    def _await_known(self, arguments: Properties) -> None:
        """Until the broker tells what it has agreed to: it does both at its own pace."""
        wanted, deadline = (_configs(arguments), int(arguments["partitionCount"])), time.monotonic() + SETTLE_SECONDS
        while self._now(arguments["name"]) != wanted and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _now(self, name: str) -> tuple[dict[str, str], int]:
        """(what is set on the topic itself, its partitions)."""
        known = self._admin.list_topics(name, timeout=TIMEOUT_SECONDS).topics.get(name)
        if known is None or known.error is not None:
            return {}, 0
        topic = ConfigResource(ResourceType.TOPIC, name)
        (answer,) = self._admin.describe_configs([topic]).values()
        own = {
            entry.name: entry.value
            for entry in answer.result(TIMEOUT_SECONDS).values()
            if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        }
        return own, len(known.partitions)

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        admin, name = self._admin, _topic(id)
        partitions = int(arguments["partitionCount"])
        if partitions != int(before["partitionCount"]):
            self._await(admin.create_partitions([NewPartitions(name, partitions)]))
        old, new = _configs(before), _configs(arguments)
        changes = [ConfigEntry(k, v, incremental_operation=AlterConfigOpType.SET) for k, v in new.items()]
        changes += [
            ConfigEntry(k, None, incremental_operation=AlterConfigOpType.DELETE) for k in old.keys() - new.keys()
        ]
        if old != new:
            resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=changes)
            self._await(admin.incremental_alter_configs([resource]))
        self._await_known(arguments)
        return {"configsActual": arguments.get("configs") or "{}"}

    def delete(self, id: str, outputs: Properties) -> None:
        try:
            self._await(self._admin.delete_topics([_topic(id)], operation_timeout=TIMEOUT_SECONDS))
        except KafkaRefusedError as error:
            if error.code != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.read(id, outputs) is not None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    @cached_property
    def _admin(self) -> AdminClient:
        """Kept: a client that is let go takes its unfinished requests with it."""
        return AdminClient(
            {"bootstrap.servers": self.site.kafka_bootstrap, "socket.timeout.ms": 10_000, "log_level": 0}
        )

    def _await(self, futures: dict[Any, Any]) -> None:
        for future in futures.values():
            try:
                future.result(TIMEOUT_SECONDS)
            except KafkaException as error:
                raise KafkaRefusedError(error.args[0]) from error


class KafkaRefusedError(RuntimeError):
    """Kafka's refusal in its own words."""

    def __init__(self, error: Any) -> None:
        super().__init__(f"Kafka: {error.name()}: {error.str()}")
        self.code: int = error.code()


def _topic_arn(arguments: Properties) -> str:
    return f"{arguments['clusterArn'].replace(':cluster/', ':topic/', 1)}/{arguments['name']}"


def _topic(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _configs(arguments: Properties) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(arguments.get("configs") or "{}").items()}


def _broker_group(given: Properties) -> dict[str, Any]:
    group = pascal({k: v for k, v in given.items() if k in ("instanceType", "clientSubnets", "securityGroups")})
    volume = ((given.get("storageInfo") or {}).get("ebsStorageInfo") or {}).get("volumeSize")
    return {
        **group,
        "BrokerAZDistribution": given.get("azDistribution") or "DEFAULT",
        **({"StorageInfo": {"EbsStorageInfo": {"VolumeSize": volume}}} if volume else {}),
    }


def _encryption(given: Properties | None) -> dict[str, Any] | None:
    if not given:
        return None
    key = given.get("encryptionAtRestKmsKeyArn")
    transit = given.get("encryptionInTransit")
    return compact(
        EncryptionAtRest={"DataVolumeKMSKeyId": key} if key else None,
        EncryptionInTransit=pascal(transit) if transit else None,
    )


def _authentication(given: Properties | None) -> dict[str, Any] | None:
    if not given:
        return None
    sasl = {name.capitalize(): {"Enabled": bool(on)} for name, on in (given.get("sasl") or {}).items()}
    open_to_all = given.get("unauthenticated")
    return compact(
        Sasl=sasl or None, Unauthenticated={"Enabled": bool(open_to_all)} if open_to_all is not None else None
    )
