"""Policies, archives and labels: the parts that components share."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest

import settings
from components.blocks.assets import archive, json_asset, sources
from components.blocks.policies import PolicySizeError, allow, document, trust
from components.blocks.tagging import base_tags, labels


@pulumi.runtime.test
def test_a_document_is_json_without_white_space() -> pulumi.Output[None]:
    def check(text: str) -> None:
        assert text == '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:B"],"Resource":["arn"]}]}'

    return document([allow(["a:B"], [pulumi.Output.from_input("arn")])], limit=200, of="a test").apply(check)


def test_a_policy_over_its_limit_fails_with_its_owner_and_both_numbers() -> None:
    @pulumi.runtime.test
    def made() -> pulumi.Output[str]:
        return document([allow(["a:B"], ["arn"])], limit=10, of="bucket raw")

    with pytest.raises(PolicySizeError, match=r"policy of bucket raw has \d+ characters, AWS takes 10"):
        made()


def test_a_role_is_trusted_for_its_account_and_sources() -> None:
    (statement,) = json.loads(trust(["x.amazonaws.com"], account="1", source_arns=["arn:a"]))["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "1"},
        "ArnLike": {"aws:SourceArn": ["arn:a"]},
    }


def test_an_archive_has_the_sources_and_no_compiled_files(tmp_path: Path) -> None:
    (tmp_path / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "__pycache__" / "__init__.cpython-311.pyc").touch()
    assert list(sources(tmp_path / "package", below="package")) == ["package/__init__.py"]


def test_a_folder_without_sources_is_an_error_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no source files to ship"):
        sources(tmp_path)


def test_two_parts_of_an_archive_cannot_have_the_same_file() -> None:
    with pytest.raises(ValueError, match="two parts of an archive have a"):
        archive({"a": json_asset(1)}, {"a": json_asset(2)})


def test_the_same_value_is_the_same_asset() -> None:
    assert json_asset({"b": 1, "a": 2}).text == json_asset({"a": 2, "b": 1}).text


def test_labels_are_tags_as_google_takes_them() -> None:
    tags = base_tags("prod", settings.Tags(owner="a.b@c.example", cost_center="DP-1001", repository="n/data" * 20))
    marks = labels(tags)
    assert marks["costcenter"] == "dp-1001"
    assert marks["owner"] == "a-b-c-example"
    assert len(marks["repository"]) == 63
