"""Every fact about a resource type is in its row; a type that is new on the site is one row and one class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from local.clouds.provider import types
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.live.base import Live
from local.clouds.provider.server import ProviderServer
from local.clouds.provider.types import TYPES, Computed, Naming, ResourceType
from local.clouds.provider.wire import UNKNOWN, Properties, decode
from local.site import Site
from tests.local.clouds.provider.calls import Engine

QUEUE = "aws:batch/jobQueue:JobQueue"  # a type of the SDK that has no row


class JobQueue(Live):
    """The class of the new type; its service is a dictionary."""

    service: ClassVar[dict[str, Properties]] = {}

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.service[arguments["name"]] = arguments
        return arguments["name"], {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {} if id in self.service else None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self.service[id] = arguments
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.service.pop(id, None)


ROW = ResourceType(
    QUEUE,
    live=f"{__name__}:JobQueue",
    naming=Naming("name", 16, lower=True),
    arn="arn:aws:batch:{region}:{account}:job-queue/{id}",
    replaces={"computeEnvironmentOrders"},
    computed=Computed(lambda made: {"schedulingPolicyArn": f"{made.arn}/fair"}, ("schedulingPolicyArn",)),
)
"""The row of the new type, as `aws.ROWS` would have it."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setitem(TYPES, QUEUE, ROW)
    monkeypatch.setattr(JobQueue, "service", {})
    with ProviderServer(Site(state=tmp_path), tmp_path, tmp_path / "state.sqlite") as running:
        yield Engine(running.port)


def test_a_new_type_is_one_row_and_one_class(engine: Engine) -> None:
    given: dict[str, Any] = {"priority": 1, "state": "ENABLED", "computeEnvironmentOrders": []}
    checked = engine.check(QUEUE, given)
    arguments = decode(checked.inputs)
    planned = decode(engine.create(QUEUE, arguments, preview=True).properties)
    made = engine.create(QUEUE, arguments)
    outputs = decode(made.properties)

    assert not checked.failures
    assert arguments["name"].startswith("r-")  # naming
    assert len(arguments["name"]) == len("r-1234567")
    assert planned["arn"] is UNKNOWN
    assert planned["schedulingPolicyArn"] is UNKNOWN  # computed
    assert JobQueue.service == {arguments["name"]: arguments}  # live
    assert outputs["arn"] == f"arn:aws:batch:eu-west-1:123456789012:job-queue/{made.id}"  # arn
    assert outputs["schedulingPolicyArn"] == f"{outputs['arn']}/fair"

    changed = {**arguments, "priority": 2}
    moved = {**arguments, "computeEnvironmentOrders": [{"order": 1, "computeEnvironment": "other"}]}
    assert list(engine.diff(QUEUE, made.id, arguments, changed).replaces) == []
    assert list(engine.diff(QUEUE, made.id, arguments, moved).replaces) == ["computeEnvironmentOrders"]  # replaces

    after = engine.update(QUEUE, made.id, made.properties, changed)
    assert JobQueue.service[made.id]["priority"] == 2
    assert decode(after.properties)["schedulingPolicyArn"] == outputs["schedulingPolicyArn"]

    engine.delete(QUEUE, made.id, after.properties)
    assert JobQueue.service == {}
    assert engine.read(QUEUE, made.id, after.properties).id == ""


def test_a_type_of_which_no_row_says_so_is_kept_as_state() -> None:
    assert QUEUE not in TYPES
    with pytest.raises(KeyError, match=QUEUE):
        types.live_class(QUEUE)
    with pytest.raises(KeyError, match="aws:ec2/vpc:Vpc"):
        types.live_class("aws:ec2/vpc:Vpc")


@pytest.mark.parametrize("token", sorted(types.live_types()))
def test_every_live_type_has_its_class(token: str) -> None:
    assert issubclass(types.live_class(token), Live)


@pytest.mark.parametrize("row", TYPES.values(), ids=lambda row: row.token)
def test_a_row_is_about_a_type_and_arguments_that_its_sdk_knows(row: ResourceType, shapes: Shapes) -> None:
    shape = shapes.get(row.token)
    assert shape is not None
    named = {path.split(".")[0] for path in row.replaces | row.free_text} - {"*"}
    named |= {row.naming.argument} if row.naming else set()
    assert named <= shape.inputs.keys()
    assert set(row.computed.optional if row.computed else ()) <= shape.outputs.keys()


def test_a_type_has_one_row() -> None:
    with pytest.raises(ValueError, match=f"{QUEUE} has two rows"):
        types._by_token([ROW, ROW])
