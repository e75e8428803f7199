"""The policy pack: each rule with resources that keep it and resources that break it, and the pack on the engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.clouds.engine.engine import Engine, EngineError
from local.site import ROOT, Site
from policy.rules import REQUIRED_TAGS, RULES, STATEFUL, UNKNOWN, UNTAGGED, Resource, Rule
from tests.components import test_contracts as contracts
from tests.graphs.recording import record
from tests.policy.untagged import untagged

PACK = ROOT / "policy"
TAGS = dict.fromkeys(REQUIRED_TAGS, "x")
RULE = {rule.name: rule for rule in RULES}


def of(type_: str, protect: bool = False, stack: str = "prod", **props: Any) -> Resource:
    return Resource(type_, "it", props, protect, f"urn:pulumi:{stack}::novaretail::{type_}::it")


def policy(action: Any, resource: Any = "arn:aws:s3:::novaretail-prod-code/*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def problems(rule: Rule, *resources: Resource) -> list[str]:
    if rule.across:
        return [problem for _, problem in rule.across(resources)]
    assert rule.check
    return [problem for resource in resources for problem in rule.check(resource)]


BUCKET = of("aws:s3/bucket:Bucket", bucket="b")
OPEN_BLOCK = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True}
GUARDS = [
    of(f"aws:s3/x:{kind}", bucket="b")
    for kind in (
        "BucketPublicAccessBlock",
        "BucketOwnershipControls",
        "BucketVersioning",
        "BucketServerSideEncryptionConfiguration",
        "BucketPolicy",
    )
]
AES = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]

KEPT: list[tuple[str, list[Resource]]] = [
    ("private", [of("aws:s3/bucketPublicAccessBlock:B", **OPEN_BLOCK, restrictPublicBuckets=True)]),
    ("private", [of("aws:vpc/securityGroupEgressRule:R", cidrIpv4="199.36.153.8/30")]),
    ("private", [of("aws:s3/bucketPolicy:P", policy=policy("s3:GetObject", Principal="*", Condition={"Bool": {}}))]),
    ("encrypted", [of("aws:cloudwatch/logGroup:LogGroup", kmsKeyId=UNKNOWN)]),
    ("encrypted", [of("aws:rds/instance:Instance", kmsKeyId=UNKNOWN, storageEncrypted=True)]),
    (
        "encrypted",
        [of("aws:s3/b:BucketServerSideEncryptionConfiguration", bucket="novaretail-prod-access-logs", rules=AES)],
    ),
    ("tagged", [of("aws:sqs/queue:Queue", tags=TAGS)]),
    ("tagged", [of("aws:iam/rolePolicy:RolePolicy"), of("gcp:pubsub/topic:Topic"), of("platform:lake:Lake")]),
    ("bounded", [of("aws:iam/role:Role", permissionsBoundary=UNKNOWN)]),
    ("bounded", [of("aws:iam/user:User", name="novaretail-prod-data-factory", permissionsBoundary=UNKNOWN)]),
    ("bounded", [of("aws:iam/accessKey:AccessKey", user="novaretail-prod-data-factory")]),
    ("narrow", [of("aws:iam/rolePolicy:RolePolicy", policy=policy(["s3:GetObject"]))]),
    ("narrow", [of("aws:iam/rolePolicy:RolePolicy", policy=policy("ec2:DescribeSubnets", ["*"]))]),
    ("narrow", [of("aws:iam/rolePolicy:RolePolicy", policy=UNKNOWN)]),
    ("retained", [of("aws:cloudwatch/logGroup:LogGroup", retentionInDays=90)]),
    ("protected", [of("aws:kms/key:Key", protect=True), of("aws:kms/key:Key", stack="nonprod")]),
    ("protected", [of("aws:s3/bucket:Bucket", bucket="novaretail-prod-code")]),
    ("guarded", [BUCKET, *GUARDS]),
    ("guarded", [BUCKET, *GUARDS[1:], of("aws:s3/x:BucketPublicAccessBlock", bucket=UNKNOWN)]),
]
BROKEN: list[tuple[str, list[Resource], str]] = [
    ("private", [of("aws:ec2/natGateway:NatGateway")], "no way to or from the internet"),
    ("private", [of("aws:rds/instance:Instance", publiclyAccessible=True)], "publiclyAccessible must be false"),
    ("private", [of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", **OPEN_BLOCK)], "restrictPublicBuckets"),
    ("private", [of("aws:vpc/securityGroupIngressRule:R", cidrIpv4="0.0.0.0/0")], "everybody"),
    ("private", [of("aws:ec2/securityGroup:G", egress=[{"ipv6CidrBlocks": ["::/0"]}])], "everybody"),
    ("private", [of("aws:s3/bucketPolicy:P", policy=policy("s3:GetObject", Principal={"AWS": "*"}))], "everybody"),
    ("encrypted", [of("aws:sqs/queue:Queue")], "kmsMasterKeyId must name a key"),
    ("encrypted", [of("gcp:pubsub/topic:Topic", name="orders")], "kmsKeyName must name a key"),
    ("encrypted", [of("aws:rds/instance:Instance", kmsKeyId=UNKNOWN)], "storageEncrypted"),
    ("encrypted", [of("aws:msk/cluster:Cluster", encryptionInfo={"encryptionAtRestKmsKeyArn": UNKNOWN})], "TLS"),
    (
        "encrypted",
        [of("aws:s3/b:BucketServerSideEncryptionConfiguration", rules=AES)],
        "must be aws:kms",
    ),
    ("tagged", [of("aws:sqs/queue:Queue", tags={"Owner": "x"})], "CostCenter"),
    ("tagged", [of("aws:new/thing:Thing")], "Project, Environment"),
    ("bounded", [of("aws:iam/role:Role")], "boundary"),
    ("bounded", [of("aws:iam/user:User", name="somebody", permissionsBoundary=UNKNOWN)], "no users"),
    ("bounded", [of("aws:iam/user:User", name="novaretail-prod-data-factory")], "boundary"),
    ("bounded", [of("aws:iam/accessKey:AccessKey", user="somebody")], "no standing keys"),
    ("narrow", [of("aws:iam/userPolicy:UserPolicy", policy=policy("s3:*"))], "a whole service"),
    ("narrow", [of("aws:iam/rolePolicy:RolePolicy", policy=policy("s3:*"))], "a whole service"),
    ("narrow", [of("aws:iam/policy:Policy", policy=policy("s3:GetObject", "*"))], "on every resource"),
    ("narrow", [of("aws:iam/policy:Policy", policy=policy("*"))], "a whole service"),
    ("narrow", [of("aws:iam/rolePolicy:RolePolicy", policy=policy("s3:GetObject", NotResource="x"))], "NotResource"),
    (
        "narrow",
        [
            of(
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                policyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess",
            )
        ],
        "whole service or more",
    ),
    ("retained", [of("aws:cloudwatch/logGroup:LogGroup")], "retentionInDays"),
    ("protected", [of("aws:s3/bucket:Bucket", bucket="novaretail-prod-datalake-raw")], "Place.stateful"),
    *[("guarded", [BUCKET, *(g for g in GUARDS if g is not gone)], gone.type[9:]) for gone in GUARDS],
]


@pytest.mark.parametrize(("rule", "resources"), KEPT)
def test_what_keeps_a_rule_passes(rule: str, resources: list[Resource]) -> None:
    assert problems(RULE[rule], *resources) == []


@pytest.mark.parametrize(("rule", "resources", "said"), BROKEN)
def test_what_breaks_a_rule_is_told_why(rule: str, resources: list[Resource], said: str) -> None:
    found = problems(RULE[rule], *resources)
    assert len(found) == 1, found
    assert said in found[0]


def test_every_rule_is_shown_to_pass_and_to_fail() -> None:
    assert {rule for rule, _ in KEPT} == {rule for rule, _, _ in BROKEN} == RULE.keys()


BESIDE = {
    "aws:cloudtrail/trail:Trail",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
}
"""What guards data and tells who touched it: kept with it here and there, and no rule of the pack."""


def test_the_pack_knows_which_types_take_tags() -> None:
    assert sorted(UNTAGGED) == untagged(), "run: .venv/bin/python -m tests.policy.untagged"
    for type_ in ("aws:iam/rolePolicy:RolePolicy", "aws:iam/role:Role", "aws:s3/bucket:Bucket", "aws:kms/alias:Alias"):
        assert ("tags" in contracts._sdk_arguments(type_)) is (type_ not in UNTAGGED), type_


def test_the_pack_protects_what_the_program_protects() -> None:
    kept = {r.type for stack in ("prod", "organization") for r in record(stack).resources if r.protect and r.custom}
    guards = {type_ for type_ in kept if type_.rpartition(":")[2] in contracts.GUARDS}
    assert sorted(kept - guards - STATEFUL - BESIDE) == []
    assert sorted(STATEFUL - kept) == []


def test_the_packs_environment_has_the_programs_sdk() -> None:
    ours = re.search(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    packs = re.search(r"^pulumi==(\S+)", (PACK / "requirements.txt").read_text(), re.M)
    assert ours
    assert packs
    assert ours[1] == packs[1]


@pytest.mark.engine
@pytest.mark.parametrize("stack", ["prod", "organization"])
def test_the_stacks_that_keep_data_keep_the_rules_on_the_engine(stack: str, tmp_path: Path) -> None:
    outcome = Engine(Site(state=tmp_path / "site"), stack, policy_packs=(PACK,)).preview(tmp_path / "plan.json")
    assert outcome.changes.keys() == {"create"}


@pytest.mark.engine
def test_a_broken_rule_stops_the_preview_and_is_named_with_its_resource(tmp_path: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    folder.joinpath("Pulumi.yaml").write_text("name: toy\nruntime: python\n")
    folder.joinpath("Pulumi.dev.yaml").write_text("config: {}\n")
    folder.joinpath("__main__.py").write_text(
        "import pulumi_aws as aws\n"
        f"tags = {TAGS!r}\n"
        "group = aws.cloudwatch.LogGroup('logs', tags=tags, retention_in_days=90)\n"
        "aws.s3.Bucket('open', bucket='open', tags=tags)\n"
    )
    with pytest.raises(EngineError) as raised:
        Engine(Site(state=tmp_path / "site"), "dev", folder, policy_packs=(PACK,)).preview(tmp_path / "plan.json")
    text = str(raised.value)
    assert "aws:cloudwatch/logGroup:LogGroup resource 'logs': encrypted: kmsKeyId must name a key" in text
    assert "guarded: the bucket has no versions" in text
    assert "retained" not in text
