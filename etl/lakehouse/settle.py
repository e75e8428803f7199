"""The one place where each row of a batch ends: curated, quarantine or duplicates.

Identity is the position (topic, partition, offset). A position that already has its place (raw was
landed twice, or read again because the watermark was lost) is no row of this run: it is `repeated`,
counted apart and written nowhere. So over all runs rows in = accepted + quarantined + duplicates =
positions of raw, and the ledger's sums are what the tables hold.

Of several good records with one natural key, the first in the order (topic, partition, offset) is
accepted, unless an earlier run has accepted one: that one stays. Kafka keeps a key in one partition,
so what is accepted does not depend on where runs begin and end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - as everywhere in Spark code

from .judge import POSITION

ACCEPTED = "accepted"
QUARANTINED = "quarantined"
DUPLICATE = "duplicate"
REPEATED = "repeated"

UNKNOWN_NAMES = 100
"""Unknown fields that are counted by name; a producer that makes up names must not fill the ledger."""
OTHER_NAMES = "(other)"


def settle(judged: DataFrame, known: DataFrame, placed: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """Add `outcome` and, for duplicates, `first`: the position of the row that they repeat.

    Args:
        known: natural keys that the head table holds: the columns of `key`, and `known`
            struct<topic, partition, offset>, where the accepted row lies. Unique by key.
        placed: positions that are in quarantine or duplicates. Unique.
    """
    position = F.struct(*POSITION)
    own_group = F.concat_ws(":", *POSITION)
    by_key = [F.col(f"record.{name}") == known[name] for name in key]
    rows = (
        judged.join(placed.withColumn("again", F.lit(True)), list(POSITION), "left")
        .join(known, by_key, "left")
        .select(*(judged[name] for name in judged.columns), F.coalesce("again", F.lit(False)).alias("again"), "known")
        .withColumn("_group", F.coalesce("key", own_group))
        .withColumn("_position", position)
    )
    # Copies of one position have one content, so they share a group: a window by key finds both kinds of repeats.
    group = Window.partitionBy("_group", "again").orderBy(*POSITION)
    rows = rows.withColumn("_first", F.first("_position").over(group)).withColumn(
        "_previous", F.lag("_position").over(group)
    )
    repeated = (
        F.col("again")
        | F.col("known").eqNullSafe(F.col("_position"))
        | F.col("_previous").eqNullSafe(F.col("_position"))
    )
    outcome = (
        F.when(repeated, REPEATED)
        .when(F.size("failures") > 0, QUARANTINED)
        .when(F.col("known").isNotNull(), DUPLICATE)
        .when(F.col("_first") == F.col("_position"), ACCEPTED)
        .otherwise(DUPLICATE)
    )
    return (
        rows.withColumn("outcome", outcome)
        .withColumn("first", F.when(F.col("outcome") == DUPLICATE, F.coalesce("known", "_first")))
        .drop("again", "known", "_group", "_position", "_first", "_previous")
    )


@dataclass(frozen=True)
class Counts:
    """What a run did with its rows."""

    accepted: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    """Rule -> rows that are counted under it."""
    duplicates: int = 0
    repeated: int = 0
    """Rows whose position already had its place; not in rows_in."""
    unknown_fields: dict[str, int] = field(default_factory=dict)
    """Path -> rows that had it, of the rows in."""

    @property
    def quarantined_rows(self) -> int:
        return sum(self.quarantined.values())

    @property
    def rows_in(self) -> int:
        return self.accepted + self.quarantined_rows + self.duplicates


def count(settled: DataFrame) -> Counts:
    """Count everything about a batch in one pass (a Spark action)."""
    outcome = F.struct(F.col("outcome").alias("what"), F.get(F.col("failures.rule"), F.lit(0)).alias("name"))
    unknown = F.when(F.col("outcome") == REPEATED, F.array()).otherwise(
        F.transform("unknown", lambda name: F.struct(F.lit("unknown").alias("what"), name.alias("name")))
    )
    facts = settled.select(F.explode(F.concat(F.array(outcome), unknown)).alias("fact"))
    rows = facts.groupBy("fact.what", "fact.name").count().collect()
    by_outcome: Counter[str] = Counter()
    rules: dict[str, int] = {}
    names: dict[str, int] = {}
    for what, name, number in rows:
        by_outcome[what] += number
        if what == QUARANTINED:
            rules[name] = number
        elif what == "unknown":
            names[name] = number
    return Counts(
        accepted=by_outcome[ACCEPTED],
        quarantined=dict(sorted(rules.items())),
        duplicates=by_outcome[DUPLICATE],
        repeated=by_outcome[REPEATED],
        unknown_fields=_capped(names),
    )


def _capped(names: dict[str, int]) -> dict[str, int]:
    ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    kept = {name[:200]: number for name, number in sorted(ranked[:UNKNOWN_NAMES])}
    rest = sum(number for _, number in ranked[UNKNOWN_NAMES:])
    return {**kept, OTHER_NAMES: rest} if rest else kept
