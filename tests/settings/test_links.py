"""The links to other clouds: subnets and proposals of each, for itself."""

from __future__ import annotations

from typing import Any

import pytest

import settings
from tests.settings.given import data_of, problems_of, raw_of, to


def _with(changes: dict[str, Any]) -> dict[str, Any]:
    raw = raw_of("prod")
    for path, value in changes.items():
        to(path, value)(raw)
    return raw


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"links.gcp.subnets.analytics": "10.64.0.0/30"}, "Google's subnets have /29 at least"),
        (
            {"links.gcp.subnets.Big-Query": "10.65.0.0/20"},
            "a subnet's name is one to twenty small letters",
        ),
        (
            {"links.azure.subnets.runtime": "10.96.16.0/27"},
            'novaretail:links.azure.subnets.runtime = "10.96.16.0/27": it is not inside the virtual network',
        ),
        ({"links.azure.subnets.gateway": "10.96.0.0/28"}, "it needs /27 or more (Azure keeps five addresses"),
        ({"links.azure.subnets.endpoints": "10.96.1.0/28"}, "it overlaps subnets.runtime (10.96.1.0/27)"),
        (
            {"links.azure.ike.group": 15},
            "novaretail:links.azure.ike.group = 15: Azure does not offer it, and AWS would. "
            "Take one that AWS and Azure both offer: 14, 19, 20, 24.",
        ),
        (
            {"links.azure.esp.integrity": "sha384"},
            "Azure does not offer it, and AWS would. Take one that AWS and Azure both offer: sha256.",
        ),
        ({"links.gcp.esp.group": 17}, "Google Cloud does not offer it, and AWS would."),
        ({"links.gcp.esp.integrity": "sha384"}, "Take one that AWS and Google Cloud both offer: sha256, sha512."),
        ({"links.gcp.ike.group": 2}, "novaretail:links.gcp.ike.group = 2: input should be 14, 15, 16"),
        ({"links.azure.tunnels": [["169.254.21.0/30", "169.254.22.0/30"]]}, "novaretail:links.azure.tunnels"),
        ({"links.azure.gateway_sku": "VpnGw2"}, "input should be 'VpnGw1AZ', 'VpnGw2AZ'"),
        ({"links.azure.log_days": 14}, "novaretail:links.azure.log_days = 14: input should be 30, 60"),
        ({"links.gcp.log_days": 42}, "novaretail:links.gcp.log_days = 42: input should be 1, 3"),
    ],
)
def test_what_is_wrong_with_a_link_is_named_with_value_rule_and_way_out(changes: dict[str, Any], expected: str) -> None:
    problems = problems_of(_with(changes))
    assert len(problems) == 1, problems
    assert expected in problems[0]


def test_galois_counter_mode_brings_its_own_integrity() -> None:
    esp = {"encryption": "aes256-gcm", "integrity": "sha512", "group": 20}
    config = data_of(_with({"links.azure.esp": esp, "links.gcp.esp": esp}))
    assert config.links
    assert config.links.azure


def test_a_stack_may_have_one_link_or_none() -> None:
    config = data_of(_with({"links.azure": None, "azure": None}))
    assert config.links
    assert config.links.azure is None
    tunnels = settings.AddressPlan(config.network, config.links).tunnels()
    assert list(tunnels) == ["gcp-1-1", "gcp-1-2", "gcp-2-1", "gcp-2-2"]
    assert data_of(_with({"links": None, "azure": None})).links is None
