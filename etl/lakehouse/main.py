"""The entry points of the jobs: arguments as Glue passes them, one call, a log line when it fails."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from . import contract, exchange, log, mart
from .amounts import fetch_rates
from .books import now
from .curate import curate
from .publish import publish_all
from .session import session


def run_curate(argv: Sequence[str] | None = None) -> None:
    """`--dataset orders --contracts contracts.json --exchange_rates s3://bucket/key --run_id ID`"""
    parser = _parser()
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--exchange_rates", required=True, help="s3:// address of the reference rates")
    args, _ = parser.parse_known_args(argv)
    log.start()
    job = contract.Job.load(contract.read(args.contracts, "datasets", args.dataset))
    rates = fetch_rates(args.exchange_rates)
    curate(session(), job, rates, args.run_id, now)


def run_build_mart(argv: Sequence[str] | None = None) -> None:
    """`--mart daily_sales --contracts contracts.json --run_id ID`"""
    parser = _parser()
    parser.add_argument("--mart", required=True)
    args, _ = parser.parse_known_args(argv)
    log.start()
    described = mart.load(contract.read(args.contracts, "marts", args.mart), mart.read_sql(args.mart))
    mart.build_mart(session(), described, args.run_id)


def run_publish(argv: Sequence[str] | None = None) -> None:
    """`--exchanges '["daily_sales", "orders"]' --exchange_bucket BUCKET --contracts contracts.json --run_id ID`"""
    parser = _parser()
    parser.add_argument("--exchanges", required=True, type=json.loads, help="names of shared tables, a JSON array")
    parser.add_argument("--exchange_bucket", required=True)
    args, _ = parser.parse_known_args(argv)
    log.start()
    shared = [exchange.Exchange.load(contract.read(args.contracts, "exchanges", name)) for name in args.exchanges]
    publish_all(session(), shared, args.exchange_bucket, args.run_id, now)


def _parser() -> argparse.ArgumentParser:
    # Glue adds arguments of its own, and they may hold secrets: callers ignore them and log none.
    # Without abbreviations `--JOB` or `--data` cannot be taken for ours.
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--contracts", required=True, type=Path, help="compiled contracts, in the working directory")
    parser.add_argument("--run_id", required=True)
    return parser
