"""The VPC: its blocks, zones and AS number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "network.cidr",
            "10.0.0.0/8",
            'novaretail:network.cidr = "10.0.0.0/8": the VPC must be a private block of /16 to /24. '
            "Take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        ),
        (
            "network.cidr",
            "10.20.1.0/16",
            'novaretail:network.cidr = "10.20.1.0/16": 10.20.1.0/16 has host bits set. '
            "Give a private block of /16 to /24, such as 10.20.0.0/16.",
        ),
        (
            "network.subnets.streaming",
            ["10.20.64.0/24", "10.20.64.0/25", "10.20.66.0/24"],
            'novaretail:network.subnets.streaming[1] = "10.20.64.0/25": it overlaps subnets.streaming[0] '
            "(10.20.64.0/24). Give each subnet a block of its own.",
        ),
        (
            "network.subnets.streaming",
            ["10.99.64.0/24", "10.20.65.0/24", "10.20.66.0/24"],
            'novaretail:network.subnets.streaming[0] = "10.99.64.0/24": it is not inside the VPC 10.20.0.0/16. '
            "Take a block of the VPC.",
        ),
        (
            "network.subnets.streaming",
            ["10.20.64.0/24", "10.20.65.0/24"],
            'novaretail:network.subnets.streaming = ["10.20.64.0/24", "10.20.65.0/24"]: there are 3 zones but 2 '
            "blocks. Give one block a zone, in the order of the zones.",
        ),
        (
            "network.subnets.endpoints",
            ["10.20.72.0/28", "10.20.73.0/24", "10.20.74.0/24"],
            'novaretail:network.subnets.endpoints[0] = "10.20.72.0/28": a subnet needs /26 or more (the warehouse and '
            "the connectors take an address a unit). Take a larger block.",
        ),
        (
            "network.subnets.databases",
            ["10.20.68.0/27", "10.20.69.0/24", "10.20.70.0/24"],
            'novaretail:network.subnets.databases[0] = "10.20.68.0/27": a subnet needs /26 or more (the warehouse and '
            "the connectors take an address a unit). Take a larger block.",
        ),
        (
            "network.subnets.transit",
            ["10.20.76.0/29", "10.20.76.16/28", "10.20.76.32/28"],
            'novaretail:network.subnets.transit[0] = "10.20.76.0/29": a subnet has /28 at least (VPC quotas). '
            "Take a block of /28.",
        ),
        (
            "network.transit_asn",
            64511,
            "novaretail:network.transit_asn = 64511: a transit gateway has a private AS number that Azure does not "
            "keep for itself. Take one of 64512 to 65514 or of 4200000000 to 4294967294.",
        ),
        (
            "network.transit_asn",
            65515,
            "novaretail:network.transit_asn = 65515: a transit gateway has a private AS number that Azure does not "
            "keep for itself. Take one of 64512 to 65514 or of 4200000000 to 4294967294.",
        ),
        (
            "network.zones",
            ["eu-west-1a", "eu-west-1b", "us-east-1c"],
            'novaretail:network.zones[2] = "us-east-1c": it is no zone of eu-west-1. Name it such as eu-west-1a.',
        ),
        (
            "network.zones",
            ["eu-west-1a", "eu-west-1b", "eu-west-1b"],
            'novaretail:network.zones = ["eu-west-1a", "eu-west-1b", "eu-west-1b"]: a zone is named twice. '
            "Name each zone once.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_too_few_zones_are_named_though_their_blocks_fit() -> None:
    def two_zones(raw: dict[str, Any]) -> None:
        raw["network"]["zones"] = raw["network"]["zones"][:2]
        for blocks in raw["network"]["subnets"].values():
            del blocks[2]

    assert [p for p in changed(two_zones) if "three zones are needed" in p]
