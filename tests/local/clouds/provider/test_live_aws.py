"""Keys, roles, functions, state machines, queues and the rest in a real AWS server."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.live import Live

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
MakeLive = Callable[[str], Live]
MakeClient = Callable[[str], Any]


def unique(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def role(live: MakeLive) -> dict[str, Any]:
    name, computed = live("aws:iam/role:Role").create({"name": unique("role"), "assumeRolePolicy": TRUST})
    return {"name": name, **computed}


def test_a_key_rotates_has_an_alias_and_is_gone_once_its_end_is_scheduled(live: MakeLive, client: MakeClient) -> None:
    keys, aliases, kms = live("aws:kms/key:Key"), live("aws:kms/alias:Alias"), client("kms")
    id, key = keys.create({"description": "lake", "enableKeyRotation": True, "rotationPeriodInDays": 365})
    alias, _ = aliases.create({"name": f"alias/{unique('lake')}", "targetKeyId": key["arn"]})

    assert kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == id

    keys.update(id, {"description": "lake"}, {"description": "raw", "enableKeyRotation": False, "policy": POLICY})

    assert not kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]
    assert kms.describe_key(KeyId=id)["KeyMetadata"]["Description"] == "raw"
    assert json.loads(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]) == json.loads(POLICY)

    aliases.delete(alias, {})
    keys.delete(id, {"deletionWindowInDays": 7})

    assert keys.read(id, {}) is None
    assert aliases.read(alias, {}) is None
    keys.delete(id, {})


def test_a_role_has_the_policies_that_are_put_on_it(live: MakeLive, client: MakeClient, role: dict[str, Any]) -> None:
    iam, name = client("iam"), role["name"]
    policies, inline = live("aws:iam/policy:Policy"), live("aws:iam/rolePolicy:RolePolicy")
    attachments = live("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    arn, _ = policies.create({"name": unique("policy"), "policy": POLICY})
    inner, _ = inline.create({"role": name, "name": "read", "policy": POLICY})
    attached, _ = attachments.create({"role": name, "policyArn": arn})

    assert iam.get_role_policy(RoleName=name, PolicyName="read")["PolicyDocument"] == json.loads(POLICY)
    assert [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]] == [arn]
    with pytest.raises(ClientError, match="DeleteConflict"):
        live("aws:iam/role:Role").delete(name, {})

    for kind, id in ((attachments, attached), (inline, inner), (policies, arn)):
        assert kind.read(id, {}) == {}
        kind.delete(id, {})
        assert kind.read(id, {}) is None
        kind.delete(id, {})
    live("aws:iam/role:Role").delete(name, {})

    assert live("aws:iam/role:Role").read(name, {}) is None


def test_a_policy_may_change_more_often_than_iam_keeps_versions(live: MakeLive, client: MakeClient) -> None:
    policies = live("aws:iam/policy:Policy")
    arn, _ = policies.create({"name": unique("policy"), "policy": POLICY})
    for number in range(7):
        document = POLICY.replace("s3:GetObject", f"s3:Get{number}")
        policies.update(arn, {}, {"policy": document})

    default = client("iam").get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = client("iam").get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]["Document"]
    assert found["Statement"][0]["Action"] == "s3:Get6"


def test_a_roles_own_policies_and_boundary_follow_the_program(live: MakeLive, client: MakeClient) -> None:
    roles, iam = live("aws:iam/role:Role"), client("iam")
    boundary, _ = live("aws:iam/policy:Policy").create({"name": unique("boundary"), "policy": POLICY})
    before = {
        "name": unique("role"),
        "assumeRolePolicy": json.loads(TRUST),
        "inlinePolicies": [{"name": "a", "policy": POLICY}],
        "permissionsBoundary": boundary,
        "tags": {"old": "1"},
    }
    name, _ = roles.create(before)

    assert iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary

    after = {
        "name": name,
        "assumeRolePolicy": TRUST,
        "inlinePolicies": [{"name": "b", "policy": POLICY}],
        "tags": {"new": "2"},
    }
    roles.update(name, before, after)
    role = iam.get_role(RoleName=name)["Role"]

    assert "PermissionsBoundary" not in role
    assert role["Tags"] == [{"Key": "new", "Value": "2"}]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["b"]
    roles.delete(name, after)


def test_a_function_has_the_code_layers_and_environment_that_the_program_points_at(
    live: MakeLive, client: MakeClient, program: Path, role: dict[str, Any]
) -> None:
    (program / "handler.py").write_text("def handler(event, context): return 1")
    code = Archive("h", assets={"handler.py": Asset("i", path="handler.py"), "contract.json": Asset("j", text="{}")})
    layers = live("aws:lambda/layerVersion:LayerVersion")
    layer, computed = layers.create(
        {"layerName": unique("packages"), "code": Archive("k", assets={"python/x.py": Asset("l", text="")})}
    )
    functions, name = live("aws:lambda/function:Function"), unique("function")
    arguments = {
        "name": name,
        "role": role["arn"],
        "runtime": "python3.11",
        "handler": "handler.handler",
        "code": code,
        "layers": [layer],
        "timeout": 30,
        "environment": {"variables": {"PUBSUB_PROJECT": "p"}},
    }
    id, made = functions.create(arguments)
    found = client("lambda").get_function(FunctionName=id)["Configuration"]

    assert computed["version"] == "1"
    assert made["arn"] == f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
    assert made["sourceCodeHash"] == base64.b64encode(hashlib.sha256(code.zip(program)).digest()).decode()
    assert found["Environment"]["Variables"] == {"PUBSUB_PROJECT": "p"}
    assert [layer["Arn"] for layer in found["Layers"]] == [layer]

    (program / "handler.py").write_text("def handler(event, context): return 2")
    changed = functions.update(id, arguments, {**arguments, "timeout": 60})

    assert changed["sourceCodeHash"] != made["sourceCodeHash"]
    assert client("lambda").get_function(FunctionName=id)["Configuration"]["Timeout"] == 60

    functions.delete(id, {})
    layers.delete(layer, {})

    assert functions.read(id, {}) is None
    assert layers.read(layer, {}) is None


def test_a_state_machine_runs_the_definition_of_the_program(
    live: MakeLive, client: MakeClient, role: dict[str, Any]
) -> None:
    machines, sfn = live("aws:sfn/stateMachine:StateMachine"), client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    arguments = {"name": unique("pipeline"), "definition": definition, "roleArn": role["arn"]}
    id, made = machines.create(arguments)
    other = definition.replace('"A"', '"B"')
    machines.update(id, arguments, {**arguments, "definition": other})

    assert made["arn"] == id
    assert sfn.describe_state_machine(stateMachineArn=id)["definition"] == other

    machines.delete(id, {})

    assert machines.read(id, {}) is None


def test_a_queue_sends_what_it_cannot_deliver_where_the_program_says(live: MakeLive, client: MakeClient) -> None:
    queues, sqs = live("aws:sqs/queue:Queue"), client("sqs")
    dead, made = queues.create({"name": unique("dead")})
    redrive = json.dumps({"deadLetterTargetArn": made["arn"], "maxReceiveCount": 3})
    url, _ = queues.create({"name": unique("queue"), "redrivePolicy": redrive, "visibilityTimeoutSeconds": 90})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == made["arn"]
    assert attributes["VisibilityTimeout"] == "90"

    queues.delete(url, {})
    queues.delete(dead, {})

    assert queues.read(url, {}) is None
    queues.delete(url, {})


def test_topics_and_log_groups_come_and_go(live: MakeLive, client: MakeClient) -> None:
    topics, groups = live("aws:sns/topic:Topic"), live("aws:cloudwatch/logGroup:LogGroup")
    topic, _ = topics.create({"name": unique("alarms"), "displayName": "Alarms"})
    name = f"/novaretail/{unique('log')}"
    group, made = groups.create({"name": name, "retentionInDays": 30})
    found = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]

    assert found["retentionInDays"] == 30
    assert made["arn"] == f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}"
    assert client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "Alarms"

    topics.delete(topic, {})
    groups.delete(group, {})

    assert topics.read(topic, {}) is None
    assert groups.read(group, {}) is None


def test_the_schema_registry_keeps_schemas(live: MakeLive) -> None:
    registries, schemas = live("aws:glue/registry:Registry"), live("aws:glue/schema:Schema")
    registry, _ = registries.create({"registryName": unique("topics")})
    definition = json.dumps({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"})
    schema, _ = schemas.create(
        {
            "registryArn": registry,
            "schemaName": "orders",
            "dataFormat": "JSON",
            "compatibility": "BACKWARD",
            "schemaDefinition": definition,
        }
    )

    assert schemas.read(schema, {}) == {}

    schemas.delete(schema, {})
    registries.delete(registry, {})

    assert schemas.read(schema, {}) is None
    assert registries.read(registry, {}) is None
