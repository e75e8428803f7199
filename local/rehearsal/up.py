"""`make up`: the local stack from nothing to the report; `make down`: nothing of it is left.

It always starts afresh: services that an earlier run left are stopped and their state is removed, so nothing
half done stays in the way, and two runs of the same replay give the same numbers.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import contracts
from local.clouds import services
from local.clouds.engine.engine import Engine, Outcome
from local.rehearsal import replay
from local.rehearsal.arrival import await_bridged, await_landed
from local.rehearsal.capture import await_captured, fill_and_change
from local.rehearsal.pipeline import run_pipeline
from local.rehearsal.report import bridge, write
from local.rehearsal.report.gather import Run, gather, span
from local.site import ROOT, Site
from local.steps import StepError, Steps
from local.toolchain import packages

STACK = "local"
REPORT = ROOT / "build" / "report"
SERVICES = ("aws", "kafka", "pubsub")
"""What must run before the program does; the others start with the resources that need them, functions when all is
there."""


def up(site: Site, replayed_period: str, *, report_folder: Path = REPORT, steps: Steps | None = None) -> dict[str, Any]:
    """Build the stack, replay the period's orders through it and write the report; gives it, too.

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
    """Destroy the stack if its services still run, stop them and remove their state."""
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
    """Keep a second `make up` or `make down` of the site out: it would remove what this one works on."""
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
        committed = fill_and_change(site, data, period, steps.say)
    with steps.step("replay", f"replay the retailer's orders of a {period.name} ({span(period)}) into Kafka"):
        watches = bridge.watch(site, data, outputs)
        services.start(site, "functions")
        produced = replay.produce(site.kafka_bootstrap, "orders", replay.records(period), steps.say)
        steps.say(f"{produced.total:,} records of {len(produced.by_kind)} kinds")
    with steps.step("land", "wait until Kafka Connect has landed every record in raw"):
        for topic in data.topics:
            await_landed(site, topic.name, topic.raw_table.full_name, steps.say)
        await_captured(site, data, committed.position, steps.say)
    with steps.step(
        "pipeline", "run the state machine: curate every dataset, build every mart, publish what is shared"
    ):
        run_pipeline(site, outputs["pipeline"], steps.say)
    with steps.step("bridge", "wait until the bridge has delivered everything to Pub/Sub"):
        await_bridged(site, data, steps.say)
    with steps.step("account", "ask the warehouse, and follow every record to where it ended"):
        run = Run(
            stack=STACK,
            engine_version=engine.version(),
            built=built,
            again=again,
            outputs=outputs,
            period=period,
            produced=produced,
            committed=committed,
            watches=watches,
        )
        return gather(site, data, run)


def clear(site: Site) -> None:
    """Stop the site's services and remove all that they wrote."""
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
