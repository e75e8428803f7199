"""The accounts of runs: written into the commit that makes a run true, and from there into the ledger."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

from pyspark.sql import functions as F  # noqa: N812

from .iceberg import IcebergTable, Snapshot
from .settle import Counts

INTENT = "intent"
"""Property of the head table's snapshot that a run commits before it writes anything else: its run id."""

LEDGER_KEY = ("dataset", "run_id")
LEDGER = (
    "dataset string, run_id string, job string, started_at timestamp, finished_at timestamp, "
    "source_from_snapshot bigint, source_to_snapshot bigint, rows_in bigint, accepted bigint, "
    "quarantined map<string,bigint>, quarantined_rows bigint, duplicates bigint, "
    "unknown_fields map<string,bigint>, code_version string"
)


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What one run did; in the summary of the head table's snapshot that it committed last.

    Of the job `publish`, `dataset` is the folder that it published to, which no dataset's name is: the watermark of
    curate is read by dataset.
    """

    dataset: str
    run_id: str
    job: str
    started_at: datetime
    finished_at: datetime
    source_from_snapshot: int | None
    source_to_snapshot: int
    counts: Counts
    days: str
    """Days whose orders the run changed (see `days`); empty if none."""
    code_version: str

    def properties(self) -> dict[str, str]:
        """Return texts for a snapshot's summary; `of` reads them back."""
        counts = self.counts
        return {
            "dataset": self.dataset,
            "run-id": self.run_id,
            "job": self.job,
            "started-at": self.started_at.isoformat(),
            "finished-at": self.finished_at.isoformat(),
            "source-from-snapshot": "" if self.source_from_snapshot is None else str(self.source_from_snapshot),
            "source-to-snapshot": str(self.source_to_snapshot),
            "rows-in": str(counts.rows_in),
            "accepted": str(counts.accepted),
            "quarantined": json.dumps(counts.quarantined),
            "quarantined-rows": str(counts.quarantined_rows),
            "duplicates": str(counts.duplicates),
            "repeated": str(counts.repeated),
            "unknown-fields": json.dumps(counts.unknown_fields, ensure_ascii=False),
            "days": self.days,
            "code-version": self.code_version,
        }

    @classmethod
    def of(cls, snapshot: Snapshot) -> RunSummary | None:
        """Return the summary that a snapshot carries; None for compaction, marks and data below the top."""
        return cls.read(snapshot.properties) if "source-to-snapshot" in snapshot.properties else None

    @classmethod
    def read(cls, p: Mapping[str, str]) -> RunSummary:
        """Return the summary whose `properties` these are."""
        return cls(
            dataset=p["dataset"],
            run_id=p["run-id"],
            job=p["job"],
            started_at=datetime.fromisoformat(p["started-at"]),
            finished_at=datetime.fromisoformat(p["finished-at"]),
            source_from_snapshot=int(p["source-from-snapshot"]) if p["source-from-snapshot"] else None,
            source_to_snapshot=int(p["source-to-snapshot"]),
            counts=Counts(
                accepted=int(p["accepted"]),
                quarantined=json.loads(p["quarantined"]),
                duplicates=int(p["duplicates"]),
                repeated=int(p["repeated"]),
                unknown_fields=json.loads(p["unknown-fields"]),
            ),
            days=p["days"],
            code_version=p["code-version"],
        )

    def ledger_row(self) -> tuple[Any, ...]:
        """Return the row of LEDGER columns."""
        counts = self.counts
        return (
            self.dataset,
            self.run_id,
            self.job,
            self.started_at,
            self.finished_at,
            self.source_from_snapshot,
            self.source_to_snapshot,
            counts.rows_in,
            counts.accepted,
            counts.quarantined,
            counts.quarantined_rows,
            counts.duplicates,
            counts.unknown_fields,
            self.code_version,
        )


@dataclass(frozen=True)
class HeadState:
    """Where a dataset stands.

    base: the head table's snapshot that a run starts from.
    watermark: raw's snapshot up to which everything is settled.
    committed: ids of runs that the head's snapshots still tell of.
    abandoned: ids of runs that began to write and never committed.
    """

    base: Snapshot | None
    watermark: int | None
    committed: frozenset[str]
    abandoned: tuple[str, ...]


def read_state(head: IcebergTable, ledger: Ledger) -> HeadState:
    """Read it from the head's snapshots; compaction's and others' are passed over.

    The ledger helps out when the snapshots that told of the last run are expired.
    """
    history = list(head.history())
    newest: RunSummary | None = None
    committed: set[str] = set()
    intents: list[str] = []
    for snapshot in history:
        summary = RunSummary.of(snapshot)
        if summary is not None:
            newest = newest or summary
            committed.add(summary.run_id)
        elif newest is None and INTENT in snapshot.properties:
            intents.append(snapshot.properties[INTENT])
    watermark = newest.source_to_snapshot if newest else ledger.last_source_snapshot()
    return HeadState(
        base=history[0] if history else None,
        watermark=watermark,
        committed=frozenset(committed),
        abandoned=tuple(dict.fromkeys(intents)),
    )


class Ledger:
    """The table operations.ledger, for one dataset."""

    def __init__(self, table: IcebergTable, dataset: str) -> None:
        self._table = table
        self._dataset = dataset

    def last_source_snapshot(self) -> int | None:
        """Return source_to_snapshot of the newest run; None if there is none."""
        rows = self._rows().orderBy(F.desc("finished_at")).select("source_to_snapshot").head(1)
        return rows[0][0] if rows else None

    @cached_property
    def run_ids(self) -> frozenset[str]:
        """Ids of the runs that are entered; read once."""
        return frozenset(row[0] for row in self._rows().select("run_id").collect())

    def enter(self, head: IcebergTable) -> list[str]:
        """Enter every run that the head's snapshots tell of and the ledger does not; gives their ids.

        A run that was killed between its commit and its entry is so entered by the next one.
        """
        return self.enter_runs([s for s in map(RunSummary.of, head.history()) if s is not None])

    def enter_runs(self, told: Sequence[RunSummary]) -> list[str]:
        """Enter the runs that the ledger does not have; gives their ids."""
        if not told:
            return []
        missing = [s for s in told if s.run_id not in self.run_ids]
        if missing:
            rows = [s.ledger_row() for s in missing]
            self._table.merge(self._table.spark.createDataFrame(rows, LEDGER), LEDGER_KEY)
        return [s.run_id for s in missing]

    def _rows(self) -> Any:
        snapshot = self._table.current()
        return self._table.rows(snapshot.id if snapshot else None).where(F.col("dataset") == self._dataset)


def code_version(contract_version: str) -> str:
    """Return `<contract version>+<digest>`: what ran, by the content of this package's files."""
    return f"{contract_version}+{_digest()}"


@cache
def _digest() -> str:
    digest = sha256()
    files = [f for f in importlib.resources.files(__package__).iterdir() if f.name.endswith(".py")]
    for file in sorted(files, key=lambda f: f.name):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def now() -> datetime:
    return datetime.now(UTC)


def unused(run_id: str, taken: Iterable[str]) -> str:
    """Return the run id, with a number if a run of this name has been committed: its retry found more to do."""
    names = set(taken)
    return next(name for name in _numbered(run_id) if name not in names)


def _numbered(run_id: str) -> Iterator[str]:
    yield run_id
    number = 2
    while True:
        yield f"{run_id}.{number}"
        number += 1
