"""The job `curate`: what is new in raw becomes the curated tables of a dataset.

A run writes in this order:

1. an intent, an empty snapshot on the head table: from here on no other run that began earlier can
   publish, and if this run dies the next one knows that it may have left something;
2. quarantine, duplicates, and the tables beside the head, each merged on its key;
3. the head table with watermark and counts, published in one step: only now is anything true;
4. the ledger, from what the head's snapshots tell, so that a run which died before this is entered
   by the next.

Killed anywhere, the next run removes what the dead one left in step 2 and does the same again. Of two
runs at once the one that began later goes on; the other starts over and finds what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from . import days, log, orders
from .amounts import Rates
from .books import INTENT, LEDGER, HeadState, Ledger, RunSummary, code_version, read_state, unused
from .contract import Job
from .iceberg import IcebergTable, Snapshot, TableMovedError, literal
from .judge import POSITION, judge
from .orders_record import require_known_events
from .settle import ACCEPTED, DUPLICATE, QUARANTINED, count, settle
from .source import Window, find_window

NAME = "curate"
ATTEMPTS = 3
"""How often a run starts over because the head table moved under it (compaction, another run)."""

QUARANTINE = (
    "dataset",
    "run_id",
    "rule",
    "rules",
    "reason",
    "value",
    *POSITION,
    "timestamp",
    "quarantined_at",
)
DUPLICATES = (
    "dataset",
    "run_id",
    "key",
    *POSITION,
    "first_topic",
    "first_partition",
    "first_offset",
    "found_at",
)
PLACE_KEY = ("dataset", *POSITION)


@dataclass(frozen=True)
class Tables:
    """The tables of one dataset's run."""

    raw: IcebergTable
    head: IcebergTable
    lines: IcebergTable
    quarantine: IcebergTable
    duplicates: IcebergTable
    ledger: IcebergTable

    @classmethod
    def open(cls, spark: SparkSession, job: Job) -> Tables:
        """Raises: TableError if a table lacks a column of its contract."""
        curated = {name: IcebergTable(spark, table.name) for name, table in job.tables.items()}
        books = {role: IcebergTable(spark, name) for role, name in job.operations.items()}
        for name, table in curated.items():
            table.require_columns(job.tables[name].columns)
        for role, columns in (("quarantine", QUARANTINE), ("duplicates", DUPLICATES)):
            books[role].require_columns(columns)
        books["ledger"].require_columns(column.split()[0] for column in LEDGER.split(", "))
        return cls(
            raw=IcebergTable(spark, job.source),
            head=curated[job.head_name],
            lines=curated["order_lines"],
            quarantine=books["quarantine"],
            duplicates=books["duplicates"],
            ledger=books["ledger"],
        )


def curate(
    spark: SparkSession, job: Job, rates: Rates, run_id: str, clock: Callable[[], datetime]
) -> RunSummary | None:
    """Curate what has landed since the last run; None if nothing has.

    Raises: TableMovedError if the head table moved under each of ATTEMPTS attempts; nothing is
        committed then. TableError, ContractError: before anything is written.
    """
    require_known_events(job)
    tables = Tables.open(spark, job)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(tables, job, rates, run_id, clock)
        except TableMovedError as error:
            log.warning("attempt_lost", dataset=job.dataset, attempt=attempt, of=ATTEMPTS, reason=str(error))
            if attempt == ATTEMPTS:
                raise
            for table in vars(tables).values():
                table.refresh()
    raise AssertionError("unreachable: the last attempt returns or raises")


def _attempt(tables: Tables, job: Job, rates: Rates, run_id: str, clock: Callable[[], datetime]) -> RunSummary | None:
    started_at = clock()
    ledger = Ledger(tables.ledger, job.dataset)
    state = read_state(tables.head, ledger)
    window = find_window(tables.raw, state.watermark)
    if window is None:
        _enter(ledger, tables, job)
        log.info("nothing_new", dataset=job.dataset, table=tables.raw.name, watermark=state.watermark)
        return None
    run_id = unused(run_id, state.committed | ledger.run_ids)
    log.info("window", dataset=job.dataset, run_id=run_id, start=window.start, end=window.end)
    with log.timed("intent"):
        intent = tables.head.mark(state.base, {INTENT: run_id})
        _remove_leftovers(tables, job, state)

    with log.timed("settle"):
        # Not persist: Spark computes what it has cached again after each write to a table that it came from.
        settled = _settled(tables, job, rates, window, state).localCheckpoint()
        counts = count(settled)
    accepted = settled.where(F.col("outcome") == ACCEPTED)
    beside: list[tuple[IcebergTable, DataFrame, Sequence[str]]] = []
    if counts.quarantined:
        beside.append((tables.quarantine, quarantine_rows(settled, job, run_id, clock()), PLACE_KEY))
    if counts.duplicates:
        beside.append((tables.duplicates, duplicate_rows(settled, job, run_id, clock()), PLACE_KEY))
    if counts.accepted:
        beside.append((tables.lines, orders.lines(accepted, job), job.tables["order_lines"].primary_key))
    for table, rows, key in beside:
        with log.timed("merge", table=table.name), _holding(tables.head, intent):
            table.merge(rows, key)

    draft = tables.head.draft(intent)
    touched = ""
    if counts.accepted:
        with log.timed("fold"):
            folded = orders.fold(tables.head.rows(intent.id), accepted, job).persist(StorageLevel.MEMORY_AND_DISK)
            touched = days.write(_days(folded))
        with log.timed("merge", table=tables.head.name), _holding(tables.head, intent):
            draft.merge(folded, job.head.primary_key)
    summary = RunSummary(
        dataset=job.dataset,
        run_id=run_id,
        job=NAME,
        started_at=started_at,
        finished_at=clock(),
        source_from_snapshot=window.watermark,
        source_to_snapshot=window.end,
        counts=counts,
        days=touched,
        code_version=code_version(job.version),
    )
    draft.publish(summary.properties())
    log.info("published", **summary.properties())
    _enter(ledger, tables, job)
    return summary


def quarantine_rows(settled: DataFrame, job: Job, run_id: str, at: datetime) -> DataFrame:
    """Return the rows of the table quarantine: every broken record with the rule it counts under, and all it broke."""
    return settled.where(F.col("outcome") == QUARANTINED).select(
        F.lit(job.dataset).alias("dataset"),
        F.lit(run_id).alias("run_id"),
        F.get("failures.rule", F.lit(0)).alias("rule"),
        F.col("failures.rule").alias("rules"),
        F.array_join("failures.reason", "; ").alias("reason"),
        "value",
        *POSITION,
        "timestamp",
        F.lit(at).alias("quarantined_at"),
    )


def duplicate_rows(settled: DataFrame, job: Job, run_id: str, at: datetime) -> DataFrame:
    """Return the rows of the table duplicates: every repeated record and the position of the one it repeats."""
    return settled.where(F.col("outcome") == DUPLICATE).select(
        F.lit(job.dataset).alias("dataset"),
        F.lit(run_id).alias("run_id"),
        "key",
        *POSITION,
        *(F.col(f"first.{name}").alias(f"first_{name}") for name in POSITION),
        F.lit(at).alias("found_at"),
    )


@contextmanager
def _holding(head: IcebergTable, intent: Snapshot) -> Iterator[None]:
    """Write only while this run's intent is the head's last word.

    Once another run has its own, it has looked for what this one left, and has removed its draft.
    """
    head.require_current(intent)
    try:
        yield
    except Exception:
        head.require_current(intent)
        raise


def _settled(tables: Tables, job: Job, rates: Rates, window: Window, state: HeadState) -> DataFrame:
    judged = judge(window.rows(tables.raw), job, rates)
    base = state.base.id if state.base else None
    known = orders.events_of(tables.head.rows(base))
    return settle(judged, known, _placed(tables, job), job.key)


def _placed(tables: Tables, job: Job) -> DataFrame:
    """Return the positions of this dataset that have their place beside the head."""
    parts = []
    for table in (tables.quarantine, tables.duplicates):
        snapshot = table.current()
        rows = table.rows(snapshot.id if snapshot else None)
        parts.append(rows.where(F.col("dataset") == job.dataset).select(*POSITION))
    return parts[0].unionByName(parts[1])


def _remove_leftovers(tables: Tables, job: Job, state: HeadState) -> None:
    """Remove what runs wrote beside the head that never published: nobody counts it."""
    tables.head.drop_drafts()
    if not state.abandoned:
        return
    log.warning("abandoned_runs", dataset=job.dataset, run_ids=state.abandoned)
    run_ids = ", ".join(map(literal, state.abandoned))
    for table in (tables.quarantine, tables.duplicates):
        table.delete(f"dataset = {literal(job.dataset)} AND run_id IN ({run_ids})")
    # Lines carry no run id; an abandoned run's are those of orders that the head does not know as placed.
    tables.lines.delete_without(tables.head, "o.order_id = t.order_id AND o.placed_at IS NOT NULL")


def _days(folded: DataFrame) -> list[date]:
    rows = folded.select(F.to_date("placed_at").alias("day")).where(F.col("day").isNotNull()).distinct().collect()
    return [row[0] for row in rows]


def _enter(ledger: Ledger, tables: Tables, job: Job) -> None:
    entered = ledger.enter(tables.head)
    if entered:
        log.info("ledger", dataset=job.dataset, entered=entered)
