"""What the pipelines of the exchange do, by running them on files in memory."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.components.share.data_factory import Factory, Missing, Stopped
from tests.graphs.recording import record


def _snapshot(id_: str, files: int) -> dict[str, bytes]:
    prefix = f"exchange/orders/snapshot={id_}/"
    data = {f"{prefix}part-{number}.parquet": f"{id_}-{number}".encode() for number in range(files)}
    manifest = {
        "dataset": "orders",
        "snapshot": id_,
        "prefix": prefix,
        "rows": files,
        "files": [{"key": key, "bytes": len(text), "rows": 1, "sha256": ""} for key, text in data.items()],
    }
    return {**data, "exchange/orders/manifest.json": json.dumps(manifest).encode()}


def _readable(stored: dict[str, bytes]) -> str | None:
    """The snapshot that a reader in Azure sees; every file that its manifest names must be there."""
    if "orders/manifest.json" not in stored:
        return None
    manifest = json.loads(stored["orders/manifest.json"])
    for file in manifest["files"]:
        assert len(stored[file["key"].removeprefix("exchange/")]) == file["bytes"], file["key"]
    return str(manifest["snapshot"])


def _go(s3: dict[str, bytes], stored: dict[str, bytes], steps: int | None = None) -> Factory:
    factory = Factory(record("prod"), s3, stored, steps)
    factory.run("exchange-orders")
    return factory


def test_a_published_snapshot_is_copied_once_and_the_manifest_last() -> None:
    s3 = _snapshot("1-a", 3)
    stored: dict[str, bytes] = {}
    unnamed = "exchange/orders/snapshot=1-a/part-of-nobody.parquet"
    s3[unnamed] = b"of a run that was killed"
    factory = _go(s3, stored)
    assert _readable(stored) == "1-a"
    assert factory.copied == [
        "exchange/orders/manifest.json",
        *(f"exchange/orders/snapshot=1-a/part-{n}.parquet" for n in range(3)),
        "orders/manifest.pending.json",
    ]
    assert factory.done.index("publish") > max(i for i, name in enumerate(factory.done) if name == "file")
    assert stored["orders/manifest.json"] == s3["exchange/orders/manifest.json"]
    again = _go(s3, stored)
    assert again.copied == ["exchange/orders/manifest.json"], "only to look at it"


def test_what_has_no_manifest_is_not_copied() -> None:
    for s3 in ({}, {"exchange/orders/snapshot=1-a/part-0.parquet": b"x"}, _snapshot("1-a", 0) and {"exchange/x": b"x"}):
        stored: dict[str, bytes] = {}
        assert _go(s3, stored).copied == []
        assert stored == {}


def test_a_manifest_that_names_nothing_empties_the_table() -> None:
    stored: dict[str, bytes] = {}
    _go(_snapshot("1-a", 2), stored)
    _go(_snapshot("2-a", 0), stored)
    assert _readable(stored) == "2-a"


def test_a_file_that_is_gone_keeps_the_readers_where_they_were() -> None:
    stored: dict[str, bytes] = {}
    _go(_snapshot("1-a", 2), stored)
    broken = _snapshot("2-a", 2)
    del broken["exchange/orders/snapshot=2-a/part-1.parquet"]
    with pytest.raises(Missing):
        _go(broken, stored)
    assert _readable(stored) == "1-a"


def test_the_snapshot_before_stays_for_who_reads_it_and_older_ones_go() -> None:
    stored: dict[str, bytes] = {"daily_sales/snapshot=9-z/part-0.parquet": b"another table's"}
    for id_ in ("1-a", "2-a", "3-a"):
        _go(_snapshot(id_, 1), stored)
    assert {key.split("/")[1] for key in stored if key.startswith("orders/snapshot=")} == {
        "snapshot=2-a",
        "snapshot=3-a",
    }
    assert "daily_sales/snapshot=9-z/part-0.parquet" in stored


def test_a_snapshot_that_is_published_meanwhile_waits_for_the_next_run() -> None:
    first, second = _snapshot("1-a", 2), _snapshot("2-a", 2)

    class Moving(dict[str, bytes]):
        """S3, where another manifest is put as soon as the first file was copied."""

        def __getitem__(self, key: str) -> bytes:
            value = super().__getitem__(key)
            if key.endswith("part-0.parquet") and "2-a" not in self["exchange/orders/manifest.json"].decode():
                self.update(second)
            return value

    stored: dict[str, bytes] = {}
    s3 = Moving(first)
    _go(s3, stored)
    assert _readable(stored) == "1-a", "what was read at the beginning, though S3 has another by now"
    _go(s3, stored)
    assert _readable(stored) == "2-a"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.none() | st.integers(0, 25)), max_size=6))
def test_wherever_runs_are_ended_readers_see_a_whole_snapshot(runs: list[tuple[int, int, int | None]]) -> None:
    stored: dict[str, bytes] = {}
    for number, (id_, files, steps) in enumerate(runs):
        before, s3 = _readable(stored), _snapshot(f"{number}-{id_}", files)
        try:
            _go(s3, stored, steps)
        except Stopped:
            assert _readable(stored) in (before, f"{number}-{id_}")
        else:
            assert _readable(stored) == f"{number}-{id_}"
