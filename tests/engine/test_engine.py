"""The real engine on a small program over three clouds: preview, up, change, refresh, destroy, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.clouds.engine.engine import Engine, EngineError

from .conftest import SECRET, Program

pytestmark = pytest.mark.engine
Client = Callable[[str], Any]


def operations(outcome: Any) -> dict[str, str]:
    return {resource.name: resource.operation for resource in outcome.resources}


def test_a_preview_writes_the_engines_json_without_secrets_and_makes_nothing(
    engine: Engine, client: Client, program: Program
) -> None:
    outcome = engine.preview()
    text = (program.folder / "build" / "preview" / "dev.json").read_text()
    steps = {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in json.loads(text)["steps"]}

    assert outcome.changes == {"create": 8}
    assert steps["lake"] == "create"
    assert SECRET not in text
    assert client("s3").list_buckets()["Buckets"] == []


def test_up_makes_what_is_live_and_keeps_the_rest_as_state(engine: Engine, client: Client) -> None:
    outcome = engine.up()

    assert outcome.changes == {"create": 8}
    assert outcome.live == {
        "aws:kms/key:Key": 1,
        "aws:s3/bucket:Bucket": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": 1,
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
    }
    assert outcome.state_only == {
        "aws:ssm/parameter:Parameter": 1,
        "azure-native:resources:ResourceGroup": 1,
        "gcp:pubsub/topic:Topic": 1,
    }
    assert client("s3").head_object(Bucket="toy-lake", Key="code.zip")["ContentLength"] > 0
    outputs = engine.outputs()
    assert outputs["arn"] == "arn:aws:s3:::toy-lake"


def test_a_second_up_changes_nothing(engine: Engine) -> None:
    engine.up()

    assert engine.up().changes == {"same": 8}


def test_changed_code_changes_the_object_and_nothing_else(engine: Engine, program: Program) -> None:
    engine.up()
    (program.folder / "code" / "handler.py").write_text("def handler(event, context): return 1\n")

    assert {name: op for name, op in operations(engine.up()).items() if op != "same"} == {"code": "update"}


def test_a_changed_argument_updates_or_replaces_as_the_real_provider_would(
    engine: Engine, client: Client, program: Program
) -> None:
    engine.up()
    program.write(zone="curated")
    updated = operations(engine.up())

    assert (updated["lake"], updated["lake-encryption"]) == ("update", "same")

    program.write(zone="curated", bucket="toy-lake-2")
    replaced = operations(engine.up())

    assert (replaced["lake"], replaced["lake-encryption"], replaced["code"]) == ("replace", "replace", "replace")
    assert [b["Name"] for b in client("s3").list_buckets()["Buckets"]] == ["toy-lake-2"]


def test_a_refresh_sees_what_was_deleted_by_hand_and_up_makes_it_again(engine: Engine, client: Client) -> None:
    engine.up()
    client("s3").delete_object(Bucket="toy-lake", Key="code.zip")
    client("s3").delete_bucket(Bucket="toy-lake")

    assert engine.refresh().changes["delete"] == 3  # the bucket, its encryption and the object in it

    assert engine.up().changes["create"] == 3
    assert [b["Name"] for b in client("s3").list_buckets()["Buckets"]] == ["toy-lake"]


def test_up_looks_first_at_what_is_there(engine: Engine, client: Client) -> None:
    engine.up()
    client("s3").delete_object(Bucket="toy-lake", Key="code.zip")

    assert operations(engine.up())["code"] == "create"
    assert client("s3").head_object(Bucket="toy-lake", Key="code.zip")["ContentLength"] > 0


def test_destroy_leaves_nothing(engine: Engine, client: Client) -> None:
    engine.up()
    outcome = engine.destroy()

    assert client("s3").list_buckets()["Buckets"] == []
    assert engine.state() == []
    assert (outcome.live, outcome.state_only) == ({}, {})


def test_protected_resources_are_destroyed_too(engine: Engine, program: Program, client: Client) -> None:
    program.write('aws.s3.Bucket("kept", bucket="toy-kept", opts=pulumi.ResourceOptions(protect=True))')
    engine.up()
    engine.destroy()

    assert client("s3").list_buckets()["Buckets"] == []


def test_secrets_are_encrypted_in_the_state_and_masked_in_outputs(engine: Engine) -> None:
    engine.up()
    files = [file for file in engine.site.state.rglob("*") if file.is_file()]

    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
    assert engine.outputs()["password"] == "[secret]"
    assert engine.outputs(show_secrets=True)["password"] == SECRET


def test_the_programs_own_files_stay_as_they_are(engine: Engine, program: Program) -> None:
    def files() -> dict[str, bytes]:
        inside = (file for file in program.folder.rglob("*") if file.is_file())
        return {str(f): f.read_bytes() for f in inside if "build" not in f.parts and "__pycache__" not in f.parts}

    before = files()
    engine.preview()
    engine.up()
    engine.destroy()

    assert files() == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(
            'aws.s3.BucketLifecycleConfiguration("l", bucket="b", rules=[{"id": "r", "status": "on", "prefx": "a"}])',
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration resource 'l' has a problem:"
            " rules[0].prefx: 'prefx' is no argument of rules[0]; did you mean 'prefix'?",
            id="unknown argument",
        ),
        pytest.param(
            'azure.storage.StorageAccount("s", resource_group_name="g", kind="StorageV3", sku={"name": "Premium_LRS"})',
            "azure-native:storage:StorageAccount resource 's': property kind value {StorageV3} has a problem:"
            " 'StorageV3' is none of Storage, StorageV2,",
            id="wrong enum value",
        ),
        pytest.param(
            'gcp.pubsub.Topic("t", project=7)',
            "gcp:pubsub/topic:Topic resource 't': property project value {7} has a problem:"
            " must be a string, not a number",
            id="wrong type",
        ),
        pytest.param(
            'aws.s3.BucketObjectv2("o", bucket="nowhere", key="k", content="c")',
            "aws:s3/bucketObjectv2:BucketObjectv2 resource 'o': An error occurred (NoSuchBucket) when calling the"
            " PutObject operation",
            id="refused by the service",
        ),
        pytest.param(
            'aws.ec2.get_ami(owners=["self"])',
            "the local provider has no data source aws:ec2/getAmi:getAmi",
            id="unplanned lookup",
        ),
        pytest.param(
            'raise pulumi.RunError("network.cidr: overlaps")', "network.cidr: overlaps", id="error of the program"
        ),
    ],
)
def test_a_failed_run_says_which_resource_which_argument_and_why(
    engine: Engine, program: Program, more: str, message: str
) -> None:
    program.write(more)

    with pytest.raises(EngineError) as raised:
        engine.up()

    assert message in str(raised.value)
    assert "update failed" not in str(raised.value)
    assert "check errors" not in str(raised.value)


def test_a_traceback_begins_in_the_program(engine: Engine, program: Program) -> None:
    program.write("1 / 0")

    with pytest.raises(EngineError) as raised:
        engine.preview()

    lines = str(raised.value).splitlines()
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert not any("runpy" in line or "asyncio" in line for line in lines)


def test_after_a_failed_run_the_next_goes_on_where_it_stopped(engine: Engine, program: Program) -> None:
    program.write('aws.s3.BucketObjectv2("o", bucket="nowhere", key="k", content="c")')
    with pytest.raises(EngineError):
        engine.up()
    program.write('aws.s3.BucketObjectv2("o", bucket=bucket.bucket, key="k", content="c")')

    assert engine.up().changes["create"] >= 1
    assert engine.up().changes == {"same": 9}


def test_a_stack_without_a_file_is_named_with_those_that_have_one(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"Pulumi\.prod\.yaml is missing \(stacks: dev\)"):
        Engine(engine.site, "prod", engine.project_dir).preview()


def test_a_stack_whose_secrets_need_another_key_is_refused(engine: Engine, program: Program) -> None:
    (program.folder / "Pulumi.dev.yaml").write_text("config:\n  toy:password:\n    secure: AAAB\n")

    with pytest.raises(EngineError, match="secrets that only its own key service can open"):
        engine.preview()


def test_the_key_of_another_stack_is_not_asked_for(engine: Engine, program: Program) -> None:
    file = program.folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + "secretsprovider: awskms://alias/x?region=eu-west-1\nencryptedkey: AAAA\n")

    assert engine.up().changes == {"create": 8}
    assert engine.up().changes == {"same": 8}


def test_two_previews_at_once_do_not_meet(engine: Engine, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    engine.preview()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(engine.preview, [tmp_path / "a.json", tmp_path / "b.json"]))

    assert [outcome.changes for outcome in outcomes] == [{"create": 8}] * 2
