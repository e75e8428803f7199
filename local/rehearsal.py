"""The data path of a running platform: wait for the lake, run the pipeline, wait for the bridge, ask the warehouse."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config

from local.clouds import services, tables
from local.report import positions
from local.site import REGION, Site
from local.steps import StepError

STILL_S = 120
"""So long a count may stand still before we say that it hangs; the slowest known recovery of the sink takes 67 s."""


def client(site: Site, service: str) -> Any:
    """A boto3 client of the site's AWS."""
    environment = site.environment()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=site.aws_url,
        region_name=REGION,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 3}),
    )


def wait_landed(site: Site, topic: str, table: str, say: Callable[[str], None]) -> int:
    """Waits until raw holds as many rows as the topic has records; gives that number.

    The count says when to look; the report then follows each record by its position.
    """
    wanted = len(positions.in_topic(site, topic))
    for landed in _growing(site, f"rows in {table}", lambda: tables.row_count(site, table)):
        say(f"{landed:,} of {wanted:,} records are in {table}")
        if landed >= wanted:
            break
    return wanted


def wait_bridge(site: Site, read_lag: Callable[[], tuple[int, int]], say: Callable[[str], None]) -> None:
    """Waits until the event sources have delivered everything; `read_lag` gives (delivered, lag) in records."""
    behind = 1

    def delivered() -> int:
        nonlocal behind
        done, behind = read_lag()
        return done

    for done in _growing(site, "records that the bridge delivered", delivered):
        say(f"{done:,} records delivered, {behind:,} to go")
        if behind == 0:
            break


def _growing(site: Site, what: str, read: Callable[[], int]) -> Iterator[int]:
    """Yields the count each time it has changed (and at first); raises if it stands still for STILL_S."""
    last, since = -1, time.monotonic()
    while True:
        services.check(site)
        count = read()
        if count != last:
            last, since = count, time.monotonic()
            yield count
        elif time.monotonic() - since > STILL_S:
            raise StepError(
                f"{what}: {count:,} for {STILL_S} s without a change. The logs are in {site.logs}; "
                "`make down` and `make up` start afresh."
            )
        time.sleep(1)


def run_pipeline(site: Site, state_machine_arn: str, say: Callable[[str], None]) -> None:
    """Starts the state machine as its schedule would, and waits for its end.

    Raises: StepError with the cause, which names the job's own error, if it did not succeed.
    """
    states = client(site, "stepfunctions")
    execution = states.start_execution(stateMachineArn=state_machine_arn)["executionArn"]
    seen: set[str] = set()
    while True:
        services.check(site)
        for run in _job_runs(site):
            line = f"job {run['JobName']} {' '.join(run['What'])}: {run['JobRunState']}"
            if line not in seen:
                seen.add(line)
                say(line)
        told = states.describe_execution(executionArn=execution)
        if told["status"] == "SUCCEEDED":
            return
        if told["status"] != "RUNNING":
            raise StepError(
                f"the state machine ended as {told['status']}: {told.get('error', '')} {_cause(told)} "
                f"Each run's output is in {site.state / 'glue'}."
            )
        time.sleep(1)


def _job_runs(site: Site) -> Iterator[dict[str, Any]]:
    glue = client(site, "glue")
    for name in glue.list_jobs()["JobNames"]:
        for run in glue.get_job_runs(JobName=name)["JobRuns"]:
            arguments = run.get("Arguments", {})
            yield {**run, "What": [arguments[k] for k in ("--dataset", "--mart", "--exchanges") if k in arguments]}


def _cause(told: dict[str, Any]) -> str:
    cause = told.get("cause", "")
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("ErrorMessage", cause)) if isinstance(parsed, dict) else cause
