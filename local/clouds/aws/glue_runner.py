"""Glue runs as processes of this machine.

A run's folder is `<state>/glue/<job>/<run id>/` with the script, its extra files (the working
directory), `lib/` (py files and jars), `stdout.log`, `stderr.log` and `process.json`. Its Python is
this environment's, as Glue has its packages installed, with only the run's py files on the path:
nothing of the project can be imported that the job did not bring.

Spark's own readers have no s3:// file system here, which Glue's have: tables are read through
Iceberg, small files with boto3.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3
import psutil

from local.clouds.aws.glue_arguments import Launch, parse, submit_arguments
from local.site import REGION, TOOLCHAIN, Site

END_SECONDS = 10
"""How long a run may take to end after SIGTERM before it is killed."""

DRIVER_MEMORY = "NOVARETAIL_SPARK_DRIVER_MEMORY"
DRIVER_CORES = "NOVARETAIL_SPARK_CORES"


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a run is made of, as StartJobRun merged it."""

    job_name: str
    run_id: str
    script: str
    """The script's s3:// address."""
    arguments: Mapping[str, str]
    timeout_seconds: float


@dataclass(frozen=True)
class Outcome:
    state: str
    """SUCCEEDED, FAILED, TIMEOUT or STOPPED."""
    error: str | None = None


@dataclass
class _Active:
    stopped: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None


class GlueRunner:
    """Starts runs, one thread and one process each, and ends them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.state / "glue"
        self._lock = threading.Lock()
        self._active: dict[str, _Active] = {}
        self._closing = False

    def start(self, request: RunRequest, started: Callable[[], None], ended: Callable[[Outcome], None]) -> None:
        """Run in the background: `started` is called once the script's process is there, `ended` once, last."""
        with self._lock:
            if self._closing:
                raise RuntimeError("the AWS server is shutting down")
            self._active[request.run_id] = _Active()

        def work() -> None:
            outcome = Outcome("FAILED", "the local Glue runner failed; its log has the traceback")
            try:
                outcome = self._run(request, started)
            finally:
                with self._lock:
                    del self._active[request.run_id]
                ended(outcome)

        threading.Thread(target=work, name=f"glue-{request.run_id}", daemon=True).start()

    def stop(self, run_id: str) -> bool:
        """Ask a run to end; False if it is not going."""
        with self._lock:
            active = self._active.get(run_id)
        if active is None:
            return False
        active.stopped.set()
        if active.process:
            _end(active.process)
        return True

    def end_all(self) -> None:
        """End all runs and take no more."""
        with self._lock:
            self._closing = True
            run_ids = list(self._active)
        for run_id in run_ids:
            self.stop(run_id)

    def end_orphans(self) -> None:
        """End runs of an earlier server of this site that was killed: nobody would be told of their end."""
        for note in self._folder.glob("*/*/process.json"):
            known = json.loads(note.read_text())
            try:
                process = psutil.Process(known["pid"])
                if abs(process.create_time() - known["created"]) < 1:
                    os.killpg(process.pid, signal.SIGKILL)
                    print(f"ended {note.parent.name}, a Glue run of an earlier server", flush=True)
            except (psutil.NoSuchProcess, ProcessLookupError):
                pass  # it ended by itself
            note.unlink()

    def _run(self, request: RunRequest, started: Callable[[], None]) -> Outcome:
        folder = self._folder / request.job_name / request.run_id
        folder.mkdir(parents=True)
        out, err = folder / "stdout.log", folder / "stderr.log"
        active = self._active[request.run_id]
        note = folder / "process.json"
        try:
            launch = parse(request.arguments, job_name=request.job_name, run_id=request.run_id)
            script, environment = self._prepare(request, launch, folder)
            if active.stopped.is_set():
                return Outcome("STOPPED")
            with out.open("wb") as stdout, err.open("wb") as stderr:
                process = subprocess.Popen(
                    [sys.executable, str(script), *launch.script_arguments],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            active.process = process
            note.write_text(json.dumps({"pid": process.pid, "created": psutil.Process(process.pid).create_time()}))
            started()
            if active.stopped.is_set():
                _end(process)
            try:
                code = process.wait(timeout=request.timeout_seconds)
            except subprocess.TimeoutExpired:
                _end(process)
                return Outcome("TIMEOUT", f"Job run timed out after {request.timeout_seconds:g} seconds.")
            if active.stopped.is_set():
                return Outcome("STOPPED")
            return Outcome("SUCCEEDED") if code == 0 else Outcome("FAILED", error_message(err.read_text(), code))
        except Exception as error:  # noqa: BLE001 - whatever stops a run is the run's error, as in Glue
            err.open("a").write(f"{type(error).__name__}: {error}\n")
            return Outcome("FAILED", f"LAUNCH ERROR | {type(error).__name__}: {error}")
        finally:
            note.unlink(missing_ok=True)
            shutil.rmtree(folder / "tmp", ignore_errors=True)
            self._put_logs(request.run_id, out, err)

    def _prepare(self, request: RunRequest, launch: Launch, folder: Path) -> tuple[Path, dict[str, str]]:
        """Fetch what the run needs into its folder; gives the script's path and the process's environment."""
        library = folder / "lib"
        for sub in (library, folder / "tmp"):
            sub.mkdir()
        script = self._fetch(request.script, folder)
        for address in launch.files:
            self._fetch(address, folder)
        py_files = [self._fetch(address, library) for address in launch.py_files]
        jars = [self._fetch(address, library) for address in launch.jars]
        keep = ("HOME", "LANG", "LC_ALL", "USER", "LOGNAME")
        environment = {name: os.environ[name] for name in keep if name in os.environ}
        environment |= self._site.environment()
        for foreign in ("NOVARETAIL_SITE", "NOVARETAIL_PORT_BASE", "PUBSUB_EMULATOR_HOST"):
            del environment[foreign]
        environment |= {
            "TZ": "UTC",  # as Glue's workers
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": os.pathsep.join(str(path) for path in py_files),
            "PYTHONUNBUFFERED": "1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder / "tmp"),
            "PYSPARK_SUBMIT_ARGS": submit_arguments(
                {**self._local_properties(launch, folder), **launch.spark, **self._forced_properties()},
                [*_class_path(launch), *jars],
            ),
        }
        return script, environment

    def _local_properties(self, launch: Launch, folder: Path) -> dict[str, str]:
        """Spark properties of this machine, which the job's own may override."""
        properties = {
            "spark.driver.memory": os.environ.get(DRIVER_MEMORY, "2g"),
            "spark.sql.shuffle.partitions": "4",
            "spark.default.parallelism": "2",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "WARN",
            "spark.sql.warehouse.dir": str(folder / "tmp" / "warehouse"),
        }
        for name, value in launch.spark.items():
            if name.startswith("spark.sql.catalog.") and value == "org.apache.iceberg.aws.s3.S3FileIO":
                catalog = name.removesuffix(".io-impl")
                properties |= {
                    f"{catalog}.s3.endpoint": self._site.aws_url,
                    f"{catalog}.s3.path-style-access": "true",
                    f"{catalog}.glue.endpoint": self._site.aws_url,
                    f"{catalog}.client.region": REGION,
                }
        return properties

    def _forced_properties(self) -> dict[str, str]:
        """Spark properties that a job cannot change here: there is one machine."""
        return {
            "spark.master": f"local[{os.environ.get(DRIVER_CORES, '2')}]",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }

    def _fetch(self, address: str, folder: Path) -> Path:
        parsed = urlparse(address)
        if parsed.scheme != "s3" or not parsed.path.strip("/"):
            raise ValueError(f"{address!r} is not an s3://bucket/key address")
        target = folder / Path(parsed.path).name
        try:
            boto3.client("s3").download_file(parsed.netloc, parsed.path.lstrip("/"), str(target))
        except Exception as error:
            raise FileNotFoundError(f"{address}: {error}") from error
        return target

    def _put_logs(self, run_id: str, out: Path, err: Path) -> None:
        """Standard output and error go to the log groups that Glue uses, in a stream named by the run."""
        logs = boto3.client("logs")
        for group, path in (("/aws-glue/jobs/output", out), ("/aws-glue/jobs/error", err)):
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName=run_id)
            now = int(path.stat().st_mtime * 1000) if path.exists() else 0
            events: list[Any] = [{"timestamp": now, "message": line} for line in lines if line]
            for start in range(0, len(events), 10_000):  # PutLogEvents' limit
                logs.put_log_events(logGroupName=group, logStreamName=run_id, logEvents=events[start : start + 10_000])


def error_message(stderr: str, code: int) -> str:
    """The run's ErrorMessage: the last exception that Python reports, else the last line, else the code.

    Spark may log more after a traceback, so the last line alone is often not the error.
    """
    lines = stderr.rstrip().splitlines()
    marks = [index for index, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if marks:
        after = [index for index in range(marks[-1] + 1, len(lines)) if lines[index] and not lines[index][0].isspace()]
        if after:
            cause = lines[after[0] + 1 : after[0] + 2]
            # py4j puts the Java exception on the line below its own.
            return " ".join([lines[after[0]], *(line.removeprefix(": ") for line in cause if line.startswith(": "))])
    signalled = f"killed by {signal.Signals(-code).name}" if code < 0 else f"Command failed with exit code {code}"
    return f"{signalled}: {lines[-1]}" if lines else signalled


def _class_path(launch: Launch) -> list[Path]:
    """The Java archives that Glue's Spark has: Iceberg's only when --datalake-formats names it, as in Glue."""
    archives = sorted((TOOLCHAIN / "jars" / "spark").glob("*.jar"))
    return [path for path in archives if "iceberg" not in path.name or "iceberg" in launch.datalake_formats]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started: SIGTERM, then SIGKILL after END_SECONDS."""
    for number, seconds in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, END_SECONDS)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return
        if number == signal.SIGKILL:
            return
