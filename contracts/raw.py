"""Makes the table in raw that a topic lands in: the record as it came, where it came from, and its day.

Kafka Connect's built-in transforms make exactly these columns (see bridges/lake_sink); nothing is
converted on the way, so no record can fail to land.
"""

from __future__ import annotations

from contracts.model import Column, Partition, Table

_COLUMNS = (
    ("value", "string", "The record as text; empty for a tombstone."),
    ("topic", "string", "Kafka topic."),
    ("partition", "int", "Kafka partition."),
    ("offset", "long", "Kafka offset."),
    ("timestamp", "timestamptz", "The record's own time (UTC)."),
    ("year", "string", "Year of the timestamp, four digits."),
    ("month", "string", "Month of the timestamp, two digits."),
    ("day", "string", "Day of the timestamp, two digits."),
)


def raw_table(
    *, topic: str, dataset: str, classification: str, retention_days: int, prefix: str | None = None
) -> Table:
    """Return the raw table of a topic, in the folder `prefix` (its name, if not given).

    `classification` is that of the topic's most sensitive field.
    """
    return Table(
        database="raw",
        name=topic,
        dataset=dataset,
        prefix=prefix or topic,
        description=f"Records of the topic {topic} as they arrived.",
        columns=tuple(
            Column(
                name=name,
                type=kind,
                required=False,
                description=text,
                classification=classification if name == "value" else "internal",
            )
            for name, kind, text in _COLUMNS
        ),
        primary_key=(),
        partition_by=tuple(Partition(name, "identity") for name in ("year", "month", "day")),
        retention_days=retention_days,
        role="raw",
    )
