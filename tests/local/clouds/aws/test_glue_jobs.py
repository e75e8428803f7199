from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.clouds.aws.glue_runner import GlueRunner, error_message
from local.site import Site
from tests.local.clouds.aws.running import aws_server, bucket, client, free_site, until

BUCKET = "jobs"
ENDED = {"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"}
MakeJob = Callable[..., str]


@pytest.fixture
def make_job(site: Site, request: pytest.FixtureRequest) -> MakeJob:
    return _job_maker(site, request.node.name.replace("[", "-").replace("]", ""))


def _job_maker(site: Site, name: str) -> MakeJob:
    s3, glue = client(site, "s3"), client(site, "glue")

    def make(script: str, **given: Any) -> str:
        bucket(site, BUCKET)
        s3.put_object(Bucket=BUCKET, Key=f"scripts/{name}.py", Body=script.encode())
        glue.create_job(
            Name=name,
            Role="arn:aws:iam::123456789012:role/job",
            GlueVersion="5.1",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/scripts/{name}.py", "PythonVersion": "3"},
            **given,
        )
        return name

    return make


def ended(site: Site, job: str, run_id: str) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        run: dict[str, Any] = client(site, "glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]
        return run if run["JobRunState"] in ENDED else None

    run = until(probe)
    assert run is not None
    return run


def running(site: Site, job: str, run_id: str) -> int:
    """The process id of the run, once it is going."""
    note = site.state / "glue" / job / run_id / "process.json"
    state = until(
        lambda: (
            client(site, "glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]["JobRunState"] == "RUNNING"
            and json.loads(note.read_text())
        )
    )
    return int(state["pid"])


def test_a_run_executes_the_script_with_its_merged_arguments_and_files(site: Site, make_job: MakeJob) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("carried/__init__.py", "NAME = 'carried'")
    job = make_job(
        "import sys, carried, pathlib\nprint(carried.NAME, pathlib.Path('contracts.json').read_text(), sys.argv[1:])\n",
        DefaultArguments={
            "--dataset": "none",
            "--kept": "yes",
            "--extra-py-files": f"s3://{BUCKET}/carried.zip",
            "--extra-files": f"s3://{BUCKET}/contracts.json",
        },
    )
    client(site, "s3").put_object(Bucket=BUCKET, Key="carried.zip", Body=archive.getvalue())
    client(site, "s3").put_object(Bucket=BUCKET, Key="contracts.json", Body=b'{"a": 1}')

    run_id = client(site, "glue").start_job_run(JobName=job, Arguments={"--dataset": "orders"})["JobRunId"]
    run = ended(site, job, run_id)

    assert run["JobRunState"] == "SUCCEEDED", run
    assert "ErrorMessage" not in run
    argv = ["--JOB_NAME", job, "--JOB_RUN_ID", run_id, "--dataset", "orders", "--kept", "yes"]
    expected = f'carried {{"a": 1}} {argv}'
    assert (site.state / "glue" / job / run_id / "stdout.log").read_text().strip() == expected
    logged = client(site, "logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run_id)
    assert [event["message"] for event in logged["events"]] == [expected]


def test_a_job_cannot_import_the_project_that_it_did_not_bring(site: Site, make_job: MakeJob) -> None:
    job = make_job("import local.site")

    run = ended(site, job, client(site, "glue").start_job_run(JobName=job)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ModuleNotFoundError: No module named 'local'"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise SystemExit(1)", "Command failed with exit code 1"),
        ("import sys; sys.exit('no input')", "Command failed with exit code 1: no input"),
        ("raise ValueError('bad row')", "ValueError: bad row"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
    ],
    ids=["code", "text", "exception", "signal"],
)
def test_a_failed_run_tells_why(site: Site, make_job: MakeJob, script: str, message: str) -> None:
    job = make_job(script)

    run = ended(site, job, client(site, "glue").start_job_run(JobName=job)["JobRunId"])

    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", message)


def test_a_script_that_is_not_there_fails_the_run_and_names_it(site: Site, make_job: MakeJob) -> None:
    job = make_job("")
    client(site, "s3").delete_object(Bucket=BUCKET, Key=f"scripts/{job}.py")

    run = ended(site, job, client(site, "glue").start_job_run(JobName=job)["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert f"s3://{BUCKET}/scripts/{job}.py" in run["ErrorMessage"]


def test_no_more_runs_than_allowed_go_at_once_and_a_run_can_be_stopped(site: Site, make_job: MakeJob) -> None:
    glue = client(site, "glue")
    job = make_job("import time; time.sleep(600)", ExecutionProperty={"MaxConcurrentRuns": 2})
    runs = [glue.start_job_run(JobName=job)["JobRunId"] for _ in range(2)]

    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match=r"MaxConcurrentRuns is 2"):
        glue.start_job_run(JobName=job)

    pids = [running(site, job, run_id) for run_id in runs]
    answer = glue.batch_stop_job_run(JobName=job, JobRunIds=runs)
    assert [entry["JobRunId"] for entry in answer["SuccessfulSubmissions"]] == runs
    assert {ended(site, job, run_id)["JobRunState"] for run_id in runs} == {"STOPPED"}
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_run_that_takes_too_long_times_out(tmp_path: Path) -> None:
    """Timeout is in minutes, so the runner is asked directly with a shorter one."""
    from local.clouds.aws.glue_runner import Outcome, RunRequest

    site = free_site(tmp_path)
    with aws_server(site):
        job = _job_maker(site, "slow")("import time; time.sleep(600)")
        outcomes: list[Outcome] = []
        with pytest.MonkeyPatch.context() as patch:
            for name, value in site.environment().items():
                patch.setenv(name, value)
            GlueRunner(site).start(
                RunRequest(
                    job_name=job,
                    run_id="jr_slow",
                    script=f"s3://{BUCKET}/scripts/{job}.py",
                    arguments={},
                    timeout_seconds=0.3,
                ),
                started=lambda: None,
                ended=outcomes.append,
            )
            until(lambda: outcomes)

    assert outcomes == [Outcome("TIMEOUT", "Job run timed out after 0.3 seconds.")]


def test_the_server_ends_its_runs_when_it_ends(tmp_path: Path) -> None:
    site = free_site(tmp_path)
    with aws_server(site):
        job = _job_maker(site, "long")("import time; time.sleep(600)")
        pid = running(site, job, client(site, "glue").start_job_run(JobName=job)["JobRunId"])

    until(lambda: not psutil.pid_exists(pid))


def test_a_new_server_ends_the_runs_of_one_that_was_killed(tmp_path: Path) -> None:
    site = free_site(tmp_path)
    with aws_server(site) as server:
        job = _job_maker(site, "long")("import time; time.sleep(600)")
        pid = running(site, job, client(site, "glue").start_job_run(JobName=job)["JobRunId"])
        server.kill()
        server.wait()
    assert psutil.pid_exists(pid)

    with aws_server(site):
        until(lambda: not psutil.pid_exists(pid))


def test_update_job_replaces_the_definition_and_keeps_the_runs(site: Site, make_job: MakeJob) -> None:
    glue = client(site, "glue")
    job = make_job("", DefaultArguments={"--a": "1"}, Timeout=5)
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    command = glue.get_job(JobName=job)["Job"]["Command"]

    glue.update_job(JobName=job, JobUpdate={"Role": "other", "Command": command, "DefaultArguments": {"--b": "2"}})

    updated = glue.get_job(JobName=job)["Job"]
    assert (updated["Role"], updated["DefaultArguments"], updated.get("Timeout")) == ("other", {"--b": "2"}, None)
    assert [run["Id"] for run in glue.get_job_runs(JobName=job)["JobRuns"]] == [run_id]


def test_a_port_in_use_is_named(site: Site) -> None:
    import os
    import sys

    second = subprocess.run(
        [sys.executable, "-m", "local.clouds.aws"],
        env={**os.environ, **site.environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{site.ports['aws']}" in second.stderr
    assert "NOVARETAIL_PORT_BASE" in second.stderr


def test_an_error_of_spark_is_told_with_its_java_cause() -> None:
    stderr = (
        "WARN something\n"
        "Traceback (most recent call last):\n"
        '  File "curate.py", line 1, in <module>\n'
        "    frame.save()\n"
        "py4j.protocol.Py4JJavaError: An error occurred while calling o52.save.\n"
        ": org.apache.spark.SparkException: Job aborted.\n"
        "\tat org.apache.spark.Something\n"
        "26/11/24 10:00:00 WARN ShutdownHookManager: could not delete\n"
    )

    assert error_message(stderr, 1) == (
        "py4j.protocol.Py4JJavaError: An error occurred while calling o52.save. "
        "org.apache.spark.SparkException: Job aborted."
    )
