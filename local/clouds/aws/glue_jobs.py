"""Glue jobs whose runs really run, and UpdateJob.

moto 5.2.5 says SUCCEEDED to every run without running anything, knows no UpdateJob and stops no run.
Here StartJobRun starts the job's script (glue_runner), and GetJobRun, GetJobRuns and
BatchStopJobRun tell and change its true state. MaxConcurrentRuns and Timeout are honoured.

Not imitated: MaxRetries (a failed run stays failed; the state machine decides what to repeat),
bookmarks, queued runs, and job types other than `glueetl`.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.glue import models
from moto.glue.exceptions import ConcurrentRunsExceededException, InvalidInputException
from moto.glue.models import FakeJob, FakeJobRun
from moto.glue.responses import GlueResponse

from local.clouds.aws.glue_runner import GlueRunner, Outcome, RunRequest

DEFAULT_TIMEOUT_MINUTES = 480
"""Glue's own for version 5 and later."""

ACTIVE_STATES = ("STARTING", "RUNNING", "STOPPING")

_lock = threading.Lock()


class JobRun(FakeJobRun):
    """A run with the state that the runner gives it."""

    error_message: str | None = None
    ended_on: datetime | None = None
    glue_version: str | None = None

    @property
    def status(self) -> str | None:
        return self._status

    @status.setter
    def status(self, value: str) -> None:
        self._status = value
        self.modified_on = utcnow()

    def advance(self) -> None:
        """moto advances a run's state when it is asked for; the runner does it here."""

    def as_dict(self) -> dict[str, Any]:
        seconds = ((self.ended_on or utcnow()) - self.started_on).total_seconds()
        description = super().as_dict() | {
            "ExecutionTime": round(seconds),
            "LogGroupName": "/aws-glue/jobs",
            "GlueVersion": self.glue_version,
        }
        del description["CompletedOn"]
        if self.ended_on:
            description["CompletedOn"] = self.ended_on
        if self.error_message:
            description["ErrorMessage"] = self.error_message
        return {name: value for name, value in description.items() if value is not None}

    def end(self, outcome: Outcome) -> None:
        self.ended_on = utcnow()
        self.error_message = outcome.error
        self.status = outcome.state


def extend(runner: GlueRunner) -> None:
    """Make moto's runs ours: started, watched and stopped by `runner`."""
    models.FakeJobRun = JobRun  # type: ignore[misc]
    record_run = FakeJob.start_job_run

    def start_job_run(self: FakeJob, **given: Any) -> str:
        command: Any = self.command or {}
        if command.get("Name") != "glueetl" or not command.get("ScriptLocation"):
            raise InvalidInputException(
                "StartJobRun", f"Job {self.name}: only glueetl jobs with a ScriptLocation run here, not {command}"
            )
        with _lock:
            going = [run for run in self.job_runs if run.status in ACTIVE_STATES]
            limit = self.execution_property.get("MaxConcurrentRuns") or 1
            if len(going) >= limit:
                raise ConcurrentRunsExceededException(
                    f"Concurrent runs exceeded for {self.name}: {len(going)} going, MaxConcurrentRuns is {limit}"
                )
            run_id = record_run(self, **given)
            run = self.job_runs[-1]
        if not isinstance(run, JobRun):
            raise TypeError(f"moto recorded a {type(run).__name__} where a JobRun was expected")
        run.glue_version = self.glue_version
        runner.start(
            RunRequest(
                job_name=self.name,
                run_id=run_id,
                script=command["ScriptLocation"],
                arguments=run.arguments or {},
                timeout_seconds=60 * (run.timeout or DEFAULT_TIMEOUT_MINUTES),
            ),
            started=lambda: _set_running(run),
            ended=run.end,
        )
        return run_id

    def batch_stop_job_run(self: GlueResponse) -> ActionResult:
        name = self.parameters["JobName"]
        stopped, errors = [], []
        for run_id in self.parameters["JobRunIds"]:
            run = self.glue_backend.get_job_run(name, run_id)
            if run.status in ACTIVE_STATES:
                run.status = "STOPPING"
                threading.Thread(target=runner.stop, args=(run_id,), daemon=True).start()
                stopped.append({"JobName": name, "JobRunId": run_id})
            else:
                detail = {"ErrorCode": "InvalidInputException", "ErrorMessage": f"Job run is {run.status}"}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})

    FakeJob.start_job_run = start_job_run  # type: ignore[method-assign, assignment]
    GlueResponse.batch_stop_job_run = batch_stop_job_run  # type: ignore[attr-defined]
    GlueResponse.update_job = _update_job  # type: ignore[attr-defined]


def _set_running(run: JobRun) -> None:
    if run.status == "STARTING":
        run.status = "RUNNING"


def _update_job(self: GlueResponse) -> ActionResult:
    """As AWS: JobUpdate is the whole new definition, what it leaves out gets its default; runs stay."""
    name = self.parameters["JobName"]
    update = self.parameters["JobUpdate"]
    old = self.glue_backend.get_job(name)
    new = FakeJob(
        name=name,
        role=update.get("Role"),
        command=update.get("Command"),
        description=update.get("Description"),
        log_uri=update.get("LogUri"),
        execution_property=update.get("ExecutionProperty"),
        default_arguments=update.get("DefaultArguments"),
        non_overridable_arguments=update.get("NonOverridableArguments"),
        connections=update.get("Connections"),
        max_retries=update.get("MaxRetries"),
        allocated_capacity=update.get("AllocatedCapacity"),
        timeout=update.get("Timeout"),
        max_capacity=update.get("MaxCapacity"),
        security_configuration=update.get("SecurityConfiguration"),
        tags={},
        notification_property=update.get("NotificationProperty"),
        glue_version=update.get("GlueVersion") or old.glue_version,
        number_of_workers=update.get("NumberOfWorkers"),
        worker_type=update.get("WorkerType"),
        code_gen_configuration_nodes=update.get("CodeGenConfigurationNodes"),
        execution_class=update.get("ExecutionClass"),
        source_control_details=update.get("SourceControlDetails"),
        backend=self.glue_backend,
    )
    new.created_on, new.job_runs = old.created_on, old.job_runs
    new.last_modified_on = datetime.now(UTC).replace(tzinfo=None)
    self.glue_backend.jobs[name] = new
    return ActionResult({"JobName": name})
