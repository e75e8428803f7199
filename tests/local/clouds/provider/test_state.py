"""What exists is remembered through crashes and under concurrent calls; what is secret is not written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.clouds.provider.assets import Asset
from local.clouds.provider.state import State
from local.clouds.provider.wire import UNKNOWN, Secret

BUCKET = "aws:s3/bucket:Bucket"


def urn(name: str, stack: str = "local") -> str:
    return f"urn:pulumi:{stack}::p::{BUCKET}::{name}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.sqlite"


def test_a_resource_exists_until_it_is_removed_also_after_a_restart(file: Path) -> None:
    first = State(file)
    first.put(BUCKET, "b", urn("b"), {})
    second = State(file)

    assert second.exists(BUCKET, "b")
    assert not second.exists("aws:s3/bucketPolicy:BucketPolicy", "b")

    second.remove(BUCKET, "b")

    assert not first.exists(BUCKET, "b")


def test_secrets_are_not_written(file: Path) -> None:
    state = State(file)
    state.put(BUCKET, "b", urn("b"), {"password": Secret("hunter2"), "deep": [{"k": Secret({"a": "hunter2"})}]})
    state.close()

    assert all(b"hunter2" not in part.read_bytes() for part in file.parent.iterdir())


def test_assets_are_kept_by_their_parts(file: Path) -> None:
    state = State(file)
    state.put(BUCKET, "b", urn("b"), {"source": Asset("h", path="a.py")})

    assert state.orphans("local", [])[0].outputs == {"source": {"hash": "h", "path": "a.py"}}


def test_only_a_creation_that_never_ended_counts_as_unfinished(file: Path) -> None:
    state = State(file)

    assert not state.begin(urn("b"), BUCKET)
    assert State(file).begin(urn("b"), BUCKET)

    state.put(BUCKET, "b", urn("b"), {})
    assert not state.begin(urn("b"), BUCKET)

    state.abandon(urn("b"))
    assert not state.begin(urn("b"), BUCKET)


def test_orphans_are_what_the_engine_does_not_know_newest_first(file: Path) -> None:
    state = State(file)
    for name in ("one", "two", "three"):
        state.put(BUCKET, name, urn(name), {})
    state.put(BUCKET, "other", urn("other", stack="other"), {})

    assert [orphan.id for orphan in state.orphans("local", [(BUCKET, "two")])] == ["three", "one"]


def test_what_the_engine_let_go_after_a_run_of_its_own_is_no_orphan(file: Path) -> None:
    state = State(file)
    state.put(BUCKET, "retained", urn("retained"), {})
    state.settle("local")
    state.put(BUCKET, "left", urn("left"), {})

    assert [orphan.id for orphan in state.orphans("local", [])] == ["left"]


def test_many_calls_at_once_lose_nothing(file: Path) -> None:
    states = [State(file), State(file)]

    def put(number: int) -> None:
        states[number % 2].put(BUCKET, str(number), urn(str(number)), {"number": number})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(200)))

    assert all(states[0].exists(BUCKET, str(number)) for number in range(200))


def test_a_preview_keeps_nothing_on_disk(tmp_path: Path) -> None:
    State(None).put(BUCKET, "b", urn("b"), {"x": "y"})

    assert list(tmp_path.iterdir()) == []


def test_unknowns_never_reach_the_file(file: Path) -> None:
    with pytest.raises(AttributeError):
        State(file).put(BUCKET, "b", urn("b"), {"arn": UNKNOWN})
