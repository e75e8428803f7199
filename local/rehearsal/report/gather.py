"""Gathers the report of a run: the tallies of everything that was sent, the warehouse's answers, and every problem."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts import Contracts
from local.clouds.engine.engine import Outcome
from local.clouds.warehouse import Result, Warehouse
from local.rehearsal import replay
from local.rehearsal.capture import Committed
from local.rehearsal.report import bridge, captured, datasets, marts, published
from local.rehearsal.report.bridge import Watch
from local.rehearsal.report.datasets import DatasetTally
from local.site import Site

DAILY_SALES = "SELECT * FROM analytics.daily_sales ORDER BY sale_date, country, currency"
BY_COUNTRY = (
    "SELECT country, currency, SUM(orders) AS orders, SUM(quantity) AS quantity, SUM(net_amount) AS net_amount, "
    "SUM(net_amount_eur) AS net_amount_eur FROM analytics.daily_sales GROUP BY country, currency ORDER BY country"
)
BY_DAY = "SELECT sale_date, SUM(net_amount_eur) AS net_amount_eur FROM analytics.daily_sales GROUP BY 1 ORDER BY 1"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run did, which the report is held against."""

    stack: str
    engine_version: str
    built: Outcome
    again: Outcome
    """Of the second `pulumi up`."""
    outputs: Mapping[str, Any]
    """The stack's."""
    period: replay.Period
    produced: replay.Produced
    committed: Committed
    watches: Mapping[str, Watch]


def gather(site: Site, data: Contracts, run: Run) -> dict[str, Any]:
    """Ask the warehouse, and follow every record to where it ended; gives the report.

    All that is not as it must be is one of its `problems`.
    """
    warehouse = Warehouse(site)
    by_dataset = {d.name: datasets.tally_dataset(site, data, d) for d in data.curated_datasets}
    by_topic = bridge.tally_topics(site, data, run.outputs, run.watches)
    by_table = captured.tally_tables(site, data, run.committed)
    by_exchange = published.tally_snapshots(site, data, run.outputs["buckets"]["analytics"])
    sales = warehouse.execute(DAILY_SALES)
    problems = [f"{name}: {problem}" for name, tally in by_dataset.items() for problem in tally.problems]
    problems += [f"captured table {name}: {problem}" for name, tally in by_table.items() for problem in tally.problems]
    problems += [f"exchange {name}: {problem}" for name, tally in by_exchange.items() for problem in tally.problems]
    problems += _bridge_problems(by_topic)
    problems += marts.differences(
        "daily_sales",
        sales.records(),
        [dict(zip(replay.COLUMNS, row, strict=True)) for row in replay.daily_sales(run.period, replay.RATES)],
        data.table("analytics", "daily_sales").primary_key,
    )
    problems += _replay_problems(run, by_dataset["orders"], by_topic["orders"])
    return {
        "stack": run.stack,
        "engine": {
            "version": run.engine_version,
            "created": run.built.changes.get("create", 0),
            "unchanged": run.again.changes.get("same", 0),
            "live_types": sorted(run.built.live),
            "state_only_types": sorted(run.built.state_only),
        },
        "replay": {
            "period": f"{run.period.name} ({span(run.period)})",
            "kinds": dict(sorted(run.produced.by_kind.items())),
        },
        "datasets": {name: tally.as_dict() for name, tally in by_dataset.items()},
        "captured": {
            "kinds": run.committed.kinds,
            "tables": {name: tally.as_dict() for name, tally in by_table.items()},
        },
        "bridge": by_topic,
        "exchanges": {name: tally.as_dict() for name, tally in by_exchange.items()},
        "warehouse": {BY_COUNTRY: _rows(warehouse.execute(BY_COUNTRY)), DAILY_SALES: _rows(sales)},
        "daily_totals": _rows(warehouse.execute(BY_DAY)),
        "problems": problems,
    }


def span(period: replay.Period) -> str:
    """The period's first and last day."""
    return f"{period.first} to {period.end - timedelta(days=1)}"


def _bridge_problems(by_topic: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for topic, told in by_topic.items():
        for what in ("missing", "out_of_order", "unexpected", "unshared"):
            if told[what]:
                yield f"bridge, {topic}: {told[what]} {what.replace('_', ' ')}"


def _replay_problems(run: Run, orders: DatasetTally, bridged: Mapping[str, Any]) -> Iterator[str]:
    """What did not come to what the replay, by its kinds of records, must come to."""
    counts = replay.expected_counts(run.produced.by_kind, run.period, replay.RATES)
    for what, got, wanted in (
        ("accepted", orders.accepted, counts.accepted),
        ("quarantined", orders.quarantined, counts.quarantined),
        ("duplicates", orders.duplicates, counts.duplicates),
    ):
        if got != wanted:
            yield f"orders: {what} is {got}, the replay must come to {wanted}"
    rejected, kept_back = bridged["rejected_by_reason"], replay.kept_back(run.produced.by_kind)
    if rejected != kept_back:
        yield f"bridge, orders: rejected is {rejected}, the replay must come to {kept_back}"


def _rows(result: Result) -> list[dict[str, Any]]:
    """The rows as JSON has them: by column, dates and amounts as text."""
    return [dict(row) for row in json.loads(json.dumps(result.records(), default=str))]
