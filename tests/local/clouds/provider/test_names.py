"""Names left to the provider are made as the real ones make them, within each service's limits."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.clouds.provider import names
from local.clouds.provider.kept_shapes import Shapes


@pytest.fixture
def fill(shapes: Shapes) -> Any:
    def of(
        token: str, logical: str, arguments: dict[str, Any], before: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        shape = shapes.get(token)
        assert shape is not None
        return names.fill(shape, logical, arguments, before or {}, b"seed", **more)

    return of


@pytest.mark.parametrize(
    ("token", "logical", "argument", "pattern"),
    [
        ("aws:s3/bucket:Bucket", "Lake_Raw", "bucket", r"lake-raw-[0-9a-f]{7}"),
        ("aws:s3/bucket:Bucket", "x" * 80, "bucket", r"x{55}-[0-9a-f]{7}"),
        ("aws:iam/role:Role", "r" * 80, "name", r"r{56}-[0-9a-f]{7}"),
        ("aws:kms/alias:Alias", "lake", "name", r"alias/lake-[0-9a-f]{7}"),
        ("gcp:pubsub/topic:Topic", "Orders", "name", r"orders-[0-9a-f]{7}"),
        ("azure-native:resources:ResourceGroup", "link", "resourceGroupName", r"link[0-9a-f]{8}"),
        ("azure-native:storage:StorageAccount", "My-Lake", "accountName", r"mylake[0-9a-f]{8}"),
        ("azure-native:network:VirtualNetworkGateway", "gw", "virtualNetworkGatewayName", r"gw[0-9a-f]{8}"),
    ],
)
def test_a_missing_name_is_made_and_noted(fill: Any, token: str, logical: str, argument: str, pattern: str) -> None:
    filled = fill(token, logical, {})

    assert re.fullmatch(pattern, filled[argument])
    assert filled[names.DEFAULTS] == [argument]


def test_a_given_name_stays(fill: Any) -> None:
    assert fill("aws:s3/bucket:Bucket", "b", {"bucket": "mine"}) == {"bucket": "mine"}


def test_a_prefix_takes_the_place_of_the_logical_name(fill: Any) -> None:
    assert re.fullmatch(r"app-[0-9a-f]{7}", fill("aws:iam/role:Role", "r", {"namePrefix": "app-"})["name"])


def test_a_fifo_queue_ends_as_sqs_demands(fill: Any) -> None:
    assert fill("aws:sqs/queue:Queue", "q", {"fifoQueue": True})["name"].endswith(".fifo")


def test_the_name_of_the_last_run_is_kept_while_the_program_gives_none(fill: Any) -> None:
    before = {"bucket": "b-1234567", names.DEFAULTS: ["bucket"]}

    assert fill("aws:s3/bucket:Bucket", "b", {}, before)["bucket"] == "b-1234567"


def test_a_name_that_the_program_no_longer_gives_is_made_anew(fill: Any) -> None:
    assert fill("aws:s3/bucket:Bucket", "b", {}, {"bucket": "given"})["bucket"] != "given"


def test_the_engines_own_proposal_wins(fill: Any) -> None:
    assert fill("aws:s3/bucket:Bucket", "b", {}, proposed="exactly")["bucket"] == "exactly"


def test_a_type_whose_name_is_the_programs_duty_gets_none(fill: Any) -> None:
    assert fill("aws:glue/registry:Registry", "r", {}) == {}
