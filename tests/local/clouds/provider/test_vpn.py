"""What the clouds decide about a VPN has their form, is never given twice, and its keys are secret."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.resources import Resources
from local.clouds.provider.state import State
from local.clouds.provider.types import vpn
from local.clouds.provider.wire import UNKNOWN, Secret
from local.site import Site

CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
AZURE_ADDRESS = "azure-native:network:PublicIPAddress"
GOOGLE_GATEWAY = "gcp:compute/haVpnGateway:HaVpnGateway"
ARGUMENTS = {"customerGatewayId": "cgw-1", "type": "ipsec.1", "transitGatewayId": "tgw-1"}


@pytest.fixture
def resources(tmp_path: Path, shapes: Shapes) -> Resources:
    return Resources(Site(state=tmp_path), tmp_path, State(None), shapes, live=False)


@pytest.fixture
def make(resources: Resources) -> Callable[..., dict[str, Any]]:
    def create(token: str, name: str = "r", **arguments: Any) -> dict[str, Any]:
        return resources.create(token, f"urn:pulumi:local::n::{token}::{name}", arguments, preview=False)[1]

    return create


def test_a_vpn_connection_has_what_aws_decides(resources: Resources, make: Callable[..., dict[str, Any]]) -> None:
    gateway, _ = resources.create(TRANSIT_GATEWAY, "urn:pulumi:l::n::t::t", {"amazonSideAsn": 64520}, preview=False)
    made = make(CONNECTION, **{**ARGUMENTS, "transitGatewayId": gateway, "tunnel1InsideCidr": "169.254.21.4/30"})

    assert made["tunnel1VgwInsideAddress"] == "169.254.21.5"
    assert made["tunnel1CgwInsideAddress"] == "169.254.21.6"
    assert made["tunnel1BgpAsn"] == "64520"
    assert made["tunnel1BgpHoldtime"] == 30
    assert made["tunnel1Address"] != made["tunnel2Address"]
    assert re.fullmatch(r"tgw-attach-[0-9a-f]{17}", made["transitGatewayAttachmentId"])
    assert re.fullmatch(r"169\.254\.[67]\.\d+/30", made["tunnel2InsideCidr"])  # left to AWS


def test_a_key_that_aws_makes_is_secret_and_no_other_tunnel_has_it(make: Callable[..., dict[str, Any]]) -> None:
    keys = [make(CONNECTION, **ARGUMENTS)[f"tunnel{number}PresharedKey"] for number in (1, 2, 1, 2)]

    assert all(isinstance(key, Secret) for key in keys)
    assert len({key.value for key in keys}) == 4
    assert all(re.fullmatch(r"[A-Za-z1-9][A-Za-z0-9._]{31}", key.value) for key in keys)


def test_a_key_that_the_program_gives_stays(make: Callable[..., dict[str, Any]]) -> None:
    made = make(CONNECTION, **ARGUMENTS, tunnel2PresharedKey=Secret("chosen.by_hand"))

    assert made["tunnel2PresharedKey"] == Secret("chosen.by_hand")
    assert made["tunnel1PresharedKey"] != made["tunnel2PresharedKey"]


def test_no_two_outside_addresses_are_alike(make: Callable[..., dict[str, Any]]) -> None:
    seen = []
    for number in range(60):
        connection = make(CONNECTION, **ARGUMENTS)
        seen += [connection["tunnel1Address"], connection["tunnel2Address"]]
        group = {"resourceGroupName": "g", "publicIpAddressName": f"ip-{number}"}
        seen.append(make(AZURE_ADDRESS, **group)["ipAddress"])
        interfaces = make(GOOGLE_GATEWAY, network="n", region="europe-west1", name=f"gw-{number}")["vpnInterfaces"]
        assert [interface["id"] for interface in interfaces] == [0, 1]
        seen += [interface["ipAddress"] for interface in interfaces]

    assert len(set(seen)) == 300
    assert all(address.rsplit(".", 1)[0] in ("192.0.2", "198.51.100", "203.0.113") for address in seen)


def test_an_address_is_free_again_once_its_resource_is_gone() -> None:
    state = State(None)
    assert state.claim("one", 0, ["192.0.2.1", "192.0.2.2"]) == "192.0.2.1"
    assert state.claim("one", 0, ["192.0.2.2"]) == "192.0.2.1"  # it has one
    assert state.claim("two", 0, ["192.0.2.1", "192.0.2.2"]) == "192.0.2.2"
    with pytest.raises(ValueError, match="no free address left for three"):
        state.claim("three", 0, ["192.0.2.1", "192.0.2.2"])

    state.remove(AZURE_ADDRESS, "one")

    assert state.claim("three", 0, ["192.0.2.1", "192.0.2.2"]) == "192.0.2.1"


def test_a_creation_for_which_no_address_is_left_leaves_nothing(
    resources: Resources, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vpn, "NETWORKS", (ipaddress.IPv4Network("192.0.2.0/30"),))
    make(CONNECTION, **ARGUMENTS)
    urn = f"urn:pulumi:local::n::{AZURE_ADDRESS}::r"

    with pytest.raises(ValueError, match="no free address left"):
        resources.create(AZURE_ADDRESS, urn, {"resourceGroupName": "g", "publicIpAddressName": "ip"}, preview=False)

    assert not resources._state.begin(urn, AZURE_ADDRESS)  # no attempt that never ended


def test_what_was_decided_once_stays_when_the_resource_changes(resources: Resources) -> None:
    urn = f"urn:pulumi:local::n::{CONNECTION}::r"
    id, before = resources.create(CONNECTION, urn, {**ARGUMENTS}, preview=False)
    after = resources.update(CONNECTION, id, urn, before, {**ARGUMENTS, "tags": {"a": "b"}}, preview=False)

    names = [name for name in before if re.match(r"tunnel\d(Address|PresharedKey|.*Inside.*)", name)]
    assert len(names) >= 10
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_a_preview_does_not_know_what_the_cloud_will_decide(resources: Resources) -> None:
    urn = f"urn:pulumi:local::n::{AZURE_ADDRESS}::r"
    planned = resources.create(AZURE_ADDRESS, urn, {"resourceGroupName": "g"}, preview=True)[1]
    given = resources.create(CONNECTION, urn, {**ARGUMENTS, "tunnel1InsideCidr": "169.254.21.0/30"}, preview=True)[1]

    assert planned["ipAddress"] is UNKNOWN  # optional for the SDK, and yet there in the end
    assert given["tunnel1PresharedKey"] is UNKNOWN
    assert given["tunnel1InsideCidr"] == "169.254.21.0/30"
