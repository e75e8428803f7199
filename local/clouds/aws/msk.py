"""MSK clusters that are ACTIVE and lead to the site's broker.

moto 5.2.5 leaves clusters in CREATING, forgets most of what CreateClusterV2 is given, has no
GetBootstrapBrokers, fills descriptions with placeholders and answers 500 for an unknown cluster.

The local broker has one listener without TLS or authentication. GetBootstrapBrokers names it under
every listener that the cluster's configuration opens, so a program that reads the IAM listener's
address gets one only if the cluster offers IAM.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.kafka.exceptions import NotFoundException
from moto.kafka.models import FakeKafkaCluster, KafkaBackend
from moto.kafka.responses import KafkaResponse
from moto.utilities.utils import get_partition

_PLACEHOLDERS = ("activeOperationArn", "stateInfo", "zookeeperConnectString", "zookeeperConnectStringTls")

_PROVISIONED = {
    "configurationInfo": "configuration_info",
    "encryptionInfo": "encryption_info",
    "enhancedMonitoring": "enhanced_monitoring",
    "openMonitoring": "open_monitoring",
    "loggingInfo": "logging_info",
    "clientAuthentication": "client_authentication",
}
"""What CreateClusterV2 takes for a provisioned cluster -> where moto's cluster keeps it."""


class _Clusters(dict[str, FakeKafkaCluster]):
    """Clusters by ARN; an unknown one is AWS's NotFoundException instead of a KeyError."""

    def __missing__(self, arn: str) -> FakeKafkaCluster:
        raise NotFoundException(f"The requested resource doesn't exist: {arn}")

    def pop(self, arn: str, *default: Any) -> Any:
        if not default and arn not in self:
            self.__missing__(arn)
        return super().pop(arn, *default)


def bootstrap_brokers(cluster: FakeKafkaCluster, broker: str) -> dict[str, str]:
    """GetBootstrapBrokers' answer: `broker` under each listener that the cluster's configuration opens."""
    if cluster.cluster_type == "SERVERLESS":
        return {"bootstrapBrokerStringSaslIam": broker}
    authentication = cluster.client_authentication or {}
    in_transit = (cluster.encryption_info or {}).get("encryptionInTransit") or {}
    client_broker = in_transit.get("clientBroker", "TLS")  # AWS's default
    sasl = authentication.get("sasl") or {}
    listeners: dict[str, str] = {}
    if (sasl.get("iam") or {}).get("enabled"):
        listeners["bootstrapBrokerStringSaslIam"] = broker
    if (sasl.get("scram") or {}).get("enabled"):
        listeners["bootstrapBrokerStringSaslScram"] = broker
    open_to_all = not authentication or (authentication.get("unauthenticated") or {}).get("enabled")
    mutual_tls = (authentication.get("tls") or {}).get("enabled")
    if client_broker in ("TLS", "TLS_PLAINTEXT") and (open_to_all or mutual_tls):
        listeners["bootstrapBrokerStringTls"] = broker
    if client_broker in ("PLAINTEXT", "TLS_PLAINTEXT") and open_to_all:
        listeners["bootstrapBrokerString"] = broker
    return listeners


def extend(broker: str) -> None:
    """Make moto's clusters ACTIVE, with `broker` (host:port) behind their listeners."""
    backend_init = KafkaBackend.__init__
    cluster_init = FakeKafkaCluster.__init__
    create_v2 = KafkaBackend.create_cluster_v2
    describe_v1 = KafkaBackend.describe_cluster
    describe_v2 = KafkaBackend.describe_cluster_v2

    def init_backend(self: KafkaBackend, *args: Any, **kwargs: Any) -> None:
        backend_init(self, *args, **kwargs)
        self.clusters = _Clusters()

    def init_cluster(self: FakeKafkaCluster, *args: Any, **kwargs: Any) -> None:
        cluster_init(self, *args, **{**kwargs, "state": "ACTIVE"})

    def create_cluster_v2(
        self: KafkaBackend, cluster_name: str, tags: Any, provisioned: Any, serverless: Any
    ) -> tuple[str, str, str, str]:
        created = create_v2(self, cluster_name, tags, provisioned, serverless)
        cluster = self.clusters[created[0]]
        for given, attribute in _PROVISIONED.items():
            if provisioned and given in provisioned:
                setattr(cluster, attribute, provisioned[given])
        return created

    def describe_cluster(self: KafkaBackend, cluster_arn: str) -> dict[str, Any]:
        return _without_placeholders(describe_v1(self, cluster_arn), self.clusters[cluster_arn])

    def describe_cluster_v2(self: KafkaBackend, cluster_arn: str) -> dict[str, Any]:
        information = _without_placeholders(describe_v2(self, cluster_arn), self.clusters[cluster_arn])
        if "provisioned" in information:
            _without_placeholders(information["provisioned"], self.clusters[cluster_arn])
        return information

    def get_bootstrap_brokers(self: KafkaResponse) -> str:
        path = self.parsed_url.path.split("/clusters/")[-1].removesuffix("/bootstrap-brokers")
        return json.dumps(bootstrap_brokers(self.kafka_backend.clusters[unquote(path)], broker))

    for owner, name, function in (
        (KafkaBackend, "__init__", init_backend),
        (FakeKafkaCluster, "__init__", init_cluster),
        (FakeKafkaCluster, "_generate_arn", _arn),
        (KafkaBackend, "create_cluster_v2", create_cluster_v2),
        (KafkaBackend, "describe_cluster", describe_cluster),
        (KafkaBackend, "describe_cluster_v2", describe_cluster_v2),
        (KafkaResponse, "get_bootstrap_brokers", get_bootstrap_brokers),
    ):
        setattr(owner, name, function)


def _arn(self: FakeKafkaCluster) -> str:
    """As AWS makes it: with the cluster's name before its id, which policies on topics build on."""
    return (
        f"arn:{get_partition(self.region_name)}:kafka:{self.region_name}:{self.account_id}"
        f":cluster/{self.cluster_name}/{self.cluster_id}"
    )


def _without_placeholders(description: dict[str, Any], cluster: FakeKafkaCluster) -> dict[str, Any]:
    for name in _PLACEHOLDERS:
        description.pop(name, None)
    software = description.get("currentBrokerSoftwareInfo")
    if software and not cluster.configuration_info:
        software.pop("configurationArn", None)
        software.pop("configurationRevision", None)
    return description
