from __future__ import annotations

from typing import Any

import pytest

from local.site import Site
from tests.local.clouds.aws.running import client

IAM = {"Sasl": {"Iam": {"Enabled": True}}}


def create(site: Site, name: str, **provisioned: Any) -> str:
    answer = client(site, "kafka").create_cluster_v2(
        ClusterName=name,
        Provisioned={
            "KafkaVersion": "3.8.x",
            "NumberOfBrokerNodes": 3,
            "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.m7g.large"},
            **provisioned,
        },
    )
    return str(answer["ClusterArn"])


def test_a_cluster_is_active_and_described_as_it_was_asked_for(site: Site) -> None:
    arn = create(site, "described", ClientAuthentication=IAM, EnhancedMonitoring="PER_BROKER")

    cluster = client(site, "kafka").describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]

    assert arn.split(":")[-1].startswith("cluster/described/")
    assert cluster["State"] == "ACTIVE"
    assert cluster["Provisioned"]["ClientAuthentication"] == IAM
    assert cluster["Provisioned"]["EnhancedMonitoring"] == "PER_BROKER"
    assert "ZookeeperConnectString" not in cluster["Provisioned"]
    assert client(site, "kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]["State"] == "ACTIVE"


@pytest.mark.parametrize(
    ("configured", "listeners"),
    [
        ({"ClientAuthentication": IAM}, {"BootstrapBrokerStringSaslIam"}),
        ({}, {"BootstrapBrokerStringTls"}),
        (
            {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}},
            {"BootstrapBrokerStringTls", "BootstrapBrokerString"},
        ),
    ],
    ids=["iam", "default", "plaintext"],
)
def test_only_listeners_that_the_cluster_opens_have_brokers(
    site: Site, request: pytest.FixtureRequest, configured: dict[str, Any], listeners: set[str]
) -> None:
    arn = create(site, f"listeners-{request.node.callspec.id}", **configured)

    answer = client(site, "kafka").get_bootstrap_brokers(ClusterArn=arn)

    answer.pop("ResponseMetadata")
    assert answer == dict.fromkeys(listeners, site.kafka_bootstrap)


def test_clusters_made_with_the_first_api_and_serverless_ones_have_brokers_too(site: Site) -> None:
    kafka = client(site, "kafka")
    first = kafka.create_cluster(
        ClusterName="first",
        KafkaVersion="3.8.x",
        NumberOfBrokerNodes=3,
        BrokerNodeGroupInfo={"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.m7g.large"},
        ClientAuthentication=IAM,
    )["ClusterArn"]
    serverless = kafka.create_cluster_v2(
        ClusterName="serverless", Serverless={"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]}
    )["ClusterArn"]

    for arn in (first, serverless):
        assert kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslIam"] == site.kafka_bootstrap


def test_an_unknown_cluster_is_not_found(site: Site) -> None:
    kafka = client(site, "kafka")
    arn = create(site, "deleted")
    kafka.delete_cluster(ClusterArn=arn)

    for ask in (kafka.describe_cluster_v2, kafka.describe_cluster, kafka.get_bootstrap_brokers, kafka.delete_cluster):
        with pytest.raises(kafka.exceptions.NotFoundException):
            ask(ClusterArn=arn)
