"""The report as it is written: report.json for machines, index.html for people, a table for the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table

_TEMPLATES = Path(__file__).parent
_ROWS_SHOWN = 10
GOOD_NEWS = (
    "Every record is accounted for, by topic, partition and offset; every change of the shop's tables is in raw, which "
    "comes to the tables as they are; the snapshots published for Azure are their tables, row by row; and daily_sales "
    "equals an independent query over the source, per day and to the cent."
)


def write(folder: Path, report: Mapping[str, Any]) -> None:
    """Write report.json and index.html into the folder; each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / "report.json", json.dumps(report, indent=2, default=str) + "\n")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    page = environment.get_template("page.html.j2")
    _put(folder / "index.html", page.render(report=report, bars=_bars(report), good_news=GOOD_NEWS))


def _put(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def number(value: Any) -> str:
    """1234567 -> 1,234,567; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _bars(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One bar a day of the report's daily totals: its label, its amount and its height in per cent of the highest."""
    days = [(row["sale_date"], row["net_amount_eur"]) for row in report["daily_totals"]]
    highest = max((float(amount) for _, amount in days), default=0.0)
    return [{"day": day, "amount": amount, "height": round(100 * float(amount) / highest, 1)} for day, amount in days]


def show(console: Console, report: Mapping[str, Any]) -> None:
    """Show the report as tables on the terminal."""
    engine = report["engine"]
    console.print(
        f"\nstack {report['stack']}: {engine['created']} resources created, {engine['unchanged']} unchanged by a "
        f"second `pulumi up` (engine {engine['version']}; {len(engine['live_types'])} types live, "
        f"{len(engine['state_only_types'])} kept as state)",
        highlight=False,
        soft_wrap=True,
    )
    datasets = _table("dataset", "produced", "landed", "accepted", "quarantined", "duplicates", "conserved")
    for name, tally in report["datasets"].items():
        _row(
            datasets,
            name,
            tally["produced"],
            tally["landed"],
            tally["accepted"],
            sum(tally["quarantined"].values()),
            tally["duplicates"],
            tally["conserved"],
        )
    console.print(datasets)
    rules = _table("quarantined by rule", "rows")
    for tally in report["datasets"].values():
        for rule, rows in tally["quarantined"].items():
            _row(rules, rule, rows)
    console.print(rules)
    captured = _table(
        "captured table", "rows", "committed", "loaded", "I", "U", "D", "missing", "repeated", "different", "complete"
    )
    for name, told in report["captured"]["tables"].items():
        counted = [told[key] for key in ("rows", "committed", "loaded")]
        counted += [*told["landed"].values(), *(told[key] for key in ("missing", "repeated", "different", "complete"))]
        _row(captured, name, *counted)
    console.print(captured)
    bridge = _table("bridge to Pub/Sub", "produced", "received", "rejected", "missing", "repeated", "out of order")
    for topic, told in report["bridge"].items():
        counted = [told[key] for key in ("produced", "received", "rejected", "missing", "repeated", "out_of_order")]
        _row(bridge, topic, *counted)
    console.print(bridge)
    exchanges = _table(
        "published for Azure", "rows", "published", "files", "missing", "altered", "different", "complete"
    )
    for name, told in report["exchanges"].items():
        shown = ("rows", "published", "files", "missing", "altered", "different", "complete")
        _row(exchanges, name, *(told[key] for key in shown))
    console.print(exchanges)
    for query, rows in report["warehouse"].items():
        console.print(f"\n{query}", markup=False, highlight=False, soft_wrap=True)
        result = _table(*(rows[0] if rows else ["no rows"]))
        for row in rows[:_ROWS_SHOWN]:
            _row(result, *row.values())
        console.print(result)
    if not report["problems"]:
        console.print(f"\n{GOOD_NEWS}", style="green", soft_wrap=True)
    for problem in report["problems"]:
        console.print(f"PROBLEM: {problem}", style="bold red", markup=False, soft_wrap=True)


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=None, pad_edge=False, header_style="bold")
    for name in others:
        table.add_column(name, justify="right")
    return table


def _row(table: Table, first: Any, *others: Any) -> None:
    table.add_row(str(first), *("yes" if v is True else "NO" if v is False else number(v) for v in others))
