"""A VPC without a way to the internet."""

from __future__ import annotations

import pytest

from components.blocks.traffic import GOOGLE_PRIVATE_RANGE
from components.network.endpoints import SERVICES, WITHOUT_POLICY
from components.network.network import PURPOSES, ROUTES_TO_S3
from tests.graphs.recording import Recording, Registered


def _endpoints(recording: Recording) -> dict[str, Registered]:
    """By service; the S3 gateway is "gateway"."""
    return {
        "gateway"
        if e.inputs["vpcEndpointType"] == "Gateway"
        else e.inputs["serviceName"].removeprefix("com.amazonaws.eu-west-1."): e
        for e in recording.of("VpcEndpoint")
    }


def test_every_subnet_is_private_and_has_its_zone_and_block(prod: Recording) -> None:
    subnets = {s.name: s.inputs for s in prod.of("ec2/subnet:Subnet")}
    assert len(subnets) == 15
    assert subnets["network-streaming-eu-west-1b"]["cidrBlock"] == "10.20.65.0/24"
    assert subnets["network-streaming-eu-west-1b"]["availabilityZone"] == "eu-west-1b"


def test_the_subnets_of_a_purpose_share_a_route_table_with_no_other(data_stack: Recording) -> None:
    tables = {
        a.inputs["subnetId"]: a.inputs["routeTableId"]
        for a in data_stack.of("ec2/routeTableAssociation:RouteTableAssociation")
    }
    assert tables == {
        f"{s.name}-id": f"network-{purpose}-routes-id"
        for purpose in PURPOSES
        for s in data_stack.of("ec2/subnet:Subnet")
        if s.name.startswith(f"network-{purpose}-")
    }
    assert len(tables) == len(data_stack.of("ec2/subnet:Subnet"))


def test_the_only_routes_out_of_the_vpc_lead_by_the_transit_gateway_to_ranges_of_a_link(data_stack: Recording) -> None:
    reached = {GOOGLE_PRIVATE_RANGE} | {
        subnet.inputs[block]
        for kind, block in (("network:Subnet", "addressPrefix"), ("compute/subnetwork:Subnetwork", "ipCidrRange"))
        for subnet in data_stack.of(kind)
    }
    routes = data_stack.of("ec2/route:Route")
    assert routes
    for route in routes:
        assert route.inputs["transitGatewayId"] == "network-transit-id", route.name
        assert route.inputs["destinationCidrBlock"] in reached, route.name
    for table in data_stack.of("ec2/routeTable:RouteTable"):
        assert not table.inputs.get("routes")


def test_the_default_table_leads_nowhere_so_a_forgotten_subnet_does_not_either(data_stack: Recording) -> None:
    assert data_stack.one("network-default-routes").inputs["routes"] == []


def test_s3s_gateway_serves_the_subnets_that_hold_who_reads_and_writes_the_lake(data_stack: Recording) -> None:
    tables = _endpoints(data_stack)["gateway"].inputs["routeTableIds"]
    assert tables == [f"network-{purpose}-routes-id" for purpose in ROUTES_TO_S3]
    assert "network-streaming-routes-id" not in tables


def test_services_that_the_data_path_calls_have_endpoints_in_every_zone(data_stack: Recording) -> None:
    endpoints = _endpoints(data_stack)
    called = "events glue kms lambda logs monitoring redshift-data secretsmanager sns sqs states sts"
    assert endpoints.keys() == {"gateway", "s3", *called.split()}
    for service, endpoint in endpoints.items():
        if service != "gateway":
            assert len(endpoint.inputs["subnetIds"]) == 3
            group = "exchange" if service == "s3" else "endpoints"
            assert endpoint.inputs["securityGroupIds"] == [f"network-{group}-id"]


def test_private_names_lead_to_the_endpoints_and_s3s_to_the_gateway(data_stack: Recording) -> None:
    named = {s: e.inputs["privateDnsEnabled"] for s, e in _endpoints(data_stack).items() if s != "gateway"}
    assert named == {service: service != "s3" for service in named}


def test_every_endpoint_with_policies_lets_the_organization_reach_its_own_and_nobody_else(
    data_stack: Recording,
) -> None:
    endpoints = _endpoints(data_stack)
    assert endpoints.keys() >= {"gateway", "s3", "kms", "sts"}
    for service, endpoint in endpoints.items():
        if service == "s3":
            continue  # tests/policy/test_exchange.py
        if service in WITHOUT_POLICY:
            assert "policy" not in endpoint.inputs
            continue
        people, services = endpoint.json("policy")["Statement"]
        organization = people["Condition"]["StringEquals"]["aws:PrincipalOrgID"]
        assert organization.startswith("o-")
        assert people["Condition"] == {
            "StringEquals": {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization}
        }
        # Lambda's pollers call in the service's name; they too reach the organization's resources only.
        assert services["Condition"] == {
            "Bool": {"aws:PrincipalIsAWSService": "true"},
            "StringEquals": {"aws:ResourceOrgID": organization},
        }
        assert {people["Effect"], services["Effect"]} == {"Allow"}


def test_every_service_with_an_endpoint_says_who_calls_it() -> None:
    assert all(len(callers) > 10 for callers in SERVICES.values())
    assert SERVICES.keys() >= WITHOUT_POLICY


def test_the_default_group_lets_nobody_talk(data_stack: Recording) -> None:
    default = data_stack.one("network-default-group").inputs
    assert (default["ingress"], default["egress"]) == ([], [])


def test_every_rule_names_a_group_the_s3_gateway_or_what_is_over_a_link(data_stack: Recording) -> None:
    rules = [*data_stack.of("SecurityGroupEgressRule"), *data_stack.of("SecurityGroupIngressRule")]
    assert rules
    for rule in rules:
        peers = {"referencedSecurityGroupId", "prefixListId", "cidrIpv4"} & rule.inputs.keys()
        assert len(peers) == 1, rule.name
        if "cidrIpv4" in peers:
            assert rule.name in ("network-applications-google", "exchange-access-runtime")
        if peers != {"referencedSecurityGroupId"}:
            assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443), rule.name
    inward = [r for r in rules if r.kind == "SecurityGroupIngressRule" and "cidrIpv4" in r.inputs]
    assert [r.inputs["securityGroupId"] for r in inward] == ["network-exchange-id"]


def _connections(recording: Recording) -> set[tuple[str, str, int, int]]:
    return {
        (
            r.inputs["securityGroupId"].removeprefix("network-").removesuffix("-id"),
            r.inputs["referencedSecurityGroupId"].removeprefix("network-").removesuffix("-id"),
            r.inputs["fromPort"],
            r.inputs["toPort"],
        )
        for r in recording.of("SecurityGroupEgressRule")
        if "referencedSecurityGroupId" in r.inputs
    }


def test_who_may_connect_to_whom_is_this_and_no_more(prod: Recording) -> None:
    assert _connections(prod) == {
        ("applications", "streaming", 9098, 9098),
        ("applications", "applications", 0, 65535),
        ("jobs", "jobs", 0, 65535),
        ("streaming", "streaming", 0, 65535),
        ("migration", "databases", 5432, 5432),
        ("applications", "endpoints", 443, 443),
        ("jobs", "endpoints", 443, 443),
        ("warehouse", "endpoints", 443, 443),
        ("migration", "endpoints", 443, 443),
        ("streaming", "endpoints", 443, 443),
    }


def test_a_database_opens_no_connection_and_brokers_reach_no_more_than_services(prod: Recording) -> None:
    out = [r.inputs for r in prod.of("SecurityGroupEgressRule")]
    assert [rule for rule in out if rule["securityGroupId"] == "network-databases-id"] == []
    brokers = [rule for rule in out if rule["securityGroupId"] == "network-streaming-id"]
    assert {rule["referencedSecurityGroupId"] for rule in brokers} == {"network-streaming-id", "network-endpoints-id"}


def test_jobs_and_the_warehouse_have_groups_of_their_own(prod: Recording) -> None:
    (connection,) = prod.of("glue/connection:Connection")
    assert connection.inputs["physicalConnectionRequirements"]["securityGroupIdLists"] == ["network-jobs-id"]
    assert prod.one("warehouse-workgroup").inputs["securityGroupIds"] == ["network-warehouse-id"]


@pytest.mark.parametrize(("stack", "port"), [("prod", 9098), ("local", 9092)])
def test_clients_reach_brokers_at_the_port_of_their_authentication_only(
    stack: str, port: int, request: pytest.FixtureRequest
) -> None:
    reached = {c for c in _connections(request.getfixturevalue(stack)) if c[:2] == ("applications", "streaming")}
    assert reached == {("applications", "streaming", port, port)}


def test_every_way_out_has_its_way_in(data_stack: Recording) -> None:
    def pair(rule: dict, own: str, peer: str) -> tuple:
        return rule[own], rule[peer], rule["fromPort"], rule["toPort"]

    out = {
        pair(r.inputs, "securityGroupId", "referencedSecurityGroupId")
        for r in data_stack.of("SecurityGroupEgressRule")
        if "referencedSecurityGroupId" in r.inputs
    }
    into = {
        pair(r.inputs, "referencedSecurityGroupId", "securityGroupId")
        for r in data_stack.of("SecurityGroupIngressRule")
        if "referencedSecurityGroupId" in r.inputs
    }
    assert out == into


def test_the_transit_gateway_joins_nothing_by_itself(prod: Recording) -> None:
    gateway = prod.one("network-transit").inputs
    assert gateway["amazonSideAsn"] == 64620
    for setting in ("autoAcceptSharedAttachments", "defaultRouteTableAssociation", "defaultRouteTablePropagation"):
        assert gateway[setting] == "disable", setting
    assert gateway["vpnEcmpSupport"] == "enable"
    attachment = prod.one("network-transit-vpc").inputs
    assert attachment["subnetIds"] == [f"network-transit-eu-west-1{zone}-id" for zone in "abc"]
    assert attachment["transitGatewayDefaultRouteTableAssociation"] is False
    assert attachment["transitGatewayDefaultRouteTablePropagation"] is False


def test_the_vpc_is_of_the_backbone_and_announced_to_nobody_as_a_whole(data_stack: Recording) -> None:
    def zones(kind: str) -> list[str]:
        return [
            r.inputs["transitGatewayRouteTableId"]
            for r in data_stack.of(f"ec2transitgateway/{kind}")
            if r.inputs["transitGatewayAttachmentId"] == "network-transit-vpc-id"
        ]

    assert len(data_stack.of("ec2transitgateway/routeTable:RouteTable")) == 3
    assert zones("routeTableAssociation:RouteTableAssociation") == ["network-transit-backbone-id"]
    assert zones("routeTablePropagation:RouteTablePropagation") == []


def test_s3s_interface_endpoint_has_a_group_of_its_own_that_nothing_in_the_vpc_reaches(data_stack: Recording) -> None:
    (s3,) = [
        e
        for e in data_stack.of("VpcEndpoint")
        if e.inputs["vpcEndpointType"] == "Interface" and e.inputs["serviceName"].endswith(".s3")
    ]
    group = "network-exchange-id"
    assert s3.inputs["securityGroupIds"] == [group]
    rules = [*data_stack.of("SecurityGroupIngressRule"), *data_stack.of("SecurityGroupEgressRule")]
    assert [r.name for r in rules if r.inputs.get("referencedSecurityGroupId") == group] == []
    shared = [e.name for e in data_stack.of("VpcEndpoint") if group in e.inputs.get("securityGroupIds", [])]
    assert shared == [s3.name]


def test_traffic_is_logged_in_the_vpc_and_at_the_transit_gateway(data_stack: Recording) -> None:
    logs = {log.name: log for log in data_stack.of("FlowLog")}
    assert logs["network-flow-log"].inputs["vpcId"] == "network-vpc-id"
    assert logs["network-flow-log"].inputs["trafficType"] == "ALL"
    # A transit gateway has flows of 60 seconds and no kinds of traffic.
    assert logs["network-transit-flow-log"].inputs["transitGatewayId"] == "network-transit-id"
    assert logs["network-transit-flow-log"].inputs["maxAggregationInterval"] == 60
    assert "trafficType" not in logs["network-transit-flow-log"].inputs
    (statement,) = data_stack.one("network-flow-logs-write").json("policy")["Statement"]
    for log in logs.values():
        assert "network-flow-logs-write" in log.depends_on
        assert f"{log.inputs['logDestination']}:*" in statement["Resource"]


def test_names_that_are_asked_for_are_logged(data_stack: Recording) -> None:
    (config,) = data_stack.of("ResolverQueryLogConfig")
    (association,) = data_stack.of("ResolverQueryLogConfigAssociation")
    assert association.inputs == {"resolverQueryLogConfigId": f"{config.name}-id", "resourceId": "network-vpc-id"}
    assert config.inputs["destinationArn"].endswith("network-vpc-dns-logs")
