"""The shape of a type is that of the installed SDK, and comes out of the cache as it went in."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.shapes import Type

TOKENS = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:wafv2/webAcl:WebAcl",  # its statements contain statements
    "gcp:pubsub/subscription:Subscription",
    "azure-native:network:VirtualNetworkGateway",
)


@pytest.mark.parametrize("token", TOKENS)
def test_a_kept_shape_equals_the_one_that_was_read(token: str, tmp_path: Path) -> None:
    read = Shapes(cache=None).get(token)
    Shapes(cache=tmp_path).get(token)

    assert Shapes(cache=tmp_path).get(token) == read


def test_a_second_start_reads_no_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Shapes(cache=tmp_path).get(TOKENS[0])
    monkeypatch.setattr(
        "local.clouds.provider.sdk.read", lambda token: pytest.fail(f"{token} was read from the SDK again")
    )

    assert Shapes(cache=tmp_path).get(TOKENS[0]) is not None


def test_arguments_know_what_is_required_and_of_what_type() -> None:
    shape = Shapes(cache=None).get(TOKENS[0])
    assert shape is not None

    assert {name for name, field in shape.inputs.items() if field.required} == {"bucket", "rules"}
    rules = shape.inputs["rules"].type
    assert rules.kind == "list"
    assert rules.item is not None
    assert shape.objects[rules.item.object]["bucketKeyEnabled"].type == Type("boolean")


def test_a_type_that_the_sdk_lacks_has_no_shape(shapes: Shapes) -> None:
    assert shapes.get("aws:s3/bukket:Bukket") is None
    assert shapes.get("nosuchpackage:a:B") is None
