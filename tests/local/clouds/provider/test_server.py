"""The service over gRPC, as the engine uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_status import rpc_status  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2 as pb

from local.clouds.provider.live import PartlyMadeError
from local.clouds.provider.server import ProviderServer, describe
from local.clouds.provider.wire import UNKNOWN, Secret, decode, encode
from local.site import Site
from tests.local.clouds.provider.calls import Engine, urn

PARAMETER = "aws:ssm/parameter:Parameter"
BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture
def server(aws_site: Site, tmp_path: Path) -> Iterator[ProviderServer]:
    with ProviderServer(aws_site, tmp_path, tmp_path / "state.sqlite") as running:
        yield running


@pytest.fixture
def engine(server: ProviderServer) -> Engine:
    return Engine(server.port)


def test_a_check_failure_names_argument_and_reason(engine: Engine) -> None:
    answer = engine.check(BUCKET, {"forceDestroy": "yes", "tags": {"a": 1}})

    assert [(f.property, f.reason) for f in answer.failures] == [
        ("forceDestroy", "must be a boolean, not a string"),
        ("", "tags.a: must be a string, not a number"),  # the engine would print a value of <nil>
    ]


def test_a_failure_about_a_secret_lets_the_engine_print_no_value(engine: Engine) -> None:
    answer = engine.check(BUCKET, {"forceDestroy": Secret("hunter2")})

    assert [(f.property, f.reason) for f in answer.failures] == [("", "forceDestroy: must be a boolean, not a string")]


def test_a_type_that_the_sdk_lacks_is_an_error(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match="has no resource type aws:s3/bukket:Bukket"):
        engine.check("aws:s3/bukket:Bukket", {})


def test_a_preview_makes_nothing(engine: Engine, client: Any) -> None:
    answer = engine.create(BUCKET, {"bucket": "only-previewed"}, preview=True)

    assert answer.id == ""
    assert decode(answer.properties)["arn"] is UNKNOWN
    assert "only-previewed" not in [b["Name"] for b in client("s3").list_buckets()["Buckets"]]


def test_a_live_type_is_made_read_and_found_gone(engine: Engine, client: Any) -> None:
    made = engine.create(BUCKET, {"bucket": "made-by-the-engine"})

    assert engine.read(BUCKET, made.id, made.properties).id == "made-by-the-engine"

    client("s3").delete_bucket(Bucket="made-by-the-engine")

    assert engine.read(BUCKET, made.id, made.properties).id == ""


def test_a_state_only_type_lives_until_it_is_deleted_and_keeps_secrets(engine: Engine) -> None:
    arguments = {"name": "/p", "type": "SecureString", "value": Secret("hunter2")}
    made = engine.create(PARAMETER, arguments)
    read = engine.read(PARAMETER, made.id, made.properties)

    assert decode(made.properties)["value"] == Secret("hunter2")
    assert decode(read.properties) == decode(made.properties)

    engine.stub.Delete(
        pb.DeleteRequest(urn=urn(PARAMETER, "r"), id=made.id, name="r", type=PARAMETER, properties=made.properties)
    )

    assert engine.read(PARAMETER, made.id, made.properties).id == ""


def test_an_update_keeps_what_was_computed(engine: Engine) -> None:
    before = engine.create(PARAMETER, {"name": "/q", "type": "String", "value": "1"})
    after = engine.stub.Update(
        pb.UpdateRequest(
            urn=urn(PARAMETER, "r"),
            id=before.id,
            name="r",
            type=PARAMETER,
            olds=encode({**decode(before.properties), "version": 42}),
            news=encode({"name": "/q", "type": "String", "value": "2", "tags": {"a": "b"}}),
        )
    )
    new = decode(after.properties)

    assert (new["value"], new["version"], new["tagsAll"]) == ("2", 42, {"a": "b"})


def test_what_a_service_refuses_is_passed_on_in_its_words(engine: Engine) -> None:
    engine.create(BUCKET, {"bucket": "taken-already"})

    with pytest.raises(grpc.RpcError, match=r"BucketAlreadyOwnedByYou.*CreateBucket"):
        engine.create(BUCKET, {"bucket": "taken-already"})


def test_an_invoke_that_nobody_planned_fails_with_its_name(engine: Engine) -> None:
    answer = engine.stub.Invoke(pb.InvokeRequest(tok="aws:ec2/getAmi:getAmi"))

    assert "no data source aws:ec2/getAmi:getAmi" in answer.failures[0].reason


def test_a_creation_that_was_killed_is_cleared_before_the_next(
    engine: Engine, client: Any, server: ProviderServer
) -> None:
    server._resources._state.begin(urn(BUCKET, "r"), BUCKET)
    client("s3").create_bucket(Bucket="half-made", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    assert engine.create(BUCKET, {"bucket": "half-made"}).id == "half-made"


def test_the_bucket_of_another_resource_is_never_cleared_away(
    engine: Engine, client: Any, server: ProviderServer
) -> None:
    engine.create(BUCKET, {"bucket": "of-another"})
    server._resources._state.begin(urn(BUCKET, "r"), BUCKET)

    with pytest.raises(grpc.RpcError, match="BucketAlreadyOwnedByYou"):
        engine.create(BUCKET, {"bucket": "of-another"})


def test_what_a_killed_run_made_unnoted_is_removed(engine: Engine, client: Any, server: ProviderServer) -> None:
    engine.create(BUCKET, {"bucket": "never-noted"})
    engine.create(PARAMETER, {"name": "/noted", "type": "String", "value": "1"})
    cleared = server.clear_orphans("local", [(PARAMETER, "/noted")])

    assert [(orphan.type, orphan.id) for orphan in cleared] == [(BUCKET, "never-noted")]
    assert "never-noted" not in [b["Name"] for b in client("s3").list_buckets()["Buckets"]]


def test_a_resource_that_was_partly_made_is_told_with_its_id(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def tag(*_: Any) -> None:
        raise PartlyMadeError("partly-made", {"arn": "arn:aws:s3:::partly-made"}, "TooManyTags")

    monkeypatch.setattr("local.clouds.provider.live.s3.Bucket._tag", tag)
    with pytest.raises(grpc.RpcError) as raised:
        engine.create(BUCKET, {"bucket": "partly-made"})

    status = rpc_status.from_call(raised.value)
    detail = pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("partly-made", ["TooManyTags"])
    assert decode(detail.properties)["bucket"] == "partly-made"
    assert decode(detail.inputs) == {"bucket": "partly-made"}


def test_a_server_that_cannot_have_its_port_says_so(server: ProviderServer, aws_site: Site, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=f"cannot have port {server.port}"):
        ProviderServer(aws_site, tmp_path, None, port=server.port)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("the rule"), "the rule"),
        (KeyError("name"), "KeyError: 'name'"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_errors_of_our_own_are_shown_with_their_class(error: Exception, text: str) -> None:
    assert describe(error) == text
