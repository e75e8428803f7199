"""What Azure Data Factory reaches and what it does not, in both modes, by the policies of the real graph.

Three documents must all agree: what the user was granted (and its boundary), what the bucket refuses, and what passes
the endpoint that its requests come through.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graphs.access import Graph, Role, graph
from tests.graphs.iam import Decision, Principal, Request, decide
from tests.graphs.recording import Recording

BUCKET = "arn:aws:s3:::novaretail-prod-datalake-analytics"
MANIFEST = f"{BUCKET}/exchange/orders/manifest.json"
FILE = f"{BUCKET}/exchange/orders/snapshot=20261124T1700/part-0.parquet"
INTERFACE, GATEWAY = "network-s3-interface-id", "network-s3-id"
LISTED = ["52.166.10.0/28", "20.50.100.7/32"]
"""Public addresses; those of documentation are none, and the settings say so."""
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2", "aws:ViaAWSService": "false"}
OVER_THE_LINK = {**TLS, "aws:SourceVpce": INTERFACE, "aws:VpcSourceIp": "10.96.1.5"}
OVER_THE_INTERNET = {**TLS, "aws:SourceIp": "52.166.10.9"}
WAY = {"private": OVER_THE_LINK, "allow_list": OVER_THE_INTERNET}
READS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("s3:GetObject", MANIFEST, {}),
    ("s3:GetObject", FILE, {}),
    ("s3:ListBucket", BUCKET, {"s3:prefix": "exchange/orders/"}),
    ("s3:GetBucketLocation", BUCKET, {}),
)
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(params=["private", "allow_list"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _stack(mode: str) -> Graph:
    """The program of prod, whose file says private, and the same with the one section changed."""
    if mode == "private":
        return graph("prod")
    return graph("prod", json.dumps({"novaretail:azure": {"mode": mode, "allowed_ranges": LISTED}}))


def _may(stack: Graph, action: str, resource: str, context: dict[str, Any], who: Role | None = None) -> Decision:
    """Decide by the user's policies and boundary, the bucket's policy, and the endpoint that the request passes."""
    role = who or stack.roles["data-factory"]
    endpoint = context.get("aws:SourceVpce")
    if endpoint in (INTERFACE, GATEWAY):
        passing = stack.policy(endpoint.removesuffix("-id"))
        named = {**context, "aws:ResourceOrgID": stack.organization}
        passed = decide(Request(stack.principal(role), action, resource, named), identity=[passing])
        if not passed:
            return Decision(False, f"the endpoint: {passed.why}")
    bucket = resource.split(":::")[1].split("/")[0]
    return stack.may(role, action, resource, context, policy=stack.bucket_policies()[bucket])


def _lavish(stack: Graph) -> Role:
    """Return the same user with every right granted: what it still may not do, the bucket or the endpoint refuses."""
    role = stack.roles["data-factory"]
    return Role(role.name, role.arn, role.trust, EVERYTHING, (EVERYTHING,))


def test_it_reads_snapshots_and_manifests_by_its_way(mode: str) -> None:
    stack = _stack(mode)
    for action, resource, more in READS:
        answer = _may(stack, action, resource, {**WAY[mode], **more})
        assert answer, (action, answer.why)


@pytest.mark.parametrize("lavish", [False, True])
def test_it_comes_by_no_other_way_whatever_it_is_granted(mode: str, lavish: bool) -> None:
    stack = _stack(mode)
    who = _lavish(stack) if lavish else None
    wrong: list[dict[str, str]] = [
        {**TLS},
        {**TLS, "aws:SourceIp": "198.18.0.1"},
        {**TLS, "aws:SourceIp": "10.96.1.5"},
        {**TLS, "aws:SourceVpce": GATEWAY, "aws:VpcSourceIp": "10.96.1.5"},
        {**TLS, "aws:SourceVpce": "vpce-0fe5e5f", "aws:VpcSourceIp": "10.96.1.5"},
        {**TLS, "aws:SourceVpce": INTERFACE, "aws:VpcSourceIp": "10.96.1.37"},  # the subnet of private endpoints
        {**TLS, "aws:SourceVpce": INTERFACE, "aws:VpcSourceIp": "10.64.0.4"},  # the link to Google Cloud
        {**TLS, "aws:SourceVpce": INTERFACE, "aws:VpcSourceIp": "10.20.0.4"},  # the VPC itself
        {**TLS, "aws:SourceVpce": INTERFACE},
        {**WAY[mode], "aws:SecureTransport": "false", "s3:TlsVersion": "1.2"},
        {**WAY[mode], "s3:TlsVersion": "1.1"},
        WAY["allow_list" if mode == "private" else "private"],
        {**WAY["allow_list"], "aws:SourceIp": "52.166.10.16"},  # the first address behind the block
    ]
    for context in wrong:
        for action, resource, more in READS:
            assert not _may(stack, action, resource, {**context, **more}, who), (action, context)


def test_it_reads_nothing_else_and_changes_nothing(mode: str) -> None:
    stack = _stack(mode)
    for action, resource in (
        ("s3:GetObject", f"{BUCKET}/daily_sales/part-0.parquet"),
        ("s3:GetObject", f"{BUCKET}/exchange-2/orders/manifest.json"),
        ("s3:GetObject", BUCKET.replace("analytics", "raw") + "/exchange/orders/manifest.json"),
        ("s3:GetObject", BUCKET.replace("analytics", "curated") + "/orders/part-0.parquet"),
        ("s3:GetObject", "arn:aws:s3:::novaretail-prod-code/glue/curate.py"),
        *(
            (f"s3:{verb}", FILE)
            for verb in ("PutObject", "DeleteObject", "DeleteObjectVersion", "PutObjectAcl", "RestoreObject")
        ),
        *((f"s3:{verb}", FILE) for verb in ("AbortMultipartUpload", "GetObjectVersion", "PutObjectTagging")),
        *(
            (f"s3:{verb}", BUCKET)
            for verb in ("PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicy", "ListBucketVersions")
        ),
    ):
        assert not _may(stack, action, resource, WAY[mode]), (action, resource)
    for prefix in ("", "daily_sales/", "exchange-2/", "e"):
        assert not _may(stack, "s3:ListBucket", BUCKET, {**WAY[mode], "s3:prefix": prefix}), prefix
    assert not _may(stack, "s3:ListBucket", BUCKET, WAY[mode]), "the whole bucket"


def test_the_private_way_lets_nothing_but_that_through_whatever_the_user_or_anybody_is_granted() -> None:
    stack = _stack("private")
    lavish = _lavish(stack)
    somebody = Role("somebody", f"arn:aws:iam::{stack.account}:role/somebody", {}, EVERYTHING, (EVERYTHING,))
    for action, resource in (
        ("s3:PutObject", FILE),
        ("s3:DeleteObject", FILE),
        ("s3:GetObject", f"{BUCKET}/daily_sales/part-0.parquet"),
        ("s3:GetObject", BUCKET.replace("analytics", "raw") + "/orders/part-0.parquet"),
        ("s3:PutBucketPolicy", BUCKET),
    ):
        assert not _may(stack, action, resource, OVER_THE_LINK, lavish), action
    for action, resource, more in READS:
        assert not _may(stack, action, resource, {**OVER_THE_LINK, **more}, somebody), action
        assert _may(stack, action, resource, {**OVER_THE_LINK, **more, "aws:SourceVpce": GATEWAY}, somebody), action


def test_who_signs_with_another_identity_stays_out_also_from_the_listed_addresses(mode: str) -> None:
    stack = _stack(mode)
    curate = stack.roles["curate"]
    like = Role("like", stack.roles["data-factory"].arn + "-2", {}, EVERYTHING, (EVERYTHING,))
    foreign = Principal(
        stack.roles["data-factory"].arn.replace(stack.account, "999999999999"), "999999999999", "o-theirs"
    )
    policy = stack.bucket_policies()["novaretail-prod-datalake-analytics"]
    for action, resource, more in READS:
        for who in (curate, like):
            if action != "s3:GetBucketLocation":  # says nothing of data; endpoints are for the use of data
                assert not _may(stack, action, resource, {**WAY[mode], **more}, who), (who.name, action)
        for stranger in (foreign, Principal(None)):
            request = Request(stranger, action, resource, {**WAY[mode], **more})
            assert not decide(request, identity=[EVERYTHING], resource=policy, owner=stack.account), action


def test_for_everybody_else_the_bucket_is_the_same_in_both_modes_and_without_azure() -> None:
    none = graph("prod", json.dumps({"novaretail:azure": None}))
    for bucket in ("raw", "curated", "analytics"):
        name = f"novaretail-prod-datalake-{bucket}"
        for mode in WAY:
            stack = _stack(mode)
            user = stack.roles["data-factory"].arn
            kept = []
            for statement in stack.bucket_policies()[name]["Statement"]:
                condition = json.loads(json.dumps(statement.get("Condition", {})))
                if condition.get("ArnEquals", {}).get("aws:PrincipalArn") == user:
                    continue  # about this user alone
                spared = condition.get("ArnNotLikeIfExists", {}).get("aws:PrincipalArn", [])
                if user in spared:
                    assert (mode, bucket) == ("allow_list", "analytics")
                    spared.remove(user)
                kept.append({**statement, **({"Condition": condition} if condition else {})})
            assert kept == none.bucket_policies()[name]["Statement"], (mode, bucket)
    assert "data-factory" not in none.roles


def test_the_lakes_key_opens_this_bucket_through_s3_and_nothing_else_for_it(mode: str) -> None:
    stack = _stack(mode)
    key, policy = stack.arn("keys-lake"), stack.policy("keys-lake")
    s3 = {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "aws:ViaAWSService": "true"}
    context = "kms:EncryptionContext:aws:s3:arn"

    def may(action: str, given: dict[str, str], name: str = "keys-lake") -> bool:
        own = stack.policy(name)
        answer = stack.may(stack.roles["data-factory"], action, stack.arn(name), given, policy=own, delegates=False)
        return bool(answer)

    assert policy
    assert key
    assert may("kms:Decrypt", {**s3, context: BUCKET})
    assert may("kms:Decrypt", {**s3, context: FILE})
    assert not may("kms:Decrypt", {**s3, context: BUCKET.replace("analytics", "raw")})
    assert not may("kms:Decrypt", {**s3, context: f"{BUCKET}/daily_sales/part-0.parquet"})
    assert not may("kms:Decrypt", s3)
    assert not may("kms:Decrypt", {context: BUCKET}), "a call to KMS itself"
    assert not may("kms:GenerateDataKey", {**s3, context: BUCKET})
    assert not may("kms:Decrypt", {**s3, context: BUCKET}, "keys-streaming")


def _ingress(recording: Recording) -> list[dict[str, Any]]:
    rules = [r.inputs for r in recording.of("SecurityGroupIngressRule")]
    return [r for r in rules if r["securityGroupId"] == "network-exchange-id"]


def test_the_endpoints_group_admits_the_runtimes_subnet_and_nobody_where_the_way_is_another() -> None:
    (rule,) = _ingress(_stack("private").recording)
    assert (rule["cidrIpv4"], rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("10.96.1.0/27", "tcp", 443, 443)
    assert _ingress(_stack("allow_list").recording) == []
    assert _ingress(graph("prod", json.dumps({"novaretail:azure": None})).recording) == []


def test_the_user_has_one_key_of_the_edition_and_no_console() -> None:
    recording = _stack("private").recording
    (key,) = recording.of("AccessKey")
    assert key.name == "exchange-access-key-2026-11"
    (later,) = graph("prod", json.dumps({"novaretail:azure": {"key_edition": "2027-02"}})).recording.of("AccessKey")
    assert later.name != key.name, "another resource: the new one is made before the old one goes"
    assert later.inputs == key.inputs
    assert recording.of("UserLoginProfile") == []
    (user,) = recording.of("iam/user:User")
    assert user.inputs["permissionsBoundary"].endswith(":access-boundary")
