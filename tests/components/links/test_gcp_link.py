"""The link to Google Cloud: both ends of every tunnel agree, and nothing crosses that is not planned."""

from __future__ import annotations

import json
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

import pytest
import yaml
from pulumi.runtime import rpc

from components.blocks.traffic import GOOGLE_PRIVATE_RANGE
from components.links.gcp_link import PREFERENCE
from components.links.proposals import combined, gcp_esp, gcp_ike
from local.links import proposals
from settings import Proposal
from settings.links import OFFERS
from tests.graphs.recording import ROOT, Recording, Registered

TUNNELS = [(connection, number) for connection in (1, 2) for number in (1, 2)]
both_ends = pytest.mark.parametrize(("connection", "number"), TUNNELS)


def configured(stack: Recording) -> dict[str, Any]:
    """What the stack's own file says of the link, of the network, and of Google's project."""
    environment = stack.one("lake-raw").inputs["tags"]["Environment"]
    config = yaml.safe_load((ROOT / f"Pulumi.{environment}.yaml").read_text())["config"]
    link = config["novaretail:links"]["gcp"]
    return {"network": config["novaretail:network"], "project": config["novaretail:gcp"]["project"], **link}


def google(stack: Recording, part: str, connection: int, number: int) -> dict[str, Any]:
    return stack.one(f"gcp-{connection}-{number}-{part}").inputs


def aws_tunnel(stack: Recording, connection: int, number: int) -> dict[str, Any]:
    """The options of one of AWS's tunnels, without their prefix."""
    prefix = f"tunnel{number}"
    inputs = stack.one(f"gcp-aws-{connection}").inputs
    return {name.removeprefix(prefix): value for name, value in inputs.items() if name.startswith(prefix)}


def of_link(stack: Recording) -> list[Registered]:
    return [r for r in stack.resources if r.type.startswith("gcp:compute/")]


@both_ends
def test_each_end_of_a_tunnel_has_the_others_address(data_stack: Recording, connection: int, number: int) -> None:
    tunnel = google(data_stack, "tunnel", connection, number)
    gateway = {"gcp-gateway-id": ["35.242.0.10", "35.220.0.10"]}[tunnel["vpnGateway"]]
    peer = data_stack.one(f"gcp-aws-{connection}-peer").inputs
    assert gateway[int(tunnel["vpnGatewayInterface"])] == peer["ipAddress"]
    assert data_stack.one(f"gcp-aws-{connection}").inputs["customerGatewayId"] == f"gcp-aws-{connection}-peer-id"
    external = data_stack.one("gcp-aws-addresses").inputs
    assert tunnel["peerExternalGateway"] == "gcp-aws-addresses-id"
    reached = {int(side["id"]): side["ipAddress"] for side in external["interfaces"]}
    reached_address = reached[int(tunnel["peerExternalGatewayInterface"])]
    assert reached_address == f"gcp-aws-{connection}-address-{number}"


@both_ends
def test_a_tunnels_key_is_the_one_that_aws_made_for_it_and_a_secret(
    data_stack: Recording, connection: int, number: int
) -> None:
    key = google(data_stack, "tunnel", connection, number)["sharedSecret"]
    assert key[rpc._special_sig_key] == rpc._special_secret_sig
    assert key["value"] == f"gcp-aws-{connection}-key-{number}"
    # AWS makes a key where it is given none.
    assert "PresharedKey" not in aws_tunnel(data_stack, connection, number)


@both_ends
def test_both_ends_propose_the_one_proposal_of_the_settings_and_nothing_else(
    data_stack: Recording, connection: int, number: int
) -> None:
    link, here = configured(data_stack), aws_tunnel(data_stack, connection, number)
    tunnel = google(data_stack, "tunnel", connection, number)
    assert here["IkeVersions"] == ["ikev2"]
    assert tunnel["ikeVersion"] == 2
    assert link["ike"] == link["esp"] == {"encryption": "aes256", "integrity": "sha256", "group": 14}
    for phase in (1, 2):
        assert here[f"Phase{phase}EncryptionAlgorithms"] == ["AES256"]
        assert here[f"Phase{phase}IntegrityAlgorithms"] == ["SHA2-256"]
        assert here[f"Phase{phase}DhGroupNumbers"] == [14]
    assert tunnel["cipherSuite"] == {
        "phase1": {
            "encryptions": ["AES-CBC-256"],
            "integrities": ["HMAC-SHA2-256-128"],
            "prves": ["PRF-HMAC-SHA2-256"],
            "dhs": ["Group-14"],
        },
        "phase2": {"encryptions": ["AES-CBC-256"], "integrities": ["HMAC-SHA2-256-128"], "pfs": ["Group-14"]},
    }


def test_whatever_settings_say_that_google_offers_can_be_said_to_google() -> None:
    for offer in OFFERS["Google Cloud"].values():
        for encryption in offer.encryption:
            for integrity in offer.integrity:
                for group in offer.groups:
                    proposal = Proposal(encryption=encryption, integrity=integrity, group=group)
                    assert all(len(value) <= 1 for value in {**gcp_ike(proposal), **gcp_esp(proposal)}.values())
                    # Read by the rehearsal's own list of Google's names, it is what was meant.
                    ike, esp = proposals.google({"phase1": gcp_ike(proposal), "phase2": gcp_esp(proposal)})
                    cipher = encryption.replace("-gcm", "gcm16")
                    checked = "" if combined(proposal) else f"-{integrity}"
                    assert ike == f"{cipher}{checked}-prf{integrity}-{proposals.GROUPS[group]}"
                    assert esp == f"{cipher}{checked}-{proposals.GROUPS[group]}"


@both_ends
def test_the_two_routers_of_a_tunnel_know_each_others_address_and_number(
    data_stack: Recording, connection: int, number: int
) -> None:
    link = configured(data_stack)
    block = IPv4Network(link["tunnels"][connection - 1][number - 1])
    interface = google(data_stack, "interface", connection, number)
    peer = google(data_stack, "peer", connection, number)
    assert aws_tunnel(data_stack, connection, number)["InsideCidr"] == str(block)
    assert IPv4Interface(interface["ipRange"]).network == block
    # AWS takes the first host of the block.
    assert peer["peerIpAddress"] == str(block[1])
    assert peer["ipAddress"] == interface["ipRange"].split("/")[0] == str(block[2])
    assert interface["vpnTunnel"] == google(data_stack, "tunnel", connection, number)["name"]
    assert peer["interface"] == interface["name"]
    assert peer["router"] == interface["router"] == "gcp-router"
    assert peer["peerAsn"] == data_stack.one("network-transit").inputs["amazonSideAsn"]
    customer = data_stack.one(f"gcp-aws-{connection}-peer").inputs
    assert int(customer["bgpAsn"]) == data_stack.one("gcp-router").inputs["bgp"]["asn"] == link["asn"]


def test_interfaces_are_matched_as_googles_guide_for_aws_has_it(data_stack: Recording) -> None:
    # Interface 0 has AWS's addresses 0 and 1 (of the first connection), interface 1 has 2 and 3.
    found = [google(data_stack, "tunnel", *tunnel) for tunnel in TUNNELS]
    assert [t["vpnGatewayInterface"] for t in found] == [0, 0, 1, 1]
    assert [t["peerExternalGatewayInterface"] for t in found] == [0, 1, 2, 3]
    assert [t["name"] for t in found] == ["gcp-1-1", "gcp-1-2", "gcp-2-1", "gcp-2-2"]
    external = data_stack.one("gcp-aws-addresses").inputs
    assert external["redundancyType"] == "FOUR_IPS_REDUNDANCY"
    assert [side["id"] for side in external["interfaces"]] == [0, 1, 2, 3]
    assert len({side["ipAddress"] for side in external["interfaces"]}) == 4


def test_google_announces_the_planned_subnets_and_its_private_addresses_only(data_stack: Recording) -> None:
    link, bgp = configured(data_stack), data_stack.one("gcp-router").inputs["bgp"]
    assert bgp["advertiseMode"] == "CUSTOM"
    assert not bgp.get("advertisedGroups"), "all subnets, or none that is not in the list"
    announced = [one["range"] for one in bgp["advertisedIpRanges"]]
    assert announced == [*link["subnets"].values(), GOOGLE_PRIVATE_RANGE]
    made = {s.inputs["ipCidrRange"] for s in data_stack.of("gcp:compute/subnetwork:Subnetwork")}
    assert made == set(link["subnets"].values())
    for peer in data_stack.of("RouterPeer"):
        # A list of a peer's own would go before the router's.
        assert not {"advertiseMode", "advertisedIpRanges", "advertisedGroups"} & peer.inputs.keys(), peer.name


def test_google_believes_the_applications_subnets_only_and_takes_them_as_they_are(data_stack: Recording) -> None:
    planned = configured(data_stack)["network"]["subnets"]["applications"]
    for rank, med in PREFERENCE.items():
        policy = data_stack.one(f"gcp-imports-{rank}").inputs
        assert policy["type"] == "ROUTE_POLICY_TYPE_IMPORT"
        take, refuse = sorted(policy["terms"], key=lambda term: int(term["priority"]))
        assert take["match"]["expression"] == " || ".join(f"destination == '{block}'" for block in planned)
        assert [a["expression"] for a in take["actions"]] == [f"med.set({med})", "accept()"]
        assert refuse["match"]["expression"] == "destination.inAnyRange(prefix('0.0.0.0/0').orLonger())"
        assert [a["expression"] for a in refuse["actions"]] == ["drop()"]
    routes = [r.inputs for r in data_stack.resources if r.name.startswith("gcp-aws-planned-")]
    assert [r["destinationCidrBlock"] for r in routes] == planned
    assert {r["transitGatewayRouteTableId"] for r in routes} == {"network-transit-gcp-id"}


def test_the_first_tunnels_share_the_load_and_the_second_ones_stand_by_in_both_directions(
    data_stack: Recording,
) -> None:
    for connection, number in TUNNELS:
        peer = google(data_stack, "peer", connection, number)
        assert peer["advertisedRoutePriority"] == PREFERENCE[number]
        assert peer["importPolicies"] == [data_stack.one(f"gcp-imports-{number}").inputs["name"]]
    assert PREFERENCE[1] < PREFERENCE[2]
    assert data_stack.one("network-transit").inputs["vpnEcmpSupport"] == "enable"


def test_only_applications_are_led_over_the_link_and_to_what_google_announces(data_stack: Recording) -> None:
    announced = {one["range"] for one in data_stack.one("gcp-router").inputs["bgp"]["advertisedIpRanges"]}
    routes = [r.inputs for r in data_stack.of("aws:ec2/route:Route") if r.name.startswith("gcp-aws-")]
    assert {r["destinationCidrBlock"] for r in routes} == announced
    assert {r["routeTableId"] for r in routes} == {"network-applications-routes-id"}
    assert {r["transitGatewayId"] for r in routes} == {"network-transit-id"}


def test_googles_network_has_no_way_to_the_internet_and_one_to_googles_apis(data_stack: Recording) -> None:
    network = data_stack.one("gcp-network").inputs
    assert network["autoCreateSubnetworks"] is False
    assert network["deleteDefaultRoutesOnCreate"] is True
    assert network["routingMode"] == "REGIONAL"
    (route,) = data_stack.of("gcp:compute/route:Route")
    assert route.inputs["destRange"] == GOOGLE_PRIVATE_RANGE
    assert route.inputs["nextHopGateway"] == "default-internet-gateway"
    for subnet in data_stack.of("gcp:compute/subnetwork:Subnetwork"):
        assert subnet.inputs["privateIpGoogleAccess"] is True
        assert subnet.inputs["logConfig"]["flowSampling"] == 1


def test_nothing_comes_into_googles_network_and_only_its_apis_are_called_from_it(data_stack: Recording) -> None:
    rules = {r.name: r.inputs for r in data_stack.of("Firewall")}
    allowed = {name: r for name, r in rules.items() if r.get("allows")}
    assert list(allowed) == ["gcp-allow-apis"]
    assert allowed["gcp-allow-apis"]["direction"] == "EGRESS"
    assert allowed["gcp-allow-apis"]["destinationRanges"] == [GOOGLE_PRIVATE_RANGE]
    denied = {r["direction"]: r for name, r in rules.items() if name not in allowed}
    assert denied.keys() == {"INGRESS", "EGRESS"}
    for rule in denied.values():
        assert rule["denies"] == [{"protocol": "all"}]
        assert rule["priority"] > allowed["gcp-allow-apis"]["priority"]
        assert rule["logConfig"]["metadata"] == "INCLUDE_ALL_METADATA"
    assert denied["INGRESS"]["sourceRanges"] == denied["EGRESS"]["destinationRanges"] == ["0.0.0.0/0"]


def test_everything_is_made_in_the_project_and_the_region_of_the_settings(data_stack: Recording) -> None:
    link = configured(data_stack)
    made = of_link(data_stack)
    assert {r.inputs["project"] for r in made} == {link["project"]}
    regional = [r for r in made if "region" in r.inputs]
    assert len(regional) == 17
    assert {r.inputs["region"] for r in regional} == {link["region"]}


def test_google_watches_tunnels_sessions_drops_and_bytes(data_stack: Recording) -> None:
    watched = {
        r.inputs["conditions"][0]["displayName"]: r.inputs["conditions"][0]["conditionThreshold"]
        for r in data_stack.of("AlertPolicy")
        if r.parent == "gcp"
    }
    vpn = "vpn.googleapis.com"
    assert watched.keys() == {
        f"{vpn}/tunnel_established",
        "router.googleapis.com/bgp/session_up",
        *(f"{vpn}/network/{name}_count" for name in ("sent_bytes", "received_bytes")),
        *(f"{vpn}/network/dropped_{way}_packets_count" for way in ("sent", "received")),
    }
    for metric, condition in watched.items():
        resource = "gce_router" if metric.startswith("router") else "vpn_gateway"
        assert f'resource.type = "{resource}"' in condition["filter"]
    for metric in (f"{vpn}/tunnel_established", "router.googleapis.com/bgp/session_up"):
        assert watched[metric]["comparison"] == "COMPARISON_LT"
        assert watched[metric]["thresholdValue"] == 1
        assert watched[metric]["evaluationMissingData"] == "EVALUATION_MISSING_DATA_ACTIVE", "a tunnel that is gone"


def test_the_vpc_knows_googles_names_by_the_addresses_that_the_link_leads_to(data_stack: Recording) -> None:
    zone = data_stack.one("google-names-zone").inputs
    assert zone["name"] == "googleapis.com"
    assert zone["vpcs"] == [{"vpcId": "network-vpc-id", "vpcRegion": "eu-west-1"}], (
        "private: without a VPC the zone would be a public one"
    )
    private = data_stack.one("google-names-private").inputs
    assert (private["name"], private["type"]) == ("private.googleapis.com", "A")
    assert private["records"] == [str(address) for address in IPv4Network(GOOGLE_PRIVATE_RANGE)]
    everything = data_stack.one("google-names-all").inputs
    assert (everything["name"], everything["type"]) == ("*.googleapis.com", "CNAME")
    assert everything["records"] == ["private.googleapis.com"]


def test_whatever_the_bridge_calls_at_google_is_a_name_of_the_zone(data_stack: Recording) -> None:
    function = data_stack.one("bridge-function").inputs
    text = function["environment"]["variables"]["PUBSUB_ENDPOINT"]
    text += function["code"]["assets"]["google-credentials.json"]["text"]
    for host in ("europe-west1-pubsub", "sts", "iamcredentials"):
        assert f"{host}.googleapis.com" in text
    assert ".rep.googleapis.com" not in text, "these are not served at private.googleapis.com"


def test_the_bridge_reads_nothing_before_the_way_to_google_is_there(data_stack: Recording) -> None:
    waits = set(data_stack.one("bridge-orders-events").depends_on)
    peers = {f"gcp-{connection}-{number}-peer" for connection, number in TUNNELS}
    routes = {r.name for r in data_stack.of("aws:ec2/route:Route") if r.name.startswith("gcp-aws-")}
    assert peers | routes | {"gcp-private-apis", "google-names-private", "google-names-all"} <= waits


def test_people_are_told_both_ends_of_every_tunnel_and_no_key(data_stack: Recording) -> None:
    told = data_stack.outputs["links"]["gcp"]
    assert told.keys() == {"gcp-1-1", "gcp-1-2", "gcp-2-1", "gcp-2-2"}
    for connection, number in TUNNELS:
        ends = told[f"gcp-{connection}-{number}"]
        assert ends["aws"]["address"] == f"gcp-aws-{connection}-address-{number}"
        assert ends["gcp"]["address"] == data_stack.one(f"gcp-aws-{connection}-peer").inputs["ipAddress"]
        peer = google(data_stack, "peer", connection, number)
        assert (ends["gcp"]["inside"], ends["aws"]["inside"]) == (peer["ipAddress"], peer["peerIpAddress"])
        assert ends["aws"]["asn"] == peer["peerAsn"]
    assert "-key-" not in json.dumps(told)
