"""Computed outputs are unknown in a preview, and have the form of their cloud afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.clouds.provider import outputs
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.shapes import Shape
from local.clouds.provider.state import State
from local.clouds.provider.wire import UNKNOWN, Secret


@pytest.fixture
def shape(shapes: Shapes) -> Any:
    def of(token: str) -> Shape:
        found = shapes.get(token)
        assert found is not None
        return found

    return of


def test_a_preview_knows_the_arguments_and_nothing_that_is_computed(shape: Any) -> None:
    given = {"bucket": "b", "tags": {"a": "1"}, "__defaults": []}
    found = outputs.complete(shape("aws:s3/bucket:Bucket"), "", given, State(None), preview=True)

    assert found["bucket"] == "b"
    assert found["tagsAll"] == {"a": "1"}
    assert found["arn"] is UNKNOWN
    assert found["hostedZoneId"] is UNKNOWN
    assert found["region"] is UNKNOWN  # left to the provider, which will fill it in
    assert "website" in found or found.get("forceDestroy") is None  # given by nobody, computed by nobody
    assert "__defaults" not in found


def test_after_a_creation_nothing_is_unknown(shape: Any) -> None:
    found = outputs.complete(
        shape("aws:ec2/vpcEndpoint:VpcEndpoint"), "vpce-1", {"vpcId": "vpc-1"}, State(None), preview=False
    )

    assert UNKNOWN not in found.values()
    assert found["dnsEntries"][0]["dnsName"].startswith("*.vpce-1-")


def test_secret_arguments_stay_secret_among_the_outputs(shape: Any) -> None:
    given = {"type": "SecureString", "value": Secret("hunter2")}

    assert outputs.complete(shape("aws:ssm/parameter:Parameter"), "p", given, State(None), preview=False)[
        "value"
    ] == Secret("hunter2")


@pytest.mark.parametrize(
    ("token", "given", "id_form"),
    [
        ("aws:ec2/vpc:Vpc", {}, r"vpc-[0-9a-f]{17}"),
        ("aws:ec2/securityGroup:SecurityGroup", {"name": "g"}, r"sg-[0-9a-f]{17}"),
        ("aws:ec2transitgateway/transitGateway:TransitGateway", {}, r"tgw-[0-9a-f]{17}"),
        ("aws:scheduler/schedule:Schedule", {"name": "hourly"}, r"hourly"),
        ("gcp:compute/network:Network", {"name": "n", "project": "p"}, r"projects/p/global/networks/n"),
        (
            "gcp:compute/router:Router",
            {"name": "r", "region": "europe-west1"},
            r"projects/[\w-]+/regions/europe-west1/routers/r",
        ),
        ("azure-native:resources:ResourceGroup", {"resourceGroupName": "g"}, r"/subscriptions/[\w-]+/resourceGroups/g"),
        (
            "azure-native:network:VirtualNetworkGateway",
            {"resourceGroupName": "g", "virtualNetworkGatewayName": "gw"},
            r"/subscriptions/[\w-]+/resourceGroups/g/providers/Microsoft.Network/virtualNetworkGateways/gw",
        ),
        (
            "azure-native:network:Subnet",
            {"resourceGroupName": "g", "virtualNetworkName": "n", "subnetName": "s"},
            r"/subscriptions/[\w-]+/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/s",
        ),
    ],
)
def test_ids_have_the_form_of_their_cloud(shape: Any, token: str, given: dict[str, Any], id_form: str) -> None:
    assert re.fullmatch(id_form, outputs.identifier(shape(token), given))


@pytest.mark.parametrize(
    ("token", "id", "arn"),
    [
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpce-1", "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/vpce-1"),
        ("aws:scheduler/schedule:Schedule", "hourly", "arn:aws:scheduler:eu-west-1:123456789012:schedule/hourly"),
        ("aws:cloudwatch/eventRule:EventRule", "r", "arn:aws:events:eu-west-1:123456789012:rule/r"),
    ],
)
def test_arns_have_the_form_of_their_service(shape: Any, token: str, id: str, arn: str) -> None:
    assert outputs.complete(shape(token), id, {"name": id}, State(None), preview=False)["arn"] == arn


def test_a_replacement_never_gets_the_id_of_the_old_resource(shape: Any) -> None:
    vpc = shape("aws:ec2/vpc:Vpc")

    assert outputs.identifier(vpc, {}) != outputs.identifier(vpc, {})


@pytest.mark.parametrize(
    ("token", "given", "path", "form"),
    [
        (
            "aws:rds/instance:Instance",
            {"manageMasterUserPassword": True},
            ["masterUserSecrets", 0, "secretArn"],
            "rds!",
        ),
        # CloudWatch knows a replication by account and the last part of this
        ("aws:dms/replicationConfig:ReplicationConfig", {}, ["arn"], "123456789012:replication-config:"),
    ],
)
def test_what_programs_take_apart_has_its_parts(
    shape: Any, token: str, given: dict[str, Any], path: list[Any], form: str
) -> None:
    found: Any = outputs.complete(shape(token), "r", given, State(None), preview=False)
    for step in path:
        found = found[step]

    assert form in found
