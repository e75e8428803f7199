"""Orders: the events of each order folded into its present state, and its lines.

The fold does not depend on the order in which events arrive. An event of an order that was never
placed makes a row too, with the dates that are known and no amounts; it is completed when the
missing event comes.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from .contract import ContractError, Job
from .judge import POSITION
from .orders_record import DISCOUNTS, LIFECYCLE, TOTALS

EVENT = ("event_id", "event_type", "event_time", *POSITION)
LINE_AMOUNTS = ("product_id", "quantity", "net_amount", *DISCOUNTS)


def events_of(orders: DataFrame) -> DataFrame:
    """Return the natural keys that rows of the table orders hold: order_id, event_type, `known` (position)."""
    return orders.select("order_id", F.explode("events").alias("event")).select(
        "order_id", "event.event_type", F.struct(*(f"event.{name}" for name in POSITION)).alias("known")
    )


def fold(orders: DataFrame, accepted: DataFrame, job: Job) -> DataFrame:
    """Return the new rows of the table orders for every order that an accepted row touches.

    Args:
        orders: present rows of the table, of at least the touched orders; rows of others are dropped.
        accepted: settled rows with `record`, unique by (order_id, event_type), none of them in `orders`.
    """
    event = F.struct(
        *(F.col(f"record.{name}").alias(name) for name in ("event_id", "event_type", "event_time")), *POSITION
    )
    attributes = _attributes(job)
    new = accepted.select(
        F.col("record.order_id").alias("order_id"),
        F.struct(_rank(event).alias("rank"), *(F.col(f"record.{name}").alias(name) for name in attributes)).alias(
            "attributes"
        ),
        F.col("record.totals").alias("totals"),
        F.array(event).alias("events"),
    )
    present = orders.join(new.select("order_id").distinct(), "order_id", "left_semi").select(
        "order_id",
        F.struct(F.array_min(F.transform("events", _rank)).alias("rank"), *attributes).alias("attributes"),
        F.when(F.col("line_count").isNotNull(), F.struct(*TOTALS)).alias("totals"),
        "events",
    )
    folded = (
        new.unionByName(present)
        .groupBy("order_id")
        # The smallest rank is `placed`, which says who and where; without it, the earliest event does.
        .agg(
            F.min("attributes").alias("attributes"),
            F.max("totals").alias("totals"),
            F.flatten(F.collect_list("events")).alias("events"),
        )
        .withColumn("events", _in_order(F.col("events")))
    )
    columns = {
        "order_id": F.col("order_id"),
        **{name: F.col(f"attributes.{name}") for name in attributes},
        "status": F.element_at("events", -1)["event_type"],
        **{f"{kind}_at": _time_of(kind) for kind in LIFECYCLE},
        **{name: F.col(f"totals.{name}") for name in TOTALS},
        "events": F.col("events"),
    }
    return folded.select(*_as_table(columns, job, "orders"))


def lines(accepted: DataFrame, job: Job) -> DataFrame:
    """Return the rows of the table order_lines that accepted `placed` rows bring."""
    placed_at = F.col("record.event_time")
    exploded = accepted.where(F.col("record.event_type") == "placed").select(
        F.col("record.order_id").alias("order_id"),
        placed_at.alias("placed_at"),
        F.col("record.currency").alias("currency"),
        F.explode("record.lines").alias("line"),
    )
    columns = {
        "order_id": F.col("order_id"),
        "line_number": F.col("line.line_number"),
        "placed_at": F.col("placed_at"),
        "placed_date": F.to_date("placed_at"),
        **{name: F.col(f"line.{name}") for name in LINE_AMOUNTS},
        "currency": F.col("currency"),
        "net_amount_eur": F.col("line.net_amount_eur"),
    }
    return exploded.select(*_as_table(columns, job, "order_lines"))


def _attributes(job: Job) -> tuple[str, ...]:
    """Return the fields that a record and the table orders both have: what each event says of its order anew."""
    table = job.tables["orders"]
    return tuple(f.name for f in job.fields if f.name in table.columns and f.name not in table.primary_key)


def _rank(event: Column) -> Column:
    return F.struct(
        (event["event_type"] != "placed").alias("not_placed"),
        *(event[name].alias(name) for name in ("event_time", *POSITION)),
    )


def _in_order(events: Column) -> Column:
    """Return events by time; those of one instant in the order of an order's life, then by position."""
    keyed = F.transform(
        events,
        lambda e: F.struct(
            e["event_time"].alias("time"),
            _stage(e["event_type"]).alias("stage"),
            *(e[name].alias(name) for name in POSITION),
            e.alias("event"),
        ),
    )
    return F.transform(F.array_sort(keyed), lambda k: k["event"])


def _stage(kind: Column) -> Column:
    stage = F.lit(len(LIFECYCLE))
    for number, name in enumerate(LIFECYCLE):
        stage = F.when(kind == name, number).otherwise(stage)
    return stage


def _time_of(kind: str) -> Column:
    times = F.transform(F.filter("events", lambda e: e["event_type"] == kind), lambda e: e["event_time"])
    return F.array_min(times)


def _as_table(columns: dict[str, Column], job: Job, table: str) -> list[Column]:
    wanted = job.tables[table].columns
    if set(wanted) != set(columns):
        both = ", ".join(sorted(set(wanted) ^ set(columns)))
        raise ContractError(f"table {job.tables[table].name}: contract and fold differ in the columns {both}")
    return [columns[name].cast(kind).alias(name) for name, kind in wanted.items()]
