"""What is new in raw: the rows that landed between two of its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from pyspark.sql import DataFrame

from . import log
from .iceberg import IcebergTable, Snapshot


@dataclass(frozen=True)
class Window:
    """Raw after snapshot `start` up to `end`; with `start` None all that raw holds at `end`.

    `watermark` is what the dataset had reached, which is not `start` if that snapshot is lost.
    """

    watermark: int | None
    start: int | None
    end: int

    def rows(self, raw: IcebergTable) -> DataFrame:
        if self.start is None:
            return raw.rows(self.end)
        return raw.appended(self.start, self.end)


def find_window(raw: IcebergTable, watermark: int | None) -> Window | None:
    """Return what to read of raw, None if nothing has landed since the watermark.

    Compaction and deletion add no rows, so only appended files are read. When the way back from
    raw's present to the watermark is broken (snapshots expired, table made anew), or when something
    on the way may have added rows otherwise, all of raw is read; rows whose position is settled
    already are then recognised by it.
    """
    end = raw.current()
    if end is None or end.id == watermark:
        return None
    if watermark is None:
        return Window(None, None, end.id)
    since = list(takewhile(lambda s: s.id != watermark, raw.history(end.id)))
    if since[-1].parent != watermark:
        log.warning("watermark_lost", table=raw.name, watermark=watermark, oldest_known=since[-1].id, reading="all")
        return Window(watermark, None, end.id)
    rewritten = [s for s in since if s.operation == "overwrite" and _added(s)]
    if rewritten:
        log.warning("raw_overwritten", table=raw.name, snapshots=[s.id for s in rewritten], reading="all")
        return Window(watermark, None, end.id)
    if not any(s.operation == "append" and _added(s) for s in since):
        return None
    return Window(watermark, watermark, end.id)


def _added(snapshot: Snapshot) -> bool:
    return int(snapshot.summary.get("added-records", 0)) > 0
