"""The pipeline's own state machine, run by moto's interpreter with jobs that fail on demand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.lake.pipeline import Plan, definition
from local.site import Site
from tests.local.clouds.aws.running import bucket, client, until

SCRIPT = """
import sys
name = sys.argv[sys.argv.index("{argument}") + 1]
if "bad" in name:
    raise ValueError(f"no good {{name}}")
"""
SHARED = ["orders", "bad_exchange"]


@pytest.fixture(scope="module")
def ended(site: Site) -> dict[str, Any]:
    """An execution with a dataset and a mart that fail, and the messages that it sent."""
    s3, glue, states = client(site, "s3"), client(site, "glue"), client(site, "stepfunctions")
    sns, sqs = client(site, "sns"), client(site, "sqs")
    for job, argument in (("curate", "--dataset"), ("build_mart", "--mart"), ("publish", "--exchanges")):
        s3.put_object(Bucket=bucket(site, "pipeline"), Key=f"{job}.py", Body=SCRIPT.format(argument=argument).encode())
        glue.create_job(
            Name=job,
            Role="r",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://pipeline/{job}.py"},
            ExecutionProperty={"MaxConcurrentRuns": 2},
        )
    topic = sns.create_topic(Name="pipeline-alerts")["TopicArn"]
    queue = sqs.create_queue(QueueName="pipeline-alerts")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    machine = definition(
        Plan(
            curate="curate",
            build_mart="build_mart",
            publish="publish",
            alerts_topic_arn=topic,
            datasets=["orders", "bad_carts"],
            marts={"sales": ["orders"], "funnel": ["orders", "bad_carts"], "bad_mart": ["orders"]},
            exchanges=SHARED,
            concurrent_runs=2,
            timeout_seconds=600,
        )
    )
    steps = [machine["States"][state]["ItemProcessor"] for state in ("Curate", "Build")]
    for step in (*steps, *machine["States"]["Publish"]["Branches"]):
        for task in step["States"].values():
            for retry in task.get("Retry", []):
                retry |= {"IntervalSeconds": 1, "MaxDelaySeconds": 2}
    made = states.create_state_machine(
        name="pipeline", definition=json.dumps(machine), roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    told = execute(site, made, "run-1")
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return {**told, "messages": [json.loads(m["Body"]) for m in received], "runs": runs(site), "machine": made}


def execute(site: Site, machine: str, name: str, **given: list[str]) -> dict[str, Any]:
    """Run the state machine to its end."""
    states = client(site, "stepfunctions")
    started = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))

    def probe() -> dict[str, Any] | None:
        told: dict[str, Any] = states.describe_execution(executionArn=started["executionArn"])
        return None if told["status"] == "RUNNING" else told

    told = until(probe)
    assert told is not None
    return told


def runs(site: Site) -> list[str]:
    """What the jobs were run for."""
    glue = client(site, "glue")
    found = [run for job in ("curate", "build_mart", "publish") for run in glue.get_job_runs(JobName=job)["JobRuns"]]
    arguments = ("--dataset", "--mart", "--exchanges")
    return sorted(next(run["Arguments"][name] for name in arguments if name in run["Arguments"]) for run in found)


def test_a_run_with_a_failure_ends_as_failed_and_says_what_became_of_each(ended: dict[str, Any]) -> None:
    assert (ended["status"], ended["error"]) == ("FAILED", "Incomplete")
    assert "curated: orders" in ended["cause"]
    assert "failed: bad_carts" in ended["cause"]
    assert "built: sales" in ended["cause"]
    assert "skipped: funnel" in ended["cause"]
    assert "failed: bad_mart" in ended["cause"]
    assert "failed: [" in ended["cause"]


def test_what_fails_is_tried_three_times_and_what_depends_on_it_is_not_built(ended: dict[str, Any]) -> None:
    assert ended["runs"] == [json.dumps(SHARED, separators=(",", ":"))] * 3 + ["bad_carts"] * 3 + ["bad_mart"] * 3 + [
        "orders",
        "sales",
    ]


def test_what_is_shared_is_published_in_one_run_and_without_any_there_is_none(
    site: Site, ended: dict[str, Any]
) -> None:
    nothing: dict[str, list[str]] = {"datasets": [], "marts": []}
    told = execute(site, ended["machine"], "run-2", **nothing, exchanges=["sales", "orders"])
    assert told["status"] == "SUCCEEDED", told
    assert len(runs(site)) == len(ended["runs"]) + 1

    told = execute(site, ended["machine"], "run-3", **nothing, exchanges=[])
    assert told["status"] == "SUCCEEDED", told
    assert len(runs(site)) == len(ended["runs"]) + 1


def test_each_failure_is_told_with_the_execution_and_the_jobs_own_error(ended: dict[str, Any]) -> None:
    messages = {m["Subject"]: m["Message"] for m in ended["messages"]}
    assert messages.keys() == {"Dataset not curated", "Mart not built", "Exchange not published"}
    assert "bad_carts" in messages["Dataset not curated"]
    assert "run-1" in messages["Dataset not curated"]
    assert "no good bad_carts" in messages["Dataset not curated"]
    assert "no good bad_mart" in messages["Mart not built"]
    assert "no good" in messages["Exchange not published"]
