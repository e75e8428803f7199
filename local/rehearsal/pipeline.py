"""The pipeline, run once: the state machine as its schedule would start it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from local.clouds import services
from local.rehearsal.clients import client
from local.site import Site
from local.steps import StepError


def run_pipeline(site: Site, state_machine_arn: str, say: Callable[[str], None]) -> None:
    """Start the state machine, and wait for its end.

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
    """Every run of every job; `What` has the arguments that say what it was run for."""
    glue = client(site, "glue")
    for name in glue.list_jobs()["JobNames"]:
        for run in glue.get_job_runs(JobName=name)["JobRuns"]:
            arguments = run.get("Arguments", {})
            yield {**run, "What": [arguments[k] for k in ("--dataset", "--mart", "--exchanges") if k in arguments]}


def _cause(told: dict[str, Any]) -> str:
    cause = str(told.get("cause", ""))
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("ErrorMessage", cause)) if isinstance(parsed, dict) else cause
