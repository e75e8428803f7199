"""The replay against the contract, judged by the job's own code record by record (no Spark needed)."""

from __future__ import annotations

from collections import defaultdict

import pytest

import contracts
from etl.lakehouse.amounts import parse_rates
from etl.lakehouse.contract import Job
from etl.lakehouse.orders_record import RULES, deriver
from etl.lakehouse.record import Enforcer
from local.rehearsal.replay import FATES, PERIODS, records
from local.site import ROOT


@pytest.fixture(scope="module")
def enforcer() -> Enforcer:
    loaded = contracts.load()
    job = Job.load(contracts.compile_job(loaded, loaded.dataset("orders")))
    rates = parse_rates((ROOT / "contracts" / "reference" / "exchange_rates.csv").read_text())
    return Enforcer(job, deriver(job, rates), RULES)


def test_each_kind_breaks_the_one_rule_that_the_table_names(enforcer: Enforcer) -> None:
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for record in records(PERIODS["day"]):
        text = None if record.value is None else record.value.decode()
        found[record.kind].add(tuple(rule for rule, _ in enforcer.judge(text).failures))

    assert dict(found) == {kind: {(fate.rule,) if fate.rule else ()} for kind, fate in FATES.items()}


def test_the_field_that_no_contract_names_is_seen(enforcer: Enforcer) -> None:
    seen = defaultdict(set)
    for record in records(PERIODS["day"]):
        if record.value is not None:
            seen[enforcer.judge(record.value.decode()).unknown].add(record.kind)

    assert seen["channel",] == {"unknown_field"}
    assert set(seen) == {(), ("channel",)}
