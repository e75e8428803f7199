"""A VPC without a way to the internet."""

from __future__ import annotations

from tests.components.recording import Recording


def test_every_subnet_is_private_and_has_its_zone_and_block(prod: Recording) -> None:
    subnets = {s.name: s.inputs for s in prod.of("Subnet")}
    assert len(subnets) == 15
    assert subnets["network-streaming-eu-west-1b"]["cidrBlock"] == "10.20.65.0/24"
    assert subnets["network-streaming-eu-west-1b"]["availabilityZone"] == "eu-west-1b"
    routed = {a.inputs["subnetId"] for a in prod.of("RouteTableAssociation")}
    assert routed == {f"{name}-id" for name in subnets}


def test_the_only_way_out_is_to_aws_services(data_stack: Recording) -> None:
    assert data_stack.of("Route") == []
    for table in data_stack.of("RouteTable"):
        assert not table.inputs.get("routes")


def test_services_that_the_data_path_calls_have_endpoints(data_stack: Recording) -> None:
    endpoints = {
        e.inputs["serviceName"].removeprefix("com.amazonaws.eu-west-1."): e
        for e in data_stack.of("VpcEndpoint")
        if e.name != "network-s3-interface"
    }
    assert {"s3", "glue", "kms", "logs", "sts", "lambda", "secretsmanager", "states", "redshift-data", "sqs"} <= set(
        endpoints
    )
    assert endpoints["s3"].inputs["vpcEndpointType"] == "Gateway"
    for name in endpoints.keys() - {"s3"}:
        assert endpoints[name].inputs["privateDnsEnabled"] is True
        assert len(endpoints[name].inputs["subnetIds"]) == 3


def test_the_default_group_lets_nobody_talk(data_stack: Recording) -> None:
    default = data_stack.one("network-default-group").inputs
    assert (default["ingress"], default["egress"]) == ([], [])


def test_clients_reach_brokers_at_the_port_of_their_authentication_only(prod: Recording, local: Recording) -> None:
    for recording, port in ((prod, 9098), (local, 9092)):
        rules = [
            r.inputs
            for r in recording.of("SecurityGroupIngressRule")
            if r.inputs["securityGroupId"] == "network-streaming-id"
            and r.inputs["referencedSecurityGroupId"] == "network-applications-id"
        ]
        assert [(rule["fromPort"], rule["toPort"]) for rule in rules] == [(port, port)]


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
    }
    assert out == into


def test_traffic_is_logged(data_stack: Recording) -> None:
    flow = data_stack.one("network-flow-log").inputs
    assert flow["trafficType"] == "ALL"
    assert "network-flow-logs-write" in data_stack.one("network-flow-log").depends_on
