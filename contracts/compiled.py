"""Compiles what jobs and functions read of the contracts: plain JSON that lies beside their code.

They run in Glue and Lambda from their own folder and import nothing of this package, so the
reference lists of ISO 3166-1 and ISO 4217 travel with it.
"""

from __future__ import annotations

from typing import Any

import pycountry

from contracts import types
from contracts.model import Contracts, Dataset, Exchange, Field, Rule, Table
from contracts.pubsub import shared_fields

REPORTING_CURRENCY = "EUR"

# ISO 4217's minor units, for the currencies that do not have two decimals; pycountry has names and codes only.
# Source: ISO 4217 list one (2024). Codes without a minor unit (precious metals, test codes) are no money: left out.
_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_NO_MONEY = frozenset(["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"])


def currencies() -> dict[str, int]:
    """Return ISO 4217 code -> decimals of its minor unit."""
    special = {code: digits for digits, codes in _MINOR_UNITS.items() for code in codes.split()}
    return {c.alpha_3: special.get(c.alpha_3, 2) for c in pycountry.currencies if c.alpha_3 not in _NO_MONEY}


def countries() -> list[str]:
    """Return the ISO 3166-1 alpha-2 codes."""
    return sorted(c.alpha_2 for c in pycountry.countries)


def compile_all(contracts: Contracts) -> dict[str, Any]:
    """Return everything the Glue jobs read, by name: `datasets` to curate, `marts` to build, `exchanges` to publish."""
    return {
        "datasets": {d.name: compile_job(contracts, d) for d in contracts.curated_datasets},
        "marts": {t.name: compile_mart(contracts, t) for t in contracts.marts},
        "exchanges": {e.name: compile_exchange(contracts, e) for e in contracts.exchanges},
    }


def compile_job(contracts: Contracts, dataset: Dataset) -> dict[str, Any]:
    """Return what the job `curate` needs to know of a dataset that comes from a topic."""
    (topic,) = dataset.topics
    return {
        "dataset": dataset.name,
        "version": dataset.version,
        "head": dataset.head.name,
        "reporting_currency": REPORTING_CURRENCY,
        "source": {"kind": "topic", "topic": topic.name, "table": topic.raw_table.full_name},
        "key": list(topic.natural_key),
        "fields": [_field(f) for f in topic.fields],
        "rules": [_rule(r) for r in topic.rules],
        "countries": countries(),
        "currencies": currencies(),
        "tables": {t.name: _table(t) for t in dataset.tables},
        "operations": {
            role: contracts.operations_table(role).full_name for role in ("ledger", "quarantine", "duplicates")
        },
    }


def compile_mart(contracts: Contracts, mart: Table) -> dict[str, Any]:
    """Return what the job `build_mart` needs to know of a mart."""
    return {
        "mart": mart.name,
        "sources": list(mart.sources),
        "ledger": contracts.operations_table("ledger").full_name,
        **_table(mart),
    }


def compile_exchange(contracts: Contracts, exchange: Exchange) -> dict[str, Any]:
    """Return what the job `publish` needs to know of a table that is shared by snapshots: its shared columns only."""
    return {
        "exchange": exchange.name,
        "version": contracts.dataset(exchange.table.dataset).version,
        "table": exchange.table.full_name,
        "prefix": exchange.prefix,
        "columns": [
            {"name": c.name, "type": types.hive(c.type), "description": c.description} for c in exchange.columns
        ],
        "ledger": contracts.operations_table("ledger").full_name,
    }


def compile_bridge(contracts: Contracts) -> dict[str, Any]:
    """Return what the Pub/Sub bridge may send: the topics shared with Google Cloud and their shared fields only."""
    return {
        "topics": {
            topic.name: {
                "key": topic.key,
                "lanes": topic.share.lanes,
                "fields": [_shared_field(f) for f in shared_fields(topic)],
                "pubsub_topic": topic.name,
            }
            for topic in contracts.topics
            if topic.share and topic.share.target == "gcp"
        }
    }


def _shared_field(f: Field) -> dict[str, Any]:
    compiled: dict[str, Any] = {"name": f.name, "type": f.type, "required": f.required}
    if f.type == "array":
        compiled["fields"] = [_shared_field(item) for item in f.fields]
    return compiled


def _field(f: Field) -> dict[str, Any]:
    compiled: dict[str, Any] = {
        "name": f.name,
        "type": types.spark(f.type),
        "required": f.required,
        "conform": f.conform,
    }
    if f.type == "array":
        compiled["fields"] = [_field(item) for item in f.fields]
    return compiled


def _rule(rule: Rule) -> dict[str, Any]:
    compiled: dict[str, Any] = {"name": rule.name, "field": rule.field, "kind": rule.kind}
    if rule.kind == "range":
        compiled |= {"minimum": rule.minimum, "maximum": rule.maximum}
    elif rule.kind == "pattern":
        compiled |= {"pattern": rule.pattern}
    else:
        compiled |= {"values": list(rule.values)}
    return compiled


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.full_name,
        "primary_key": list(table.primary_key),
        "columns": [{"name": c.name, "type": types.hive(c.type)} for c in table.columns],
    }
