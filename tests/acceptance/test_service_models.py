"""AWS's own rules, as botocore and CloudFormation ship them, hold for every resource of every stack."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator

from tests.acceptance import models, schemas, templates
from tests.acceptance.models import Checked
from tests.graphs.recording import STACKS, record
from tests.graphs.sent import Finding, Made, made, unknowns

EXEMPT: dict[tuple[str, str, str], str] = {}
"""(type, path, rule) of a finding that AWS does not mind, with the reason."""

LEAST_ASKED = {"models": 0.99, "schemas": 0.97}
"""The share of all arguments that a rule book must know, so that no finding means no fault."""

MODELS = "models"
SCHEMAS = "schemas"


def asked(book: str, resource: Made, stack: str) -> Checked | None:
    """What a rule book says of one resource; None if it does not have its type."""
    invented = unknowns(record(stack))
    if book == MODELS:
        call = models.call_of(resource.type)
        return models.check(resource, call, invented) if call else None
    template = templates.template(resource.type)
    return schemas.check(resource, template, invented) if template else None


@functools.cache
def answers(book: str, stack: str) -> list[tuple[Made, Checked]]:
    found = [(resource, asked(book, resource, stack)) for resource in made(record(stack))]
    return [(resource, checked) for resource, checked in found if checked]


@functools.cache
def kinds() -> dict[str, str]:
    """Every AWS type of all stacks, with the first stack that has it."""
    return {resource.type: stack for stack in reversed(STACKS) for resource in made(record(stack))}


def first(type_: str) -> tuple[Made, str]:
    """A resource of a type, as the committed program has it."""
    stack = kinds()[type_]
    return next(resource for resource in made(record(stack)) if resource.type == type_), stack


def changed(resource: Made, path: str, value: Any) -> Made:
    """The resource with another value at a path; without the argument if the value is None."""
    arguments = copy.deepcopy(dict(resource.arguments))
    at: Any = arguments
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return Made(resource.name, resource.type, arguments)


def test_there_is_a_call_for_every_type() -> None:
    unknown = sorted(type_ for type_ in kinds() if models.call_of(type_) is None)
    assert unknown == [], "tests/acceptance/operations.py does not say which call makes them"


def test_most_types_have_a_cloudformation_schema() -> None:
    # What has none: objects, calls, associations, and what AWS itself makes (the default route table).
    without = sorted(type_ for type_ in kinds() if templates.template(type_) is None)
    assert len(without) < len(kinds()) / 3, without


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("book", [MODELS, SCHEMAS])
def test_aws_would_accept_every_argument(book: str, stack: str) -> None:
    findings = [finding for _, checked in answers(book, stack) for finding in checked.findings]
    assert [str(f) for f in findings if (f.type, f.path, f.rule) not in EXEMPT] == []


@pytest.mark.parametrize("book", [MODELS, SCHEMAS])
def test_nearly_every_argument_is_asked_about(book: str) -> None:
    all_of = [checked for stack in STACKS for _, checked in answers(book, stack)]
    matched = sum(checked.matched for checked in all_of)
    unmatched = sorted(
        {f"{r.type} {path}" for stack in STACKS for r, checked in answers(book, stack) for path in checked.unmatched}
    )
    total = matched + sum(len(checked.unmatched) for checked in all_of)
    assert matched / total >= LEAST_ASKED[book], f"{total - matched} of {total} have no rule: {unmatched}"


def test_no_exemption_is_stale() -> None:
    found = {
        (f.type, f.path, f.rule)
        for book in (MODELS, SCHEMAS)
        for stack in STACKS
        for _, checked in answers(book, stack)
        for f in checked.findings
    }
    assert sorted(EXEMPT.keys() - found) == []


WRONG: list[tuple[str, str, str, Any, str]] = [
    (MODELS, "aws:glue/job:Job", "workerType", "G.9X", "enum"),
    (MODELS, "aws:glue/job:Job", "command", None, "required"),
    (MODELS, "aws:msk/cluster:Cluster", "enhancedMonitoring", "EVERYTHING", "enum"),
    (MODELS, "aws:msk/cluster:Cluster", "numberOfBrokerNodes", 31, "max"),
    (MODELS, "aws:msk/cluster:Cluster", "clusterName", "n" * 65, "max"),
    (MODELS, "aws:iam/role:Role", "name", "a role", "pattern"),
    (MODELS, "aws:iam/role:Role", "tags", {"Owner": "x" * 257}, "max"),
    (MODELS, "aws:lambda/function:Function", "memorySize", 64, "min"),
    (MODELS, "aws:lambda/eventSourceMapping:EventSourceMapping", "batchSize", 20000, "max"),
    (MODELS, "aws:kms/alias:Alias", "name", "alias/a b", "pattern"),
    (MODELS, "aws:mskconnect/connector:Connector", "capacity.autoscaling.mcuCount", 9, "max"),
    (MODELS, "aws:redshiftserverless/workgroup:Workgroup", "workgroupName", "Prod", "pattern"),
    (MODELS, "aws:redshiftserverless/workgroup:Workgroup", "baseCapacity", "many", "type"),
    (SCHEMAS, "aws:s3/bucket:Bucket", "bucket", "Novaretail_Raw", "pattern"),
    (SCHEMAS, "aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 91, "enum"),
    (SCHEMAS, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "cidrIpv4", "10.0.0.0/8", "requiredXor"),
    (SCHEMAS, "aws:sqs/queue:Queue", "messageRetentionSeconds", 1209601, "maximum"),
    (SCHEMAS, "aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType", "Door", "enum"),
    (SCHEMAS, "aws:sns/topicSubscription:TopicSubscription", "protocol", None, "required"),
]


@pytest.mark.parametrize(("book", "type_", "path", "value", "rule"), WRONG)
def test_a_wrong_argument_is_found(book: str, type_: str, path: str, value: Any, rule: str) -> None:
    resource, stack = first(type_)
    before = asked(book, resource, stack)
    after = asked(book, changed(resource, path, value), stack)
    assert before is not None
    assert after is not None
    new = [finding for finding in after.findings if finding not in before.findings]
    assert rule in {finding.rule for finding in new}, new


def test_a_made_up_id_is_no_mistake_but_the_program_s_own_text_is() -> None:
    role, stack = first("aws:lambda/function:Function")
    for value, expected in ((f"{record(stack).resources[0].name}-id", set()), ("no arn", {"pattern"})):
        checked = asked(MODELS, changed(role, "role", value), stack)
        assert checked is not None
        assert {finding.rule for finding in checked.findings} == expected


def state_machine_problems(definition: Mapping[str, Any]) -> list[str]:
    file = templates.FOLDER / "other" / "step_functions" / "statemachine.json"
    return [error.message for error in StandardValidator(json.loads(file.read_text("utf-8"))).iter_errors(definition)]


@pytest.mark.parametrize("stack", ["prod", "nonprod", "local"])
def test_state_machines_are_written_in_amazon_s_language(stack: str) -> None:
    machines = record(stack).of("StateMachine")
    assert machines
    for machine in machines:
        definition = machine.json("definition")
        assert state_machine_problems(definition) == [], machine.name
        broken = copy.deepcopy(definition)
        next(iter(broken["States"].values()))["Type"] = "Loop"
        assert state_machine_problems(broken), "a wrong type of state passes"


def test_a_finding_names_resource_argument_and_rule() -> None:
    finding = Finding("jobs-curate", "aws:glue/job:Job", "timeout", "min", "has 0, min is 1")
    assert str(finding) == "aws:glue/job:Job jobs-curate: timeout has 0, min is 1 [min]"
