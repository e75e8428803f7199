"""Arguments are held against the SDK's own schema; each problem names its path and the rule."""

from __future__ import annotations

from typing import Any

import pytest

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.check import Failure, check
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.wire import UNKNOWN, Secret

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
FUNCTION = "aws:lambda/function:Function"
GATEWAY = "azure-native:network:VirtualNetworkGateway"
ACCOUNT = "azure-native:storage:StorageAccount"
TOPIC = "gcp:pubsub/topic:Topic"


@pytest.fixture
def failures(shapes: Shapes) -> Any:
    def of(token: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
        shape = shapes.get(token)
        assert shape is not None
        return [(failure.path, failure.reason) for failure in check(shape, arguments)]

    return of


@pytest.mark.parametrize(
    ("token", "arguments", "expected"),
    [
        pytest.param(
            BUCKET,
            {"forceDestory": True},
            [("forceDestory", "'forceDestory' is no argument of aws:s3/bucket:Bucket; did you mean 'forceDestroy'?")],
            id="unknown argument",
        ),
        pytest.param(
            BUCKET,
            {"zzzzzz": 1},
            [("zzzzzz", "'zzzzzz' is no argument of aws:s3/bucket:Bucket")],
            id="unknown argument, nothing close",
        ),
        pytest.param(
            ENCRYPTION,
            {
                "bucket": "b",
                "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kms_key": "k"}}],
            },
            [
                (
                    "rules[0].applyServerSideEncryptionByDefault.kms_key",
                    "'kms_key' is no argument of rules[0].applyServerSideEncryptionByDefault;"
                    " did you mean 'kms_master_key_id'?",
                )
            ],
            id="unknown nested argument, still in snake case",
        ),
        pytest.param(
            ENCRYPTION,
            {"bucket": "b"},
            [("rules", f"'rules' is missing; {ENCRYPTION} requires it")],
            id="missing argument",
        ),
        pytest.param(
            ENCRYPTION,
            {"bucket": "b", "rules": [{"applyServerSideEncryptionByDefault": {}}]},
            [
                (
                    "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
                    "'sseAlgorithm' is missing; rules[0].applyServerSideEncryptionByDefault requires it",
                )
            ],
            id="missing nested argument",
        ),
        pytest.param(
            FUNCTION,
            {
                "role": "r",
                "timeout": "30",
                "layers": "arn",
                "memorySize": 128.5,
                "environment": {"variables": {"A": 1}},
            },
            [
                ("timeout", "must be a whole number, not a string"),
                ("layers", "must be a list of strings, not a string"),
                ("memorySize", "must be a whole number, not a number"),
                ("environment.variables.A", "must be a string, not a number"),
            ],
            id="wrong types",
        ),
        pytest.param(
            FUNCTION,
            {"role": "r", "timeout": True},
            [("timeout", "must be a whole number, not a boolean")],
            id="a boolean is no number, although Python says so",
        ),
        pytest.param(
            BUCKET,
            {"forceDestroy": "true", "tags": {"cost.center": True}},
            [
                ("forceDestroy", "must be a boolean, not a string"),
                ('tags["cost.center"]', "must be a string, not a boolean"),
            ],
            id="text is no boolean, a boolean no text",
        ),
        pytest.param(
            FUNCTION,
            {"role": "r", "code": "lambda.zip"},
            [("code", "must be an archive, not a string")],
            id="a path is no archive",
        ),
        pytest.param(
            ACCOUNT,
            {"resourceGroupName": "g", "kind": "StorageV3", "sku": {"name": "Standard_LRS"}},
            [
                (
                    "kind",
                    "'StorageV3' is none of Storage, StorageV2, BlobStorage, FileStorage, BlockBlobStorage;"
                    " did you mean 'StorageV2'?",
                )
            ],
            id="value that the enum lacks",
        ),
        pytest.param(
            GATEWAY,
            {"resourceGroupName": "g", "gatewayType": "VPN"},
            [("gatewayType", "'VPN' is none of Vpn, ExpressRoute, LocalGateway; did you mean 'Vpn'?")],
            id="enum of azure, which the SDK leaves open",
        ),
        pytest.param(
            "aws:iam/rolePolicy:RolePolicy",
            {"role": "r", "policy": {"Version": "2012-10-17"}},
            [("policy.Statement", "'Statement' is missing; policy requires it")],
            id="the alternative that was meant",
        ),
        pytest.param(TOPIC, {"labels": [1]}, [("labels", "must be a map of strings, not a list")], id="list for a map"),
    ],
)
def test_a_wrong_argument_is_named_with_the_rule(
    failures: Any, token: str, arguments: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert failures(token, arguments) == sorted(expected)


@pytest.mark.parametrize(
    ("token", "arguments"),
    [
        (BUCKET, {"bucket": UNKNOWN, "tags": UNKNOWN, "forceDestroy": None, "__defaults": ["bucket"]}),
        (BUCKET, {"tags": {"a": UNKNOWN, "b": Secret("s")}}),
        (FUNCTION, {"role": Secret("r"), "code": Archive("h", path="x"), "runtime": "python3.99"}),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "source": Asset("h", text="t")}),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "source": Archive("h", path="p")}),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": {"Version": "2012-10-17", "Statement": []}}),
    ],
)
def test_what_is_right_or_not_known_yet_passes(failures: Any, token: str, arguments: dict[str, Any]) -> None:
    assert failures(token, arguments) == []


def test_a_secret_is_checked_but_its_value_never_shown(shapes: Shapes) -> None:
    shape = shapes.get(ACCOUNT)
    assert shape is not None
    found = check(shape, {"resourceGroupName": "g", "kind": Secret("hunter2"), "sku": {"name": "Standard_LRS"}})

    assert found == [
        Failure("kind", "the value is none of Storage, StorageV2, BlobStorage, FileStorage, BlockBlobStorage")
    ]


def test_all_problems_of_a_resource_are_reported_at_once(failures: Any) -> None:
    assert len(failures(FUNCTION, {"rolle": "r", "timeout": "x"})) == 3  # unknown, wrong type, role missing
