"""A change is found where it is, and classed as update or replacement."""

from __future__ import annotations

from typing import Any

import pytest

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.diff import diff, equal
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.names import DEFAULTS
from local.clouds.provider.wire import UNKNOWN, Secret

BUCKET = "aws:s3/bucket:Bucket"
TOPIC = "aws:msk/topic:Topic"


@pytest.fixture
def changes(shapes: Shapes) -> Any:
    def of(token: str, before: dict[str, Any], after: dict[str, Any], ignored: tuple[str, ...] = ()) -> Any:
        found = diff(shapes.get(token), before, after, ignored)
        return [(c.path, c.kind, c.replaces) for c in found.changes]

    return of


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (Secret("s"), "s"),
        ({"a": None}, {}),
        ([{"a": Secret(1)}], [{"a": 1.0, "b": None}]),
        (Asset("same", text="x"), Asset("same", path="other/way.py")),
    ],
)
def test_values_that_mean_the_same_are_no_change(left: object, right: object) -> None:
    assert equal(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (0, False),
        ("1", 1),
        ([1], [1, 2]),
        (Asset("a"), Asset("b")),
        (Asset("a"), Archive("a")),
        ("x", UNKNOWN),
    ],
)
def test_values_that_differ_are_a_change(left: object, right: object) -> None:
    assert not equal(left, right)


def test_changes_are_found_at_their_path(changes: Any) -> None:
    before = {"tags": {"a": "1", "b.c": "2"}, "lifecycleRules": [{"id": "x", "enabled": True}]}
    after = {"tags": {"b.c": "3", "d": "4"}, "lifecycleRules": [{"id": "x", "enabled": False}, {"id": "y"}]}

    assert changes(BUCKET, before, after) == [
        ("lifecycleRules[0].enabled", "UPDATE", False),
        ("lifecycleRules[1]", "ADD", False),
        ("tags.a", "DELETE", False),
        ('tags["b.c"]', "UPDATE", False),
        ("tags.d", "ADD", False),
    ]


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        (("tags",), []),
        (("tags.a",), ["tags.b"]),
        (('tags["a"]', "tags.b"), []),
        (("tags.*",), []),
        (("tags.a.deeper",), ["tags.a", "tags.b"]),
    ],
)
def test_ignored_paths_hide_what_is_at_or_below_them(changes: Any, ignored: tuple[str, ...], left: list[str]) -> None:
    found = changes(BUCKET, {"tags": {"a": "1", "b": "1"}}, {"tags": {"a": "2", "b": "2"}}, ignored)

    assert [path for path, _, _ in found] == left


def test_a_changed_secret_does_not_tell_its_parts(changes: Any) -> None:
    assert changes(BUCKET, {"tags": Secret({"a": 1})}, {"tags": Secret({"a": 2})}) == [("tags", "UPDATE", False)]


@pytest.mark.parametrize(
    ("token", "argument", "replaces"),
    [
        (BUCKET, "bucket", True),
        (BUCKET, "forceDestroy", False),
        (TOPIC, "name", True),
        (TOPIC, "partitionCount", False),
        ("aws:lambda/layerVersion:LayerVersion", "description", True),
        ("aws:glue/catalogTable:CatalogTable", "openTableFormatInput", True),
        ("aws:glue/catalogTable:CatalogTable", "description", False),
        ("gcp:pubsub/subscription:Subscription", "filter", True),
        ("gcp:pubsub/topic:Topic", "project", True),
        ("azure-native:network:VirtualNetworkGateway", "virtualNetworkGatewayName", True),
        ("azure-native:network:VirtualNetworkGateway", "tags", False),
        ("azure-native:network:VirtualNetworkGatewayConnection", "sharedKey", False),
        ("azure-native:network:LocalNetworkGateway", "gatewayIpAddress", False),
        ("azure-native:network:PublicIPAddress", "sku", True),
        ("azure-native:network:Subnet", "virtualNetworkName", True),
        ("azure-native:network:Subnet", "networkSecurityGroup", False),
        ("aws:ec2/customerGateway:CustomerGateway", "ipAddress", True),
        ("aws:ec2/vpnConnection:VpnConnection", "customerGatewayId", False),
        ("aws:ec2/vpnConnection:VpnConnection", "tunnel1PresharedKey", False),
        ("aws:ec2/vpnConnection:VpnConnection", "tunnel2InsideCidr", True),
        ("aws:ec2/vpnConnection:VpnConnection", "staticRoutesOnly", True),
        ("aws:ec2transitgateway/route:Route", "destinationCidrBlock", True),
    ],
)
def test_replacing_arguments_are_those_of_the_real_providers(
    changes: Any, token: str, argument: str, replaces: bool
) -> None:
    assert changes(token, {argument: "a"}, {argument: "b"}) == [(argument, "UPDATE", replaces)]


@pytest.mark.parametrize(
    ("argument", "replaces"), [("clientSubnets", True), ("instanceType", False), ("storageInfo", False)]
)
def test_a_part_of_an_argument_may_replace_while_the_others_do_not(changes: Any, argument: str, replaces: bool) -> None:
    before, after = {"brokerNodeGroupInfo": {argument: ["a"]}}, {"brokerNodeGroupInfo": {argument: ["b"]}}
    path = f"brokerNodeGroupInfo.{argument}[0]"
    assert changes("aws:msk/cluster:Cluster", before, after) == [(path, "UPDATE", replaces)]


def test_a_resource_with_a_fixed_name_goes_before_its_replacement_comes(shapes: Shapes) -> None:
    fixed = diff(shapes.get(TOPIC), {"name": "t", "clusterArn": "a"}, {"name": "t", "clusterArn": "b"})
    renamed = diff(shapes.get(TOPIC), {"name": "t"}, {"name": "u"})
    automatic = diff(
        shapes.get("aws:iam/policy:Policy"),
        {"name": "p-1234567", "description": "a", DEFAULTS: ["name"]},
        {"name": "p-1234567", "description": "b", DEFAULTS: ["name"]},
    )

    assert fixed.delete_before_replace
    assert not renamed.delete_before_replace
    assert automatic.replacing == ["description"]
    assert not automatic.delete_before_replace
