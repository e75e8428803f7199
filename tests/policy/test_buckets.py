"""Who gets into the buckets, and who stays out: their policies, evaluated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graphs.access import Graph, graph
from tests.graphs.iam import Decision, Principal, Request, decide

ENDPOINT = "network-s3-id"
INTERFACE_ENDPOINT = "network-s3-interface-id"
OTHER_ENDPOINT = "vpce-0fe5e5f"
KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
# What S3 tells of every request over TLS; a request over plain HTTP has no TLS version.
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:ViaAWSService": "false"}
INSIDE = {**TLS, "aws:SourceVpce": ENDPOINT}
EVERYTHING = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
"""The policies of an administrator: what is denied to it is denied by the bucket."""


@pytest.fixture(params=["prod", "nonprod", "local"])
def stack(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)


def _administrator(stack: Graph, role: str = "administrator") -> Principal:
    return Principal(f"arn:aws:iam::{stack.account}:role/{role}", stack.account, stack.organization)


def _ask(
    stack: Graph,
    who: Principal,
    context: dict[str, Any],
    *,
    action: str = "s3:GetObject",
    bucket: str = "datalake-raw",
    key: str | None = "orders/file.parquet",
) -> Decision:
    name = f"novaretail-{_environment(stack)}-{bucket}"
    resource = f"arn:aws:s3:::{name}" + (f"/{key}" if key else "")
    # Its account trusts whoever asks with everything.
    identity = [] if who.service or who.arn is None else EVERYTHING
    return decide(
        Request(who, action, resource, context),
        identity=identity,
        resource=stack.bucket_policies()[name],
        owner=stack.account,
    )


def _environment(stack: Graph) -> str:
    return str(stack.recording.one("lake-raw").inputs["tags"]["Environment"])


def test_a_job_in_our_networks_gets_in_and_the_same_role_from_elsewhere_does_not(stack: Graph) -> None:
    for action, key in (
        ("s3:GetObject", "orders/a"),
        ("s3:PutObject", "orders/a"),
        ("s3:DeleteObject", "orders/a"),
        ("s3:DeleteObjectVersion", "orders/a"),
        ("s3:AbortMultipartUpload", "orders/a"),
        ("s3:ListBucket", None),
        ("s3:ListBucketVersions", None),
    ):
        job = _administrator(stack)
        for endpoint in (ENDPOINT, INTERFACE_ENDPOINT):
            assert _ask(stack, job, {**TLS, "aws:SourceVpce": endpoint}, action=action, key=key), action
        assert not _ask(stack, job, TLS, action=action, key=key), action
        assert not _ask(stack, job, {**TLS, "aws:SourceVpce": OTHER_ENDPOINT}, action=action, key=key), action
        assert not _ask(stack, job, {"aws:SecureTransport": "true"}, action=action, key=key), "no key, no exemption"


def test_whoever_may_change_a_bucket_can_mend_its_policy_from_anywhere(stack: Graph) -> None:
    for action in ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:GetLifecycleConfiguration"):
        assert _ask(stack, _administrator(stack), TLS, action=action, key=None), action


def test_those_who_work_outside_our_networks_get_in_and_no_role_like_them(stack: Graph) -> None:
    (provider,) = [r for r in stack.recording.resources if r.type == "pulumi:providers:aws"]
    deployer = [role["roleArn"].rpartition("/")[2] for role in json.loads(provider.inputs.get("assumeRoles", "[]"))]
    for role in ("access-optimizer", "access-warehouse", *deployer):
        assert _ask(stack, _administrator(stack, role), TLS), role
        assert not _ask(stack, _administrator(stack, f"{role}-2"), TLS), role
        foreign = Principal(f"arn:aws:iam::999999999999:role/{role}", "999999999999", stack.organization)
        assert not _ask(stack, foreign, TLS), "a role of the same name in another account"


def test_a_service_that_calls_on_for_its_caller_gets_in(stack: Graph) -> None:
    assert _ask(stack, _administrator(stack), {**TLS, "aws:ViaAWSService": "true"}, action="s3:PutObject")


def test_another_organization_and_the_anonymous_stay_out_of_every_bucket(stack: Graph) -> None:
    for bucket in ("datalake-raw", "datalake-curated", "datalake-analytics", "code", "access-logs"):
        for who in (
            Principal("arn:aws:iam::999999999999:role/r", "999999999999", "o-theirs"),
            Principal("arn:aws:iam::999999999999:role/r", "999999999999"),
            Principal(None),
        ):
            for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy"):
                answer = _ask(stack, who, INSIDE, action=action, bucket=bucket)
                assert not answer, (bucket, who, action)
                if who.arn:
                    assert answer.why.startswith("denied"), "not only for want of a grant"


def test_plain_http_and_old_tls_stay_out_of_every_bucket(stack: Graph) -> None:
    for name in stack.bucket_policies():
        bucket = name.removeprefix(f"novaretail-{_environment(stack)}-")
        who = _administrator(stack)
        assert _ask(stack, who, INSIDE, bucket=bucket), bucket
        assert not _ask(stack, who, {"aws:SecureTransport": "false", "aws:SourceVpce": ENDPOINT}, bucket=bucket), bucket
        assert not _ask(stack, who, {**INSIDE, "s3:TlsVersion": "1.1"}, bucket=bucket), bucket
        assert _ask(stack, who, {**INSIDE, "s3:TlsVersion": "1.2"}, bucket=bucket), bucket


def test_only_our_key_encrypts_and_a_writer_need_not_name_it(stack: Graph) -> None:
    job, put = _administrator(stack), "s3:PutObject"
    algorithm = "s3:x-amz-server-side-encryption"
    assert _ask(stack, job, INSIDE, action=put)
    assert _ask(stack, job, {**INSIDE, algorithm: "aws:kms", KEY_HEADER: stack.arn("keys-lake")}, action=put)
    assert not _ask(stack, job, {**INSIDE, algorithm: "AES256"}, action=put)
    other = "arn:aws:kms:eu-west-1:999999999999:key/theirs"
    assert not _ask(stack, job, {**INSIDE, algorithm: "aws:kms", KEY_HEADER: other}, action=put)


def test_s3_delivers_the_access_logs_of_our_buckets_to_their_bucket_and_to_no_other(stack: Graph) -> None:
    delivery = Principal("logging.s3.amazonaws.com", service=True)
    ours = {
        **TLS,
        "aws:SourceAccount": stack.account,
        "aws:SourceArn": f"arn:aws:s3:::novaretail-{_environment(stack)}-datalake-raw",
    }
    assert _ask(stack, delivery, ours, action="s3:PutObject", bucket="access-logs")
    assert not _ask(stack, delivery, ours, action="s3:GetObject", bucket="access-logs")
    assert not _ask(stack, delivery, ours, action="s3:PutObject", bucket="datalake-raw")
    theirs = {**ours, "aws:SourceAccount": "999999999999"}
    assert not _ask(stack, delivery, theirs, action="s3:PutObject", bucket="access-logs")
    elsewhere = {**ours, "aws:SourceArn": "arn:aws:s3:::novaretail-datalake-raw"}
    assert not _ask(stack, delivery, elsewhere, action="s3:PutObject", bucket="access-logs")
    other = Principal("cloudtrail.amazonaws.com", service=True)
    assert not _ask(stack, other, ours, action="s3:PutObject", bucket="access-logs")
