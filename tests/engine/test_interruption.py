"""A run that is killed halfway leaves nothing that stands in the way of the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.clouds.engine.engine import Engine, EngineError

from .conftest import Program

pytestmark = pytest.mark.engine
ROOT = Path(__file__).resolve().parents[2]

BUCKETS = """
last = bucket
for number in range(12):
    last = aws.s3.Bucket(f"b{number}", bucket=f"toy-{number}", opts=pulumi.ResourceOptions(depends_on=[last]))
"""
RUN = """
import os, psutil, signal, sys
from pathlib import Path
from local.clouds.engine.engine import Engine
from local.clouds.provider.live import s3
from local.clouds.provider.state import State
from local.clouds.provider.types import TYPES
from local.site import Site

del TYPES["gcp:pubsub/topic:Topic"]
made, when = s3.Bucket.create, sys.argv[4]

def create(self, arguments):
    if arguments["bucket"] == "toy-5" and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = made(self, arguments)
    if arguments["bucket"] == "toy-5" and when == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

def put(self, token, id, urn, outputs):
    noted(self, token, id, urn, outputs)
    if id == "toy-5" and when == "engine":
        for child in psutil.Process().children(recursive=True):
            child.kill()

s3.Bucket.create = create
State.put, noted = put, State.put
engine = Engine(Site(Path(sys.argv[1]), int(sys.argv[2])), "dev", Path(sys.argv[3]))
getattr(engine, sys.argv[5])()
"""


def killed_up(engine: Engine, when: str) -> None:
    """An `up` in a process of its own, killed with SIGKILL while it makes the sixth of twelve buckets.

    Args:
        when: `before` or `after` the bucket is there the whole run; `engine` kills the engine alone.
    """
    arguments = [str(engine.site.state), str(engine.site.port_base), str(engine.project_dir), when, "up"]
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(RUN), *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert run.returncode == (1 if when == "engine" else -signal.SIGKILL), run.stderr


def engines_of(site_state: Path) -> list[psutil.Process]:
    """The CLI's processes that work on this site's state."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "pulumi":
            try:
                if str(site_state) in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
    return found


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that ended but was not waited for does not."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("when", ["before", "after", "engine"])
def test_after_kill_9_halfway_the_next_up_makes_everything_once(
    engine: Engine, program: Program, client: Callable[[str], Any], when: str
) -> None:
    program.write(BUCKETS)
    killed_up(engine, when)
    _, still_there = psutil.wait_procs(engines_of(engine.site.state), timeout=10)
    assert still_there == [], "the engine outlived the process that started it"

    outcome = engine.up()

    assert outcome.changes["create"] > 0
    assert [str(d) for d in outcome.diagnostics] == []  # the engine warns of operations that never ended
    names = {b["Name"] for b in client("s3").list_buckets()["Buckets"]}
    assert names == {"toy-lake", *(f"toy-{number}" for number in range(12))}
    assert engine.up().changes == {"same": 20}
    engine.destroy()
    assert client("s3").list_buckets()["Buckets"] == []


def test_no_process_outlives_the_one_that_started_the_run(engine: Engine, program: Program, tmp_path: Path) -> None:
    program.write(f"import pathlib, time\npathlib.Path({str(tmp_path / 'began')!r}).touch()\ntime.sleep(60)")
    # A preview, because an update prints all the time and would notice that nobody listens any more.
    arguments = [str(engine.site.state), str(engine.site.port_base), str(engine.project_dir), "never", "preview"]
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(RUN), *arguments], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (tmp_path / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    started = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()

    assert {process.name() for process in started} >= {"pulumi"}
    assert len(started) >= 3  # the engine, the language host and the program
    deadline = time.monotonic() + 20
    while running(started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(started) == []


def test_a_run_under_way_is_not_disturbed(engine: Engine, program: Program, tmp_path: Path) -> None:
    program.write(f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.1)")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(engine.up)
        deadline = time.monotonic() + 180
        try:
            while not list(engine.site.state.glob("pulumi/.pulumi/locks/**/*.json")):
                # Without it the second run would take the lock, and wait for a file that nobody writes.
                assert time.monotonic() < deadline, f"the first run takes no lock: {first}"
                time.sleep(0.05)
            with pytest.raises(EngineError, match=r"another run of the stack 'dev' is under way \(process \d+\)"):
                engine.up()
        finally:
            (tmp_path / "go").touch()

        assert first.result().changes == {"create": 8}


def test_a_lock_whose_process_number_another_program_got_is_no_obstacle(engine: Engine) -> None:
    engine.up()
    lock = next(engine.site.state.glob("pulumi/.pulumi/stacks")).parent / "locks" / "organization/toy/dev/left.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": os.getpid(), "username": "u", "hostname": "h", "timestamp": ""}))

    assert engine.up().changes == {"same": 8}


def test_interrupting_lets_the_engine_write_what_it_made(engine: Engine, program: Program, client: Any) -> None:
    program.write(BUCKETS)
    script = textwrap.dedent(RUN)
    arguments = [str(engine.site.state), str(engine.site.port_base), str(engine.project_dir), "never", "up"]
    run = subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(client("s3").list_buckets()["Buckets"]) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGINT)
    run.wait(60)

    made = {b["Name"] for b in client("s3").list_buckets()["Buckets"]}
    known = {r["id"] for r in engine.state() if r["type"] == "aws:s3/bucket:Bucket"}
    assert made == known
    assert list(engine.site.state.glob("pulumi/.pulumi/locks/**/*.json")) == []
