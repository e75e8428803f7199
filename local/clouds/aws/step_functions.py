"""State machines that run: moto's own interpreter, switched on, with four mends.

moto 5.2.5 has an interpreter of the Amazon States Language but does not use it unless told to. It
fails for a Glue task that waits for its run: it interrupts a callback endpoint that such a task does
not have, and it puts datetimes into the state, which is JSON. A task that fails inside a Map or a
Parallel state becomes States.Runtime, because States.TaskFailed is refused as the name of a custom
error; so no Retry or Catch would match. And an execution that is given no name is called None, so
the second one of a machine is refused or taken for the first.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend


def extend() -> None:
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    sync_to_start_job_run = StateTaskServiceGlue._sync_to_start_job_run

    def sync_with_json_result(self: StateTaskServiceGlue, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        resolve = sync_to_start_job_run(self, *args, **kwargs)
        if resolve is None:
            raise TypeError("moto gave no resolver for glue:startJobRun.sync")

        def resolve_as_json() -> Any:
            job_run = resolve()
            return None if job_run is None else json.loads(to_json_str(job_run))

        return resolve_as_json

    start_execution = StepFunctionsParserBackend.start_execution

    def start_named_execution(
        self: StepFunctionsParserBackend, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        return start_execution(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)

    for owner, name, function in (
        (iteration_worker, "CustomErrorName", _error_name),
        (branches_decl, "CustomErrorName", _error_name),
        (StepFunctionsParserBackend, "start_execution", start_named_execution),
        (StateTaskServiceGlue, "_sync_to_start_job_run", sync_with_json_result),
        (StateTaskServiceGlue, "_eval_integration_pattern", _eval_integration_pattern),
    ):
        setattr(owner, name, function)
    # It logs each failed state with the whole tree of its definition; the execution's history tells it better.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)


def _error_name(error_name: str | None) -> ErrorName:
    """The name of the error that ended an iteration or a branch: one of the language's own, or a custom one."""
    if error_name and error_name.startswith("States."):
        return StatesErrorName.from_name(error_name)
    return CustomErrorName(error_name)


def _eval_integration_pattern(
    self: StateTaskServiceGlue,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: dict[str, Any],
    state_credentials: Any,
) -> None:
    """StateTaskServiceCallback's method for tasks that know .sync only, hence no token and no heartbeat."""
    task_output = env.stack.pop()
    self.timeout.eval(env=env)
    timeout_seconds = env.stack.pop()
    env.stack.append(task_output)
    resolver = self._build_sync_resolver(
        env=env,
        resource_runtime_part=resource_runtime_part,
        normalised_parameters=normalised_parameters,
        state_credentials=state_credentials,
    )
    outcome = self._eval_sync(
        env=env,
        timeout_seconds=timeout_seconds,
        callback_endpoint=None,
        heartbeat_endpoint=None,
        sync_resolver=resolver,
    )
    env.stack.append(outcome)
