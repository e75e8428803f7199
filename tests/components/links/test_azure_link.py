"""The link to Azure: both ends of every tunnel agree, and only what is planned crosses."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
import yaml
from pulumi.runtime import rpc

from components.links.azure_link import INSTANCES
from components.links.azure_network import GATEWAY_SUBNET
from components.links.proposals import aws_phase, azure_esp, azure_ike
from settings import Proposal
from tests.graphs.recording import ROOT, Recording, Registered

AZURE_INSIDE = (IPv4Network("169.254.21.0/24"), IPv4Network("169.254.22.0/24"))
TUNNELS = {f"azure-{connection}-{tunnel}": (connection, tunnel) for connection in (1, 2) for tunnel in (1, 2)}


@pytest.fixture
def planned(data_stack: Recording) -> dict[str, Any]:
    """The plan's section, as the stack's file has it."""
    environment = data_stack.one("lake-raw").inputs["tags"]["Environment"]
    config = yaml.safe_load((ROOT / f"Pulumi.{environment}.yaml").read_text())["config"]
    link: dict[str, Any] = config["novaretail:links"]["azure"]
    return link | {"transit_asn": config["novaretail:network"]["transit_asn"]}


def _aws(stack: Recording, connection: int, tunnel: int) -> dict[str, Any]:
    """The options of one tunnel at the AWS end, without their prefix."""
    inputs = stack.one(f"azure-aws-{connection}").inputs
    return {key.removeprefix(f"tunnel{tunnel}"): v for key, v in inputs.items() if key.startswith(f"tunnel{tunnel}")}


def _azure(stack: Recording, connection: int, tunnel: int) -> dict[str, Any]:
    return stack.one(f"azure-{connection}-{tunnel}").inputs


def _aws_seen_by_azure(stack: Recording, connection: int, tunnel: int) -> Registered:
    (seen,) = [
        gateway
        for gateway in stack.of("LocalNetworkGateway")
        if f"{gateway.name}-id" == _azure(stack, connection, tunnel)["localNetworkGateway2"]["id"]
    ]
    return seen


def test_there_are_two_connections_at_aws_and_four_at_azure_each_to_a_tunnel_of_its_own(data_stack: Recording) -> None:
    assert len([c for c in data_stack.of("VpnConnection") if c.name.startswith("azure-")]) == 2
    connections = data_stack.of("VirtualNetworkGatewayConnection")
    assert {c.inputs["virtualNetworkGatewayConnectionName"] for c in connections} == TUNNELS.keys()
    assert len({c.inputs["localNetworkGateway2"]["id"] for c in connections}) == 4
    assert len(data_stack.of("LocalNetworkGateway")) == 4


@pytest.mark.parametrize("name", TUNNELS)
def test_each_end_of_a_tunnel_has_the_others_outside_address(data_stack: Recording, name: str) -> None:
    connection, tunnel = TUNNELS[name]
    peer = data_stack.one(f"azure-aws-{connection}-peer")
    assert peer.inputs["ipAddress"] == f"azure-instance-{connection - 1}-address-address"
    assert data_stack.one(f"azure-aws-{connection}").inputs["customerGatewayId"] == f"{peer.name}-id"
    seen = _aws_seen_by_azure(data_stack, connection, tunnel).inputs
    assert seen["gatewayIpAddress"] == f"azure-aws-{connection}-address-{tunnel}"


@pytest.mark.parametrize("name", TUNNELS)
def test_both_ends_have_the_key_that_aws_made(data_stack: Recording, name: str) -> None:
    connection, tunnel = TUNNELS[name]
    assert "PresharedKey" not in _aws(data_stack, connection, tunnel)
    # It reaches the engine marked as a secret.
    key = {rpc._special_sig_key: rpc._special_secret_sig, "value": f"azure-aws-{connection}-key-{tunnel}"}
    assert _azure(data_stack, connection, tunnel)["sharedKey"] == key


@pytest.mark.parametrize("name", TUNNELS)
def test_both_ends_propose_the_same_and_nothing_else(data_stack: Recording, planned: dict[str, Any], name: str) -> None:
    connection, tunnel = TUNNELS[name]
    ike, esp = Proposal(**planned["ike"]), Proposal(**planned["esp"])
    aws = _aws(data_stack, connection, tunnel)
    for phase, proposal in ((1, ike), (2, esp)):
        for option, value in aws_phase(proposal, phase).items():  # type: ignore[arg-type]
            assert aws["".join(part.title() for part in option.split("_"))] == value
    assert aws["IkeVersions"] == ["ikev2"]
    azure = _azure(data_stack, connection, tunnel)
    assert azure["connectionProtocol"] == "IKEv2"
    (policy,) = azure["ipsecPolicies"]
    expected = azure_ike(ike) | azure_esp(esp)
    assert {_camel(key): value for key, value in expected.items()}.items() <= policy.items()
    assert not azure["usePolicyBasedTrafficSelectors"]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


@pytest.mark.parametrize("name", TUNNELS)
def test_both_ends_agree_on_inside_addresses_and_as_numbers(
    data_stack: Recording, planned: dict[str, Any], name: str
) -> None:
    connection, tunnel = TUNNELS[name]
    block = IPv4Network(planned["tunnels"][connection - 1][tunnel - 1])
    assert _aws(data_stack, connection, tunnel)["InsideCidr"] == str(block)
    assert any(block.subnet_of(taken) for taken in AZURE_INSIDE)
    seen = _aws_seen_by_azure(data_stack, connection, tunnel).inputs["bgpSettings"]
    assert seen == {"asn": planned["transit_asn"], "bgpPeeringAddress": str(block[1])}
    assert data_stack.one(f"azure-aws-{connection}-peer").inputs["bgpAsn"] == str(planned["asn"])
    own = {
        address["ipConfigurationId"].rsplit("/", 1)[-1]: address["customBgpIpAddress"]
        for address in _azure(data_stack, connection, tunnel)["gatewayCustomBgpIpAddresses"]
    }
    assert own[INSTANCES[connection - 1]] == str(block[2])


@pytest.mark.parametrize("name", TUNNELS)
def test_a_connection_names_an_address_of_both_machines_of_those_that_the_gateway_has(
    data_stack: Recording, name: str
) -> None:
    has = {
        peer["ipconfigurationId"]: peer["customBgpIpAddresses"]
        for peer in data_stack.one("azure-gateway").inputs["bgpSettings"]["bgpPeeringAddresses"]
    }
    named = _azure(data_stack, *TUNNELS[name])["gatewayCustomBgpIpAddresses"]
    assert {address["ipConfigurationId"] for address in named} == has.keys()
    for address in named:
        assert address["customBgpIpAddress"] in has[address["ipConfigurationId"]]


def test_one_end_calls_and_the_other_waits(data_stack: Recording) -> None:
    for connection, tunnel in TUNNELS.values():
        aws = _aws(data_stack, connection, tunnel)
        assert (aws["StartupAction"], aws["DpdTimeoutAction"]) == ("start", "restart")
        azure = _azure(data_stack, connection, tunnel)
        assert azure["connectionMode"] == "ResponderOnly"
        # AWS rekeys first, or both would at once.
        (policy,) = azure["ipsecPolicies"]
        assert aws["Phase2LifetimeSeconds"] < policy["saLifeTimeSeconds"]
        assert aws["Phase1LifetimeSeconds"] < 28800


def test_aws_calls_a_gateway_that_is_there(prod: Recording) -> None:
    for connection in (1, 2):
        assert "azure-gateway" in prod.one(f"azure-aws-{connection}-peer").depends_on


def test_the_gateway_is_active_on_two_machines_over_all_zones_and_speaks_bgp(
    data_stack: Recording, planned: dict[str, Any]
) -> None:
    gateway = data_stack.one("azure-gateway").inputs
    assert gateway["activeActive"]
    assert gateway["enableBgp"]
    assert gateway["bgpSettings"]["asn"] == planned["asn"]
    assert gateway["sku"]["name"].endswith("AZ")
    assert [c["name"] for c in gateway["ipConfigurations"]] == list(INSTANCES)
    assert {c["subnet"]["id"] for c in gateway["ipConfigurations"]} == {"azure-gateway-subnet-id"}
    addresses = {c["publicIPAddress"]["id"] for c in gateway["ipConfigurations"]}
    assert addresses == {f"azure-{instance}-address-id" for instance in INSTANCES}
    group = "azure-group-id/providers/Microsoft.Network/virtualNetworkGateways"
    for instance, peer in zip(INSTANCES, gateway["bgpSettings"]["bgpPeeringAddresses"], strict=True):
        own = f"{group}/{gateway['virtualNetworkGatewayName']}/ipConfigurations/{instance}"
        assert peer["ipconfigurationId"] == own
        assert len(peer["customBgpIpAddresses"]) == 2
        for inside in map(IPv4Address, peer["customBgpIpAddresses"]):
            assert any(inside in taken for taken in AZURE_INSIDE)
    for address in data_stack.of("PublicIPAddress"):
        assert address.inputs["sku"]["name"] == "Standard"
        assert address.inputs["publicIPAllocationMethod"] == "Static"
        assert address.inputs["zones"] == ["1", "2", "3"]


def test_only_planned_ranges_cross(data_stack: Recording, planned: dict[str, Any]) -> None:
    endpoints = {s.inputs["cidrBlock"] for s in data_stack.of("ec2/subnet:Subnet") if "-endpoints-" in s.name}
    zone = "network-transit-azure-id"
    routes = [
        r for r in data_stack.of("ec2transitgateway/route:Route") if r.inputs["transitGatewayRouteTableId"] == zone
    ]
    assert {r.inputs["destinationCidrBlock"] for r in routes} == endpoints
    assert {r.inputs["transitGatewayAttachmentId"] for r in routes} == {"network-transit-vpc-id"}
    # Nothing is propagated to the link's own table: AWS announces what is in it.
    learnt = data_stack.of("ec2transitgateway/routeTablePropagation:RouteTablePropagation")
    assert zone not in {p.inputs["transitGatewayRouteTableId"] for p in learnt}
    answering = [r for r in data_stack.of("ec2/route:Route") if r.parent == "azure-aws"]
    assert [(r.inputs["routeTableId"], r.inputs["destinationCidrBlock"]) for r in answering] == [
        ("network-endpoints-routes-id", planned["subnets"]["runtime"])
    ]
    assert data_stack.one("azure-network").inputs["addressSpace"] == {"addressPrefixes": [planned["network"]]}


def test_both_connections_see_the_links_own_table_and_tell_the_backbone_what_they_learn(data_stack: Recording) -> None:
    attachments = {f"azure-aws-{connection}-attachment" for connection in (1, 2)}
    for kind, table in (("RouteTableAssociation", "azure"), ("RouteTablePropagation", "backbone")):
        found = {
            r.inputs["transitGatewayAttachmentId"]
            for r in data_stack.of(f"ec2transitgateway/{kind[0].lower()}{kind[1:]}:{kind}")
            if r.inputs["transitGatewayRouteTableId"] == f"network-transit-{table}-id" and r.parent == "azure-aws"
        }
        assert found == attachments


def test_nothing_of_the_virtual_network_is_called_but_private_endpoints_by_the_runtime(
    data_stack: Recording, planned: dict[str, Any]
) -> None:
    subnets = {s.inputs["subnetName"]: s.inputs for s in data_stack.of("network:Subnet")}
    assert subnets.keys() == {GATEWAY_SUBNET, "runtime", "endpoints"}
    assert "networkSecurityGroup" not in subnets[GATEWAY_SUBNET]
    for purpose, ports in (("runtime", "*"), ("endpoints", "443")):
        assert subnets[purpose]["networkSecurityGroup"] == {"id": f"azure-{purpose}-rules-id"}
        assert subnets[purpose]["defaultOutboundAccess"] is False
        assert subnets[purpose]["addressPrefix"] == planned["subnets"][purpose]
        rules = data_stack.one(f"azure-{purpose}-rules").inputs["securityRules"]
        allowed, nobody = (rule for rule in rules if rule["direction"] == "Inbound")
        assert (allowed["access"], allowed["sourceAddressPrefix"], allowed["destinationPortRange"]) == (
            "Allow",
            planned["subnets"]["runtime"],
            ports,
        )
        assert (nobody["access"], nobody["sourceAddressPrefix"], nobody["direction"]) == ("Deny", "*", "Inbound")


def test_the_runtime_alone_calls_the_internet_by_tls_and_by_one_address(data_stack: Recording) -> None:
    subnets = {s.inputs["subnetName"]: s.inputs for s in data_stack.of("network:Subnet")}
    (outside,) = data_stack.of("network:NatGateway")
    assert outside.inputs["publicIpAddresses"] == [{"id": "azure-way-out-address-id"}]
    assert {name: s.get("natGateway") for name, s in subnets.items()} == {
        GATEWAY_SUBNET: None,
        "runtime": {"id": "azure-way-out-id"},
        "endpoints": None,
    }
    rules = data_stack.one("azure-runtime-rules").inputs["securityRules"]
    out = {
        (r["access"], r["protocol"], r["destinationAddressPrefix"], r["destinationPortRange"], r["priority"])
        for r in rules
        if r["direction"] == "Outbound"
    }
    assert out == {("Allow", "Tcp", "Internet", "443", 100), ("Deny", "*", "Internet", "*", 4096)}


def test_negotiations_and_routes_are_logged_at_both_ends(data_stack: Recording, planned: dict[str, Any]) -> None:
    for connection, tunnel in TUNNELS.values():
        logs = _aws(data_stack, connection, tunnel)["LogOptions"]["cloudwatchLogOptions"]
        assert (logs["logEnabled"], logs["bgpLogEnabled"]) == (True, True)
        assert logs["logGroupArn"].endswith("azure-aws-ike-logs")
        assert logs["bgpLogGroupArn"].endswith("azure-aws-bgp-logs")
    (setting,) = [s for s in data_stack.of("DiagnosticSetting") if s.parent == "azure"]
    assert setting.inputs["resourceUri"] == "azure-gateway-id"
    assert {log["category"] for log in setting.inputs["logs"] if log["enabled"]} == {
        "GatewayDiagnosticLog",
        "IKEDiagnosticLog",
        "RouteDiagnosticLog",
        "TunnelDiagnosticLog",
    }
    assert data_stack.one("azure-logs").inputs["retentionInDays"] == planned["log_days"]


def test_every_tunnel_is_watched_and_silence_counts_as_down(data_stack: Recording) -> None:
    watched = {
        alarm.inputs["dimensions"].get("TunnelIpAddress", alarm.inputs["dimensions"]["VpnId"])
        for alarm in data_stack.of("MetricAlarm")
        if alarm.inputs.get("metricName") == "TunnelState" and alarm.inputs["treatMissingData"] == "breaching"
    }
    assert watched >= {f"azure-aws-{c}-address-{t}" for c, t in TUNNELS.values()} | {
        "azure-aws-1-id",
        "azure-aws-2-id",
    }
    (status,) = [m for m in data_stack.of("MetricAlert") if m.name == "azure-bgp"]
    (peers,) = status.inputs["criteria"]["allOf"][0]["dimensions"]
    assert peers["values"] == [
        _aws_seen_by_azure(data_stack, *TUNNELS[name]).inputs["bgpSettings"]["bgpPeeringAddress"] for name in TUNNELS
    ]


def test_people_find_both_ends_of_every_tunnel_in_the_stacks_outputs_and_no_key(data_stack: Recording) -> None:
    links = data_stack.outputs["links"]["azure"]
    assert links.keys() == TUNNELS.keys()
    for name, (connection, tunnel) in TUNNELS.items():
        assert links[name]["aws"]["address"] == f"azure-aws-{connection}-address-{tunnel}"
        assert links[name]["azure"]["address"] == f"azure-instance-{connection - 1}-address-address"
        seen = _aws_seen_by_azure(data_stack, connection, tunnel).inputs["bgpSettings"]
        assert (links[name]["aws"]["inside"], links[name]["aws"]["asn"]) == (seen["bgpPeeringAddress"], seen["asn"])
    assert "-key-" not in json.dumps(links)


def test_everything_of_azure_carries_the_tags(data_stack: Recording) -> None:
    tags = {"Project", "Environment", "Owner", "CostCenter", "Repository", "ManagedBy"}
    without = {"azure-native:monitor:DiagnosticSetting", "azure-native:network:Subnet"}
    own = [r for r in data_stack.resources if r.type.startswith("azure-native:") and r.parent == "azure"]
    assert own
    assert [r.name for r in own if r.type not in without and not tags <= r.inputs.get("tags", {}).keys()] == []
