"""What holds for every resource of every stack, whichever component made it."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import warnings
from collections import Counter
from dataclasses import fields, is_dataclass
from ipaddress import ip_network
from typing import Any

import pulumi
import pytest

from policy.rules import STATEFUL, WITHOUT_RESOURCE_LEVEL
from tests.graphs.program import organization_outputs
from tests.graphs.recording import ROOT, Recording, Registered, record, statements

REQUIRED_TAGS = {"Project", "Environment", "Owner", "CostCenter", "Repository", "ManagedBy"}
LABELLED_BY_TAGS = {
    "gcp:compute/externalVpnGateway:ExternalVpnGateway",
    "gcp:compute/haVpnGateway:HaVpnGateway",
    "gcp:compute/vPNTunnel:VPNTunnel",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:pubsub/subscription:Subscription",
    "gcp:pubsub/topic:Topic",
}
CODE_BUCKET = "artifacts-code"
"""Made again from the repository at each update."""
GUARDS = {
    "BucketPublicAccessBlock",
    "BucketOwnershipControls",
    "BucketVersioning",
    "BucketServerSideEncryptionConfiguration",
    "BucketPolicy",
    "BucketLifecycleConfiguration",
}
WITHIN_ITSELF = ("Key", "VpcEndpoint")
"""A key's "*" is the key; an endpoint's policy grants nothing, and test_network.py holds it to the organization."""
S3_OWN_KEYS = {"novaretail-{environment}-access-logs"}
"""Buckets without a key of ours: S3 delivers access logs to no bucket whose default is a KMS key."""


def _sdk_arguments(type_: str) -> dict[str, Any]:
    package, module, name = re.fullmatch(r"([\w-]+):([\w-]+)/\w+:(\w+)", type_).groups()  # type: ignore[union-attr]
    module = {"lambda": "lambda_"}.get(module, module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's own, of classes that are not used here
        sdk = importlib.import_module(f"pulumi_{package}.{module.lower()}")
        class_ = getattr(sdk, name)  # the module is loaded here, not by its import
    return dict(inspect.signature(class_._internal_init).parameters)


def _custom(recording: Recording) -> list[Registered]:
    return [r for r in recording.resources if r.custom and not r.type.startswith("pulumi:providers:")]


def test_every_resource_that_takes_tags_has_the_required_ones(stack: Recording) -> None:
    untagged = [
        r.name
        for r in _custom(stack)
        if r.type.startswith("aws:")
        and "tags" in _sdk_arguments(r.type)
        and not r.inputs.get("tags", {}).keys() >= REQUIRED_TAGS
    ]
    assert untagged == []


def test_no_resource_has_more_than_ten_object_tags_or_fifty_tags(stack: Recording) -> None:
    # S3 objects take 10 tags, other resources 50.
    for r in _custom(stack):
        assert len(r.inputs.get("tags", {})) <= (10 if r.kind == "BucketObjectv2" else 50), r.name


def test_google_resources_carry_the_same_tags_as_labels(prod: Recording) -> None:
    labelled = [r for r in _custom(prod) if r.type in LABELLED_BY_TAGS]
    assert labelled
    for r in labelled:
        assert {key.lower() for key in REQUIRED_TAGS} <= r.inputs["labels"].keys(), r.name
        for text in [*r.inputs["labels"], *r.inputs["labels"].values()]:
            assert re.fullmatch(r"[a-z0-9_-]{1,63}", text), (r.name, text)


def test_every_resource_has_a_name_of_its_own_and_a_component_as_parent(stack: Recording) -> None:
    assert [key for key, n in Counter((r.type, r.name) for r in stack.resources).items() if n > 1] == []
    components = {r.name for r in stack.resources if not r.custom}
    assert [r.name for r in _custom(stack) if r.parent not in components] == []
    # The engine keys resources by type and name; people and logs by the name alone.
    assert [name for name, n in Counter(r.name for r in stack.resources).items() if n > 1] == []


def test_every_aws_resource_of_a_data_stack_is_made_in_the_account_that_its_settings_name(
    data_stack: Recording,
) -> None:
    (provider,) = data_stack.of("providers:aws")
    account = data_stack.one("bridge-provider").inputs["aws"]["accountId"]
    assert json.loads(provider.inputs["allowedAccountIds"]) == [account]
    assert provider.inputs["region"] == "eu-west-1"
    elsewhere = [r.name for r in _custom(data_stack) if r.type.startswith("aws:") and r.provider != provider.name]
    assert elsewhere == [], "give their component the `where` of its stack"


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_prod_and_nonprod_deploy_by_the_role_that_the_organization_gives_them(stack: str) -> None:
    (assumed,) = record(stack).one("account").json("assumeRoles")
    assert assumed["roleArn"] == organization_outputs()["deploy_roles"][f"{stack}-core"]


def test_the_local_platform_is_deployed_without_a_role(local: Recording) -> None:
    assert "assumeRoles" not in local.one("account").inputs


def test_everything_stateful_is_protected_and_kept_where_data_is_kept(prod: Recording, organization: Recording) -> None:
    for recording in (prod, organization):
        stateful = [r for r in recording.resources if r.type in STATEFUL and r.name != CODE_BUCKET]
        assert stateful
        assert [r.name for r in stateful if not (r.protect and r.retain_on_delete)] == []


def test_what_guards_a_kept_bucket_is_kept_with_it(prod: Recording) -> None:
    kept = {b.inputs["bucket"] for b in prod.of("s3/bucket:Bucket") if b.name != CODE_BUCKET}
    assert len(kept) >= 4
    for kind in GUARDS:
        guards = {g.inputs["bucket"]: g for g in prod.of(kind)}
        assert kept <= guards.keys(), kind
        assert [g.name for b, g in guards.items() if b in kept and not (g.protect and g.retain_on_delete)] == []


def test_nothing_is_protected_where_data_need_not_be_kept(local: Recording) -> None:
    # Key Vault deletes no secret for who comes from outside its network: it goes with its vault.
    kept = [r for r in local.resources if r.retain_on_delete and r.type != "azure-native:keyvault:Secret"]
    assert [r.name for r in local.resources if r.protect] == [r.name for r in kept] == []


def test_every_role_is_bounded_and_trusts_services_for_this_account_only(data_stack: Recording) -> None:
    roles = data_stack.of("Role")
    account = data_stack.one("bridge-provider").inputs["aws"]["accountId"]
    assert roles
    assert [role.name for role in roles if not role.inputs["permissionsBoundary"]] == []
    for role in roles:
        if role.parent == "people":
            continue  # tests/components/test_people.py
        (statement,) = role.json("assumeRolePolicy")["Statement"]
        assert set(statement["Principal"]) == {"Service"}, role.name
        # These do not say that they send the account: with StringEquals alone, they might not get the role.
        silent = {f"{service}.amazonaws.com" for service in ("cloudtrail", "dms", "glue")}
        silent &= set(statement["Principal"]["Service"])
        equals = "StringEqualsIfExists" if silent else "StringEquals"
        assert statement["Condition"][equals] == {"aws:SourceAccount": account}, role.name


def test_no_statement_allows_every_resource_where_the_action_has_a_resource_level(data_stack: Recording) -> None:
    wide = [
        (resource.name, action)
        for resource, _, statement in statements(data_stack)
        if resource.kind not in WITHIN_ITSELF
        and statement["Effect"] == "Allow"
        and "*" in statement.get("Resource", [])
        for action in statement["Action"]
        if not WITHOUT_RESOURCE_LEVEL.fullmatch(action)
    ]
    assert wide == []


def test_no_role_policy_allows_a_whole_service(data_stack: Recording) -> None:
    wide = [
        (resource.name, action)
        for resource, _, statement in statements(data_stack)
        if resource.kind == "RolePolicy"
        for action in statement["Action"]
        if action == "*" or action.endswith(":*")
    ]
    assert wide == []


def test_nothing_is_public(stack: Recording) -> None:
    for resource, _, statement in statements(stack):
        principal = statement.get("Principal")
        if statement["Effect"] == "Allow" and principal is not None and resource.kind != "VpcEndpoint":
            assert "*" not in json.dumps(principal), resource.name
    for block in stack.of("BucketPublicAccessBlock"):
        flags = {key: value for key, value in block.inputs.items() if key != "bucket"}
        assert set(flags.values()) == {True}, block.name
        assert len(flags) == 4, block.name
    assert {b.inputs["bucket"] for b in stack.of("s3/bucketPublicAccessBlock:BucketPublicAccessBlock")} == {
        b.inputs["bucket"] for b in stack.of("s3/bucket:Bucket")
    }
    for kind in ("InternetGateway", "NatGateway", "Eip", "EgressOnlyInternetGateway", "FunctionUrl"):
        # Azure's runtime calls Azure by one address; nobody calls it (test_azure_link.py).
        assert [r.name for r in stack.of(kind) if not r.type.startswith("azure-native:")] == []
    assert [r.name for r in stack.resources if r.inputs.get("publiclyAccessible") not in (None, False)] == []
    assert [r.name for r in stack.of("ec2/subnet:Subnet") if r.inputs["mapPublicIpOnLaunch"]] == []


def test_no_security_group_opens_to_or_from_everybody(data_stack: Recording) -> None:
    for rule in [*data_stack.of("SecurityGroupIngressRule"), *data_stack.of("SecurityGroupEgressRule")]:
        planned = "199.36.153.8/30" if rule.name != "exchange-access-runtime" else rule.inputs["cidrIpv4"]
        assert rule.inputs.get("cidrIpv4") in (None, planned), rule.name
        assert ip_network(rule.inputs.get("cidrIpv4", planned)).prefixlen >= 24, rule.name
        assert rule.inputs["ipProtocol"] == "tcp", rule.name
    for group in data_stack.of("SecurityGroup"):
        assert not group.inputs.get("ingress"), group.name
        assert not group.inputs.get("egress"), group.name


def test_everything_at_rest_is_encrypted_with_a_key_of_ours(data_stack: Recording) -> None:
    key_of = {
        "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
        "aws:sqs/queue:Queue": "kmsMasterKeyId",
        "aws:lambda/function:Function": "kmsKeyArn",
        "aws:redshiftserverless/namespace:Namespace": "kmsKeyId",
    }
    keys = {f"arn:aws:kms:eu-west-1:000000000000:{key.name}" for key in data_stack.of("Key")}
    found = Counter(r.type for r in data_stack.resources if r.type in key_of)
    assert found.keys() == key_of.keys()
    assert [r.name for r in data_stack.resources if r.type in key_of and r.inputs.get(key_of[r.type]) not in keys] == []
    (cluster,) = data_stack.of("msk/cluster:Cluster")
    assert cluster.inputs["encryptionInfo"]["encryptionAtRestKmsKeyArn"] in keys
    encrypted = {}
    environment = data_stack.one("lake-raw").inputs["tags"]["Environment"]
    by_s3 = {name.format(environment=environment) for name in S3_OWN_KEYS}
    for configuration in data_stack.of("BucketServerSideEncryptionConfiguration"):
        (rule,) = configuration.inputs["rules"]
        if configuration.inputs["bucket"] in by_s3:
            assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}, configuration.name
            continue
        encrypted[configuration.inputs["bucket"]] = rule["applyServerSideEncryptionByDefault"]
        assert rule["bucketKeyEnabled"], configuration.name
    assert encrypted.keys() | by_s3 == {bucket.inputs["bucket"] for bucket in data_stack.of("s3/bucket:Bucket")}
    assert all(e["sseAlgorithm"] == "aws:kms" and e["kmsMasterKeyId"] in keys for e in encrypted.values())


def test_every_log_group_has_a_retention(data_stack: Recording) -> None:
    groups = data_stack.of("LogGroup")
    assert groups
    assert [g.name for g in groups if not g.inputs.get("retentionInDays")] == []


def test_physical_names_are_within_the_limits_of_their_services(stack: Recording) -> None:
    limits = {
        "aws:s3/bucket:Bucket": ("bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
        "aws:iam/role:Role": ("name", r"[\w+=,.@-]{1,64}"),
        "aws:kms/alias:Alias": ("name", r"alias/[a-zA-Z0-9/_-]{1,250}"),
        "aws:glue/catalogDatabase:CatalogDatabase": ("name", r"[a-z0-9_]{1,255}"),
        "aws:glue/catalogTable:CatalogTable": ("name", r"[a-z0-9_]{1,255}"),
        "aws:msk/cluster:Cluster": ("clusterName", r"[a-zA-Z0-9-]{1,64}"),
        "aws:msk/topic:Topic": ("name", r"[a-zA-Z0-9._-]{1,249}"),
        "aws:mskconnect/connector:Connector": ("name", r"[a-zA-Z0-9-]{1,128}"),
        "aws:lambda/function:Function": ("name", r"[a-zA-Z0-9-_]{1,64}"),
        "aws:sfn/stateMachine:StateMachine": ("name", r"[a-zA-Z0-9-_]{1,80}"),
        "aws:sqs/queue:Queue": ("name", r"[a-zA-Z0-9-_]{1,80}"),
        "aws:redshiftserverless/namespace:Namespace": ("namespaceName", r"[a-z0-9-]{3,64}"),
        "aws:redshiftserverless/workgroup:Workgroup": ("workgroupName", r"[a-z0-9-]{3,64}"),
        "aws:cloudwatch/logGroup:LogGroup": ("name", r"[\w./#-]{1,512}"),
        "gcp:compute/routerInterface:RouterInterface": ("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
        "gcp:compute/routerPeer:RouterPeer": ("name", r"[a-z][-a-z0-9]{0,61}[a-z0-9]"),
        "gcp:compute/vPNTunnel:VPNTunnel": ("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
        "gcp:pubsub/topic:Topic": ("name", r"(?!goog)[a-zA-Z][\w.~+%-]{2,254}"),
        "gcp:pubsub/subscription:Subscription": ("name", r"(?!goog)[a-zA-Z][\w.~+%-]{2,254}"),
        "gcp:pubsub/schema:Schema": ("name", r"(?!goog)[a-zA-Z][\w.~+%-]{2,254}"),
        "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": ("workloadIdentityPoolId", r"(?!gcp-)[a-z0-9-]{4,32}"),
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
            "workloadIdentityPoolProviderId",
            r"(?!gcp-)[a-z0-9-]{4,32}",
        ),
        "gcp:serviceaccount/account:Account": ("accountId", r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
    }
    for r in stack.resources:
        if r.type in limits:
            argument, pattern = limits[r.type]
            if argument in r.inputs:
                assert re.fullmatch(pattern, r.inputs[argument]), (r.name, r.inputs[argument])
    # Auto-named resources get eight more characters.
    assert [r.name for r in stack.of("Role") if "name" not in r.inputs and len(r.name) > 56] == []


def test_the_inline_policies_of_a_role_are_within_iams_limit_together(data_stack: Recording) -> None:
    total: Counter[str] = Counter()
    for policy in data_stack.of("RolePolicy"):
        total[policy.inputs["role"]] += len(policy.inputs["policy"])
    assert {role: size for role, size in total.items() if size > 10240} == {}


def test_stacks_differ_in_configuration_only() -> None:
    program = (ROOT / "__main__.py").read_text()
    for path in (*(ROOT / "components").rglob("*.py"), *(ROOT / "stacks").rglob("*.py")):
        program += path.read_text()
    for environment in ("prod", "nonprod", "local"):
        assert not re.search(rf"""environment\s*(==|!=|in)\s*[("\[']*{environment}""", program)


def _modules() -> list[str]:
    files = (ROOT / "components").rglob("*.py")
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files if path.stem != "__init__")


@pytest.mark.parametrize("module", _modules())
def test_a_component_takes_name_args_and_opts_and_its_args_are_frozen_and_by_keyword(module: str) -> None:
    loaded = importlib.import_module(module)
    for name, value in inspect.getmembers(loaded, inspect.isclass):
        if value.__module__ != loaded.__name__:
            continue
        if issubclass(value, pulumi.ComponentResource):
            assert list(inspect.signature(value.__init__).parameters) == ["self", "name", "args", "opts"], name
        if name.endswith("Args"):
            assert is_dataclass(value)
            assert value.__dataclass_params__.frozen, name  # type: ignore[attr-defined]
            assert all(field.kw_only for field in fields(value)), name


@pytest.mark.parametrize("module", _modules())
def test_components_of_a_room_do_not_know_each_other(module: str) -> None:
    """import-linter keeps the rooms apart; inside of one, a component takes another's outputs, never its class.

    `AwsEnd` is a part of both links, and made by them.
    """
    loaded = importlib.import_module(module)
    known = {
        name
        for name, value in inspect.getmembers(loaded, inspect.isclass)
        if issubclass(value, pulumi.ComponentResource) and value.__module__ not in (module, "pulumi.resource")
    }
    assert known <= {"AwsEnd"}
