"""`make up`: the local stack from nothing to the report; `make down`: nothing of it is left.

It always starts afresh: services that an earlier run left are stopped and their state is removed, so nothing
half done stays in the way, and two runs of the same replay give the same numbers.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import contracts
from contracts import Contracts
from local import capture, rehearsal, replay
from local.capture import Captured
from local.clouds import services
from local.clouds.engine.engine import Engine, Outcome
from local.clouds.warehouse import Result, Warehouse
from local.report import account, bridge, captured, compare, published, write
from local.site import ROOT, Site
from local.steps import StepError, Steps
from local.toolchain import packages

STACK = "local"
REPORT = ROOT / "build" / "report"
RATES = ROOT / "contracts" / "reference" / "exchange_rates.csv"
SERVICES = ("aws", "kafka", "pubsub")
"""What must run before the program does; the others start with the resources that need them, functions when all is
there."""

DAILY_SALES = "SELECT * FROM analytics.daily_sales ORDER BY sale_date, country, currency"
BY_COUNTRY = (
    "SELECT country, currency, SUM(orders) AS orders, SUM(quantity) AS quantity, SUM(net_amount) AS net_amount, "
    "SUM(net_amount_eur) AS net_amount_eur FROM analytics.daily_sales GROUP BY country, currency ORDER BY country"
)
BY_DAY = "SELECT sale_date, SUM(net_amount_eur) AS net_amount_eur FROM analytics.daily_sales GROUP BY 1 ORDER BY 1"


def up(site: Site, replayed_period: str, *, report_folder: Path = REPORT, steps: Steps | None = None) -> dict[str, Any]:
    """Builds the stack, replays the period's orders through it and writes the report, which it also gives.

    Raises: StepError, EngineError, ServiceError, ... as the step that failed gave it. Services keep running, so that
    what happened can be looked at; the next run starts afresh.
    """
    steps = steps or Steps()
    with _alone(site):
        try:
            report = _build_and_replay(site, replay.PERIODS[replayed_period], steps)
        except Exception:
            services.check(site)  # if a service died, that is the cause: it is named instead
            raise
        report["seconds"] = {**steps.seconds, "total": round(steps.elapsed, 1)}
        write.write(report_folder, report)
        write.show(steps.console, report)
    return report


def down(site: Site, steps: Steps | None = None) -> None:
    """Destroys the stack if its services still run, stops them and removes their state."""
    steps = steps or Steps()
    with _alone(site):
        running = {status.name for status in services.status(site) if status.state == "running"}
        if running.issuperset(SERVICES):
            with steps.step("destroy", "destroy the stack with the Pulumi engine"):
                gone = Engine(site, STACK).destroy()
                steps.say(f"{gone.changes.get('delete', 0)} resources deleted")
        with steps.step("stop", "stop the services and remove their state"):
            clear(site)


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    """Keeps a second `make up` or `make down` of the site out, which would pull the floor from under this one."""
    site.state.parent.mkdir(parents=True, exist_ok=True)
    with site.state.with_name(site.state.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepError(
                f"another `make up` or `make down` works on {site.state}; wait for it or end it, then try again"
            ) from None
        yield


def _build_and_replay(site: Site, period: replay.Period, steps: Steps) -> dict[str, Any]:
    data = contracts.load()
    engine = Engine(site, STACK)
    with steps.step("start", "start AWS (moto), Kafka and Pub/Sub on this machine"):
        clear(site)
        services.require_disk_space(site.state)
        packages.build(steps.say)
        for name in SERVICES:
            services.start(site, name)
            steps.say(f"{name} is ready")
    with steps.step("build", "build the stack `local` with the Pulumi engine"):
        built = engine.up(refresh=False)
        _say_types(built, steps)
    with steps.step("build again", "a second `pulumi up`, which must find everything unchanged"):
        again = engine.up()
        _require_unchanged(again)
        steps.say(f"{again.changes.get('same', 0)} resources unchanged")
    outputs = engine.outputs()
    with steps.step("capture", f"fill the shop's tables and change them as a {period.name} passes, followed by DMS"):
        shop = capture.run(site, data, period, steps.say)
    with steps.step("replay", f"replay the retailer's orders of a {period.name} ({_span(period)}) into Kafka"):
        bridge.watch(site, data, outputs)
        services.start(site, "functions")
        produced = replay.produce(site.kafka_bootstrap, "orders", replay.records(period), steps.say)
        steps.say(f"{produced.total:,} records of {len(produced.by_kind)} kinds")
    with steps.step("land", "wait until Kafka Connect has landed every record in raw"):
        for topic in data.topics:
            rehearsal.wait_landed(site, topic.name, topic.landing.full_name, steps.say)
        capture.wait(site, data, shop.position, steps.say)
    with steps.step(
        "pipeline", "run the state machine: curate every dataset, build every mart, publish what is shared"
    ):
        rehearsal.run_pipeline(site, outputs["pipeline"], steps.say)
    with steps.step("bridge", "wait until the bridge has delivered everything to Pub/Sub"):
        rehearsal.wait_bridge(site, lambda: bridge.progress(site), steps.say)
    with steps.step("account", "ask the warehouse, and follow every record to where it ended"):
        return _report(site, data, engine, built, again, period, produced, shop, outputs)


def clear(site: Site) -> None:
    """Stops the site's services and removes all that they wrote."""
    services.stop(site)
    if site.state.exists():
        shutil.rmtree(site.state)


def _say_types(built: Outcome, steps: Steps) -> None:
    steps.say(f"{sum(built.live.values())} resources of {len(built.live)} types are live on this machine:")
    steps.say("  " + ", ".join(f"{_short(t)} {n}" for t, n in built.live.items()))
    steps.say(f"{sum(built.state_only.values())} resources of {len(built.state_only)} types are kept as state:")
    steps.say("  " + ", ".join(f"{_short(t)} {n}" for t, n in built.state_only.items()))


def _short(token: str) -> str:
    """aws:s3/bucket:Bucket -> aws:s3:Bucket."""
    package, module, name = token.split(":")
    return f"{package}:{module.split('/')[0]}:{name}"


def _require_unchanged(outcome: Outcome) -> None:
    changed = [r for r in outcome.resources if r.operation not in ("same", "refresh", "read")]
    if changed:
        some = ", ".join(f"{r.operation} {r.type} {r.name}" for r in changed[:5])
        raise StepError(
            f"the second `pulumi up` changed {len(changed)} resources: {some}. "
            "A program that is applied twice must change nothing: find what differs with `pulumi preview --diff`."
        )


def _report(
    site: Site,
    data: Contracts,
    engine: Engine,
    built: Outcome,
    again: Outcome,
    period: replay.Period,
    produced: replay.Produced,
    shop: Captured,
    outputs: dict[str, Any],
) -> dict[str, Any]:
    warehouse = Warehouse(site)
    accounts = {d.name: account.account(site, data, d) for d in data.curated_datasets}
    bridged = bridge.report(site, data, outputs)
    tables = captured.report(site, data, shop)
    exchanges = published.report(site, data, outputs["buckets"]["analytics"])
    sales = warehouse.execute(DAILY_SALES)
    problems = [f"{name}: {problem}" for name, a in accounts.items() for problem in a.problems]
    problems += [f"captured table {name}: {problem}" for name, a in tables.items() for problem in a.problems]
    problems += [f"exchange {name}: {problem}" for name, a in exchanges.items() for problem in a.problems]
    problems += [
        f"bridge, {topic}: {told[what]} {what.replace('_', ' ')}"
        for topic, told in bridged.items()
        for what in ("missing", "out_of_order", "unexpected", "unshared")
        if told[what]
    ]
    problems += compare.differences(
        "daily_sales",
        sales.records(),
        [dict(zip(replay.COLUMNS, row, strict=True)) for row in replay.daily_sales(period, RATES)],
        data.table("analytics", "daily_sales").primary_key,
    )
    places = replay.places(produced.by_kind, period, RATES)
    problems += [
        f"orders: {what} is {got}, the replay must come to {wanted}"
        for what, got, wanted in (
            ("accepted", accounts["orders"].accepted, places.accepted),
            ("quarantined", accounts["orders"].quarantined, places.quarantined),
            ("duplicates", accounts["orders"].duplicates, places.duplicates),
        )
        if got != wanted
    ]
    rejected, kept_back = bridged["orders"]["rejected_by_reason"], replay.kept_back(produced.by_kind)
    if rejected != kept_back:
        problems.append(f"bridge, orders: rejected is {rejected}, the replay must come to {kept_back}")
    return {
        "stack": STACK,
        "engine": {
            "version": engine.version(),
            "created": built.changes.get("create", 0),
            "unchanged": again.changes.get("same", 0),
            "live_types": sorted(built.live),
            "state_only_types": sorted(built.state_only),
        },
        "replay": {"period": f"{period.name} ({_span(period)})", "kinds": dict(sorted(produced.by_kind.items()))},
        "datasets": {name: a.as_dict() for name, a in accounts.items()},
        "captured": {"kinds": shop.kinds, "tables": {name: a.as_dict() for name, a in tables.items()}},
        "bridge": bridged,
        "exchanges": {name: a.as_dict() for name, a in exchanges.items()},
        "warehouse": {BY_COUNTRY: _rows(warehouse.execute(BY_COUNTRY)), DAILY_SALES: _rows(sales)},
        "daily_totals": _rows(warehouse.execute(BY_DAY)),
        "problems": problems,
    }


def _span(period: replay.Period) -> str:
    return f"{period.first} to {period.end - timedelta(days=1)}"


def _rows(result: Result) -> list[dict[str, Any]]:
    """The rows as JSON has them: by column, dates and amounts as text."""
    return [dict(row) for row in json.loads(json.dumps(result.records(), default=str))]
