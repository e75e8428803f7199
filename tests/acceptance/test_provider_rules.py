"""The provider's own rules, which no model of AWS has, hold for every resource of every stack."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.acceptance import provider_rules
from tests.graphs.recording import STACKS, record
from tests.graphs.sent import SHAPES, Made, Unknowns, arguments, made, unknowns

NOTHING = Unknowns(frozenset(), re.compile("(?!)"))


def all_of(stack: str) -> list[Made]:
    """Google's resources too."""
    recording = record(stack)
    others = [Made(r.name, r.type, arguments(r)) for r in recording.resources if r.type.startswith("gcp:")]
    return [*made(recording), *others]


@pytest.mark.parametrize("stack", STACKS)
def test_the_provider_would_accept_every_resource(stack: str) -> None:
    invented = unknowns(record(stack))
    findings = [finding for resource in all_of(stack) for finding in provider_rules.check(resource, invented)]
    assert [str(finding) for finding in findings] == []


def test_every_rule_names_arguments_that_its_type_has() -> None:
    unknown = []
    for type_, rules in provider_rules.rules().items():
        shape = SHAPES.get(type_)
        assert shape is not None, type_
        for rule in rules:
            named = rule.get(rule["kind"]) if rule["kind"] in provider_rules.PAIRS else [rule.get("argument", "")]
            if rule["kind"] == "needs":
                named = [name for needing, others in rule["needs"].items() for name in (needing, *others)]
            unknown += [f"{type_} {n}" for n in named if n.split(".")[0].removesuffix("[]") not in shape.inputs]
    assert unknown == []


def test_every_entry_says_where_it_is_from() -> None:
    for entry in yaml.safe_load(provider_rules.FILE.read_text("utf-8")):
        assert re.match(r"internal/service/\S+\.go|cloud\.google\.com/|\w+ API, \w+:", entry["source"]), entry["type"]


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
TUNNELS = "aws:ec2/vpnConnection:VpnConnection"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


@pytest.mark.parametrize(
    ("type_", "given", "rule"),
    [
        (ALARM, {"metricName": "m", "metricQueries": [{"id": "a"}]}, "exactly_one"),
        (ALARM, {"metricQueries": [{"expression": "a", "metric": {"period": 60}}]}, "at_most_one"),
        (ALARM, {"metricQueries": [{"metric": {"period": 61}}]}, "one_of"),
        (ALARM, {"metricName": "m", "alarmActions": ["a"] * 6}, "items"),
        (RULE, {}, "exactly_one"),
        (RULE, {"cidrIpv4": "10.0.0.0/8", "fromPort": 443}, "together"),
        (RULE, {"cidrIpv4": "10.0.0.0/8", "description": "it's"}, "pattern"),
        (LIFECYCLE, {"rules": [{"id": "x", "filter": {"prefix": "a"}, "expiration": {}}]}, "exactly_one"),
        (LIFECYCLE, {"rules": [{"id": "x"}]}, "exactly_one"),
        (LIFECYCLE, {"rules": [{"id": "", "filter": {"prefix": "a"}}]}, "length"),
        (TUNNELS, {"tunnel1StartupAction": "begin"}, "one_of"),
        (TUNNELS, {"tunnel2Phase2EncryptionAlgorithms": ["AES256", "3DES"]}, "one_of"),
        (TUNNELS, {"tunnel1Phase2LifetimeSeconds": 7200}, "between"),
        (TUNNELS, {"tunnel2InsideCidr": "169.254.21.0/29"}, "pattern"),
        ("aws:iam/role:Role", {"description": "a “role”"}, "not_pattern"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "{"}, "json"),
        ("aws:iam/role:Role", {"maxSessionDuration": 60}, "between"),
        ("aws:rds/instance:Instance", {"kmsKeyId": "arn:k", "skipFinalSnapshot": True}, "needs"),
        ("aws:cloudwatch/eventRule:EventRule", {"name": "x"}, "at_least_one"),
    ],
)
def test_what_the_provider_refuses_is_found(type_: str, given: dict[str, Any], rule: str) -> None:
    found = provider_rules.check(Made("it", type_, given), NOTHING)
    assert rule in {finding.rule for finding in found}
    assert len({finding.rule for finding in found}) == 1, found


def test_what_it_accepts_is_not_found() -> None:
    expiring = {"id": "x", "filter": {"prefix": "a"}, "expiration": {"days": 3}}
    for type_, given in (
        (LIFECYCLE, {"rules": [expiring, {"id": "y", "filter": {"prefix": "b"}}]}),
        (RULE, {"cidrIpv4": "10.0.0.0/8", "fromPort": 443, "toPort": 443, "description": "Kafka"}),
        (ALARM, {"metricName": "m", "period": 300, "statistic": "Sum", "threshold": 0}),
    ):
        assert provider_rules.check(Made("it", type_, given), NOTHING) == []
