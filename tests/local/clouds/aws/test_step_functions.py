from __future__ import annotations

import json
from typing import Any

from local.site import Site
from tests.local.clouds.aws.running import bucket, client, until


def run_machine(site: Site, name: str, script: str) -> dict[str, Any]:
    """Execute a machine that runs a job for each dataset and waits for it; gives the ended execution."""
    s3, glue, states = client(site, "s3"), client(site, "glue"), client(site, "stepfunctions")
    s3.put_object(Bucket=bucket(site, "machines"), Key=f"{name}.py", Body=script.encode())
    glue.create_job(
        Name=name,
        Role="r",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://machines/{name}.py"},
        ExecutionProperty={"MaxConcurrentRuns": 4},
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": name, "Arguments": {"--dataset.$": "$"}},
        "End": True,
    }
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.datasets",
                "ItemProcessor": {"StartAt": "Run", "States": {"Run": task}},
                "End": True,
            }
        },
    }
    machine = states.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input='{"datasets": ["orders", "customers"]}')

    def probe() -> dict[str, Any] | None:
        state: dict[str, Any] = states.describe_execution(executionArn=execution["executionArn"])
        return None if state["status"] == "RUNNING" else state

    ended = until(probe)
    assert ended is not None
    return ended


def test_a_state_machine_waits_for_the_runs_that_it_starts(site: Site) -> None:
    ended = run_machine(site, "prints", "import sys; print(sys.argv[sys.argv.index('--dataset') + 1])")

    assert ended["status"] == "SUCCEEDED", ended
    runs = json.loads(ended["output"])
    assert [run["JobRunState"] for run in runs] == ["SUCCEEDED", "SUCCEEDED"]
    printed = [(site.state / "glue" / "prints" / run["Id"] / "stdout.log").read_text() for run in runs]
    assert printed == ["orders\n", "customers\n"]


def test_a_failed_run_fails_the_execution_with_the_runs_error(site: Site) -> None:
    ended = run_machine(site, "fails", "raise ValueError('no such dataset')")

    assert ended["status"] == "FAILED", ended
    assert ended["error"] == "States.TaskFailed", ended
    cause = json.loads(ended["cause"])
    assert (cause["JobRunState"], cause["ErrorMessage"]) == ("FAILED", "ValueError: no such dataset")


def test_executions_without_a_name_are_executions_of_their_own(site: Site) -> None:
    states = client(site, "stepfunctions")
    machine = states.create_state_machine(
        name="unnamed",
        definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/machine",
    )["stateMachineArn"]

    started = {states.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(3)}

    assert len(started) == 3
