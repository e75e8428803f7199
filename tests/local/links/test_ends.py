"""Each end of a tunnel is read from its own cloud's resources, so a mismatch stays visible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.links import ends
from local.links.checks.paper import check_paper
from local.links.plan import Plan, PlanError, Tunnel
from local.links.report import Result

Change = Callable[[Any], object]


def tunnel(plan: Plan, name: str) -> Tunnel:
    return next(each for each in plan.tunnels if each.name == name)


def test_a_tunnel_is_two_ends_that_look_for_each_other(resources: Any) -> None:
    plan = ends.read(resources)
    found = tunnel(plan, "azure-1-1")

    assert [each.name for each in plan.tunnels] == ["azure-1-1", "azure-1-2", "gcp-1-1", "gcp-1-2"]
    assert plan.links == ("azure", "gcp")
    assert (found.aws.address, found.aws.remote) == ("203.0.113.22", "192.0.2.1")
    assert (found.other.address, found.other.remote) == ("192.0.2.1", "203.0.113.22")
    assert (found.aws.inside, found.other.inside) == ("169.254.21.9/30", "169.254.21.10/30")
    assert (found.aws.asn, found.other.asn) == (64620, 64640)
    assert found.hold_s == 30
    assert (found.aws.starts, found.other.starts) == (True, False)


def test_azures_other_machine_calls_in_vain_and_makes_no_tunnel(resources: Any) -> None:
    assert "192.0.2.2" not in {each.other.address for each in ends.read(resources).tunnels}


def test_what_each_side_announces_is_its_own_resources(resources: Any) -> None:
    plan = ends.read(resources)

    assert tunnel(plan, "azure-1-1").other.announces == ("10.96.0.0/20",)
    assert tunnel(plan, "gcp-1-2").other.announces == ("10.64.0.0/20",)
    assert tunnel(plan, "gcp-1-2").other.med == 200
    assert tunnel(plan, "gcp-1-2").other.accepts == (("10.20.31.0/24", 100),)
    assert plan.zones.announced("attach-azure") == ("10.20.21.0/24",)
    assert plan.zones.vpc_table == "rtb-backbone"


@pytest.mark.parametrize(
    ("id", "change", "end", "field", "problem"),
    [
        ("azure-1", lambda o: o.update(sharedKey="other.key"), "other", "key", "the keys"),
        ("vpn-azure", lambda o: o.update(tunnel1PresharedKey="other.key"), "aws", "key", "the keys"),
        ("azure-1", lambda o: o["ipsecPolicies"][0].update(ikeEncryption="AES128"), "other", "ike", "IKE proposal"),
        ("azure-1", lambda o: o["ipsecPolicies"][0].update(pfsGroup="ECP384"), "other", "esp", "ESP proposal"),
        ("vpn-azure", lambda o: o.update(tunnel1Phase2DhGroupNumbers=[20]), "aws", "esp", "ESP proposal"),
        ("lng-1", lambda o: o["bgpSettings"].update(asn=64999), "other", "peer_asn", "AWS's AS"),
        ("tgw-1", lambda o: o.update(amazonSideAsn=64999), "aws", "asn", "AWS's AS"),
        ("gw", lambda o: o["bgpSettings"].update(asn=64999), "other", "asn", "the other AS"),
        (
            "lng-1",
            lambda o: o["bgpSettings"].update(bgpPeeringAddress="169.254.21.13"),
            "other",
            "peer",
            "AWS's inside",
        ),
        ("vpn-azure", lambda o: o.update(tunnel1CgwInsideAddress="169.254.21.14"), "aws", "peer", "the other inside"),
    ],
)
def test_a_change_of_one_end_is_seen_at_that_end_alone(
    resources: Any, id: str, change: Change, end: str, field: str, problem: str
) -> None:
    before = tunnel(ends.read(resources), "azure-1-1")
    change(resources.of(id))
    plan = ends.read(resources)
    after = tunnel(plan, "azure-1-1")
    far = "aws" if end == "other" else "other"

    assert getattr(getattr(after, end), field) != getattr(getattr(before, end), field)
    assert getattr(after, far) == getattr(before, far)
    result = Result(plan)
    check_paper(plan, result)
    (failed,) = [each for each in result.failed if "azure-1-1" in each.name]
    assert problem in failed.seen
    assert "other.key" not in failed.seen


def test_google_reads_its_own_resources_alone(resources: Any) -> None:
    before = tunnel(ends.read(resources), "gcp-1-2")
    resources.of("peer-2").update(peerIpAddress="169.254.31.1", peerAsn=64999)
    resources.of("interface-2").update(ipRange="169.254.31.6/30")
    after = tunnel(ends.read(resources), "gcp-1-2")

    assert (after.other.peer, after.other.peer_asn, after.other.inside) == ("169.254.31.1", 64999, "169.254.31.6/30")
    assert after.aws == before.aws


def test_an_end_that_nobody_looks_for_is_named_with_both_addresses(resources: Any) -> None:
    resources.of("lng-1")["gatewayIpAddress"] = "203.0.113.99"

    with pytest.raises(PlanError) as error:
        ends.read(resources)

    assert "azure-1-1: 192.0.2.1 looks for 203.0.113.99" in str(error.value)
    assert "vpn-azure tunnel 1: 203.0.113.22 looks for 192.0.2.1, and nobody there does" in str(error.value)


def test_two_tunnels_with_one_key_are_a_failure(resources: Any) -> None:
    resources.of("vpn-gcp").update(tunnel1PresharedKey="key.of.gcp.2")
    resources.of("projects/p/regions/europe-west1/vpnTunnels/gcp-1-1").update(sharedSecret="key.of.gcp.2")
    plan = ends.read(resources)
    result = Result(plan)
    check_paper(plan, result)

    assert [each.name for each in result.failed] == ["no two tunnels share a key"]


def test_a_stack_without_links_says_where_they_come_from() -> None:
    with pytest.raises(PlanError, match="novaretail:links"):
        ends.read([])


def test_google_that_announces_all_its_subnets_is_no_plan(resources: Any) -> None:
    resources.of("projects/p/regions/europe-west1/routers/r")["bgp"]["advertisedGroups"] = ["ALL_SUBNETS"]

    with pytest.raises(PlanError, match="announces more than a list of its own"):
        ends.read(resources)


def test_an_import_policy_of_another_form_is_not_guessed(resources: Any) -> None:
    resources.of("policy")["terms"][0]["match"]["expression"] = (
        "destination.inAnyRange(prefix('10.0.0.0/8').orLonger())"
    )

    with pytest.raises(PlanError, match="of another form"):
        ends.read(resources)


def test_no_key_is_in_what_prints_an_end(resources: Any) -> None:
    assert "key.of" not in repr(ends.read(resources))
