"""A function sees what Lambda shows it, and its failures are told as Lambda tells them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from local.clouds.functions.code import Function, Unpacked, runtime_packages
from local.clouds.functions.worker import FunctionError, Worker

CODE = """
import json, os, sys, time
import shared

calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event == "raise":
        raise ValueError("no such order")
    if event == "exit":
        os._exit(3)
    if event == "sleep":
        time.sleep(60)
    if event == "unmarshalled":
        return {1, 2}
    if event == "paths":
        return {"shared": shared.WHERE, "path": sys.path, "cwd": os.getcwd()}
    if event == "import":
        found = {}
        for name in ("boto3", "urllib3", "pandas", "confluent_kafka", "local", "google.cloud.pubsub_v1"):
            try:
                __import__(name)
                found[name] = True
            except ImportError:
                found[name] = False
        return found
    if event == "environment":
        return dict(os.environ)
    if event == "context":
        return [context.function_name, context.memory_limit_in_mb, context.get_remaining_time_in_millis()]
    print("handling", event)
    return {"calls": calls}
"""


@pytest.fixture
def make(tmp_path: Path):
    """Make workers: task code, a layer with a module `shared`, and environment variables."""
    task, opt = tmp_path / "task", tmp_path / "opt"
    task.mkdir()
    (task / "handler.py").write_text(CODE)
    (opt / "python").mkdir(parents=True)
    (opt / "python" / "shared.py").write_text("WHERE = __file__\n")
    workers = []

    def made(timeout: int = 20, **environment: str) -> Worker:
        function = Function(
            name="trial",
            arn="arn:aws:lambda:eu-west-1:123456789012:function:trial",
            handler="handler.handler",
            timeout_seconds=timeout,
            memory_mb=256,
            environment=tuple(environment.items()),
            code_sha="",
            layer_arns=(),
        )
        worker = Worker(
            function, Unpacked(task, opt), runtime_packages(tmp_path), {"AWS_REGION": "eu-west-1"}, tmp_path / "log"
        )
        workers.append(worker)
        return worker

    yield made
    for worker in workers:
        worker.close()


def test_one_process_serves_one_event_after_the_other(make, tmp_path):
    worker = make()
    assert [worker.invoke("a"), worker.invoke("b")] == [{"calls": 1}, {"calls": 2}]
    assert (tmp_path / "log").read_text().splitlines() == ["handling a", "handling b"]


def test_its_own_code_comes_first_then_the_layers_and_boto3_last(make, tmp_path):
    told = make().invoke("paths")
    assert told["shared"] == str(tmp_path / "opt" / "python" / "shared.py")
    assert told["path"][0] == told["cwd"] == str(tmp_path / "task")
    assert told["path"][2] == str(tmp_path / "opt" / "python")
    assert told["path"][-1] == str(tmp_path / "runtime")


def test_a_layer_goes_before_what_the_runtime_has(make, tmp_path):
    (tmp_path / "opt" / "python" / "urllib3.py").write_text("raise RuntimeError('this is the layer')")
    with pytest.raises(FunctionError, match="RuntimeError: this is the layer"):
        make().invoke("import")


def test_nothing_but_boto3_and_its_own_needs_can_be_imported(make):
    assert make().invoke("import") == {
        "boto3": True,
        "urllib3": True,
        "pandas": False,
        "confluent_kafka": False,
        "local": False,
        "google.cloud.pubsub_v1": False,
    }


def test_its_environment_is_its_own_and_lambda_paths_lead_to_its_code(make, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    told = make(CREDENTIALS="/var/task/google.json", TOOL="/opt/bin/tool", TEXT="/var/tasks").invoke("environment")
    assert "SECRET_OF_THE_SHELL" not in told
    assert told["AWS_LAMBDA_FUNCTION_NAME"] == "trial"
    assert told["AWS_REGION"] == "eu-west-1"
    assert (told["CREDENTIALS"], told["TOOL"]) == (f"{tmp_path}/task/google.json", f"{tmp_path}/opt/bin/tool")
    assert told["TEXT"] == "/var/tasks"


def test_the_context_tells_name_memory_and_the_time_that_is_left(make):
    name, memory, left = make(timeout=20).invoke("context")
    assert (name, memory) == ("trial", "256")
    assert 15_000 < left <= 20_000


def test_an_error_is_told_with_its_type_and_the_process_goes_on(make):
    worker = make()
    worker.invoke("a")
    with pytest.raises(FunctionError, match=r"^ValueError: no such order$"):
        worker.invoke("raise")
    assert worker.invoke("b") == {"calls": 3}


def test_an_answer_that_is_no_json_is_an_error(make):
    with pytest.raises(FunctionError, match="TypeError"):
        make().invoke("unmarshalled")


def test_a_function_that_takes_too_long_is_killed_and_starts_anew(make):
    worker = make(timeout=1)
    began = time.monotonic()
    with pytest.raises(FunctionError, match=r"Task timed out after 1.00 seconds"):
        worker.invoke("sleep")
    assert time.monotonic() - began < 20
    assert worker.invoke("a") == {"calls": 1}


def test_a_process_that_dies_is_an_error_and_starts_anew(make):
    worker = make()
    with pytest.raises(FunctionError, match="exit status 3"):
        worker.invoke("exit")
    assert worker.invoke("a") == {"calls": 1}


def test_a_module_that_cannot_be_loaded_is_an_error_every_time(make, tmp_path):
    (tmp_path / "task" / "handler.py").write_text("import nowhere")
    worker = make()
    for _ in range(2):
        with pytest.raises(FunctionError, match="ModuleNotFoundError: No module named 'nowhere'"):
            worker.invoke("a")


def test_a_function_ends_when_the_runtime_is_gone(make):
    worker = make()
    worker.invoke("a")
    process = worker._process
    process.stdin.close()  # what the kernel does to the pipe of a runtime that is killed
    assert process.wait(10) == 0
