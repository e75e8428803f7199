"""State machines that run: moto's own interpreter, switched on, with two mends for glue:startJobRun.sync.

moto 5.2.5 has an interpreter of the Amazon States Language but does not use it unless told to. For
a Glue task that waits for its run it fails twice: it interrupts a callback endpoint that such a
task does not have, and it puts datetimes into the state, which is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str


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

    StateTaskServiceGlue._sync_to_start_job_run = sync_with_json_result  # type: ignore[method-assign]
    StateTaskServiceGlue._eval_integration_pattern = _eval_integration_pattern  # type: ignore[method-assign, assignment]


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
