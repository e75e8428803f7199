"""A lake for the tests: moto with our extensions in a process of its own, the tables of the contracts, raw rows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import boto3
import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

import contracts
from components.lake.processing import spark_conf
from local.clouds import tables
from local.clouds.aws.glue_arguments import spark_properties, submit_arguments
from local.site import REGION, ROOT, TOOLCHAIN, Site

CONTRACTS = contracts.load()
COMPILED = contracts.compile_all(CONTRACTS)
RATES = "s3://novaretail-local-datalake-raw/reference/exchange_rates/exchange_rates.csv"
EXCHANGE_BUCKET = "novaretail-local-datalake-analytics"
WORKER = ROOT / "tests/etl/worker.py"
START_SECONDS = 30

Row = tuple[int, int, str | None]
"""Partition, offset, value."""


@dataclass
class Lake:
    """The lake of one test module; `reset` empties it between tests."""

    site: Site
    folder: Path
    catalog: GlueCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = tables.catalog(self.site)

    def reset(self) -> None:
        """All tables new and empty, the rates in their place."""
        urllib.request.urlopen(urllib.request.Request(f"{self.site.aws_url}/moto-api/reset", method="POST")).close()
        s3 = boto3.client("s3")
        for zone in ("raw", "curated", "analytics"):
            s3.create_bucket(
                Bucket=f"novaretail-local-datalake-{zone}", CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        bucket, _, key = RATES.removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=key, Body=(ROOT / "contracts/reference/exchange_rates.csv").read_bytes())
        for database in sorted({t.database for t in CONTRACTS.tables}):
            self.catalog.create_namespace(database)
        for table in CONTRACTS.iceberg_tables:
            self.create(table)

    def create(self, table: contracts.Table) -> None:
        location = f"s3://novaretail-local-datalake-{table.zone}/{table.prefix}"
        self.catalog.create_table(
            (table.database, table.name),
            Schema.model_validate(table.iceberg_schema()),
            location,
            PartitionSpec.model_validate(table.iceberg_partition_spec()),
            properties=table.properties(location),
        )

    def land(self, rows: Iterable[Row], topic: str = "orders") -> int:
        """Append rows to raw as the sink would; gives the snapshot."""
        table = self.catalog.load_table(("raw", topic))
        moment = datetime(2017, 1, 2, tzinfo=UTC)
        landed = [
            {
                "value": value,
                "topic": topic,
                "partition": partition,
                "offset": offset,
                "timestamp": moment,
                "year": "2017",
                "month": "01",
                "day": "02",
            }
            for partition, offset, value in rows
        ]
        table.append(pa.Table.from_pylist(landed, schema=table.schema().as_arrow()))
        snapshot = table.current_snapshot()
        assert snapshot
        return snapshot.snapshot_id

    def rows(self, name: str) -> list[dict[str, Any]]:
        return tables.read(self.site, name).to_pylist()

    def snapshots(self, name: str) -> int:
        return len(self.catalog.load_table(name).metadata.snapshots)

    def process(self, script: Path, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a script as Glue would: its own folder, the archive on its path, Spark properties of the job."""
        return subprocess.run(
            [sys.executable, str(script), *argv],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
        )

    def curate(self, run_id: str) -> list[dict[str, Any]]:
        """Run the job curate in a process of its own; gives its log."""
        done = self.process(ROOT / "etl/jobs/curate.py", *curate_arguments(run_id))
        if done.returncode:
            raise AssertionError(f"curate ended with {done.returncode}:\n{done.stdout}\n{done.stderr[-4000:]}")
        return events(done.stdout)

    def curate_killed(self, run_id: str, step: str) -> None:
        """Run the job curate, killed by SIGKILL once a step is done."""
        self._killed(step, "run_curate", *curate_arguments(run_id))

    def publish_killed(self, run_id: str, step: str, *exchanges: str) -> None:
        """Run the job publish, killed by SIGKILL once a step is done."""
        self._killed(step, "run_publish", *publish_arguments(run_id, *exchanges))

    def _killed(self, step: str, job: str, *argv: str) -> None:
        done = self.process(WORKER, "kill", step, job, *argv)
        if done.returncode != -signal.SIGKILL:
            raise AssertionError(f"{step!r} was never done:\n{done.stdout}\n{done.stderr[-4000:]}")

    def pack(self) -> None:
        """What the program ships: the archive and the compiled contracts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(self.folder / "lakehouse.zip", "w") as archive:
            for part in ("lakehouse", "marts"):
                for file in sorted((ROOT / "etl" / part).glob("*.[ps][yq]*")):
                    archive.write(file, f"{part}/{file.name}")
        (self.folder / "contracts.json").write_text(json.dumps(COMPILED))

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a job's process; `extra` are Spark properties."""
        properties = {
            **spark_properties(spark_conf("s3://novaretail-local-datalake-curated/warehouse")),
            "spark.sql.catalog.glue_catalog.s3.path-style-access": "true",
            **SPARK_LOCAL,
            **extra,
        }
        jars = sorted((TOOLCHAIN / "jars" / "spark").glob("*.jar"))
        keep = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return {
            **keep,
            **self.site.environment(),
            "PYTHONPATH": str(self.folder / "lakehouse.zip"),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_SUBMIT_ARGS": submit_arguments(properties, jars),
        }


SPARK_LOCAL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    # For a few dozen rows compiling a query takes longer than running it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
"""Spark for small data on a small machine."""


@dataclass
class Session:
    """Several runs in one Spark session (worker.py), for what needs no process of its own."""

    lake: Lake
    process: subprocess.Popen[str]

    def curate(self, run_id: str, **steered: Any) -> list[dict[str, Any]]:
        return self.do(curate_command(run_id, **steered))

    def build_mart(self, run_id: str) -> list[dict[str, Any]]:
        return self.do({"job": "run_build_mart", "argv": [*COMMON, "--mart", "daily_sales", "--run_id", run_id]})

    def publish(self, run_id: str, *exchanges: str, **steered: Any) -> list[dict[str, Any]]:
        return self.do(publish_command(run_id, *exchanges, **steered))

    def sql(self, statement: str) -> None:
        self.do({"sql": statement})

    def do(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        """Give a command and wait for its end; gives the log.

        Raises: JobError if the job did.
        """
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the worker has no pipes")
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        found: list[dict[str, Any]] = []
        for line in stdout:
            if line.startswith("{"):
                event = json.loads(line)
                if event["event"] == "end":
                    if event["error"]:
                        raise JobError(event["error"])
                    return found
                found.append(event)
        raise AssertionError(f"the worker ended with {self.process.wait()}; its log is on standard error")


class JobError(Exception):
    """A job raised; the text has the exception's name and message."""


@contextmanager
def open_session(lake: Lake) -> Iterator[Session]:
    with subprocess.Popen(
        [sys.executable, str(WORKER), "serve"],
        cwd=lake.folder,
        # Tables are made anew between tests, behind the session's back.
        env=lake.environment(**{"spark.sql.catalog.glue_catalog.cache-enabled": "false"}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Session(lake, process)
        if process.stdin:
            process.stdin.close()


COMMON = ("--JOB_NAME", "job", "--contracts", "contracts.json", "--TempDir", "s3://somewhere/")


def curate_arguments(run_id: str) -> list[str]:
    return [*COMMON, "--dataset", "orders", "--exchange_rates", RATES, "--run_id", run_id]


def curate_command(run_id: str, **steered: Any) -> dict[str, Any]:
    """A run of curate for worker.py; `after` and `do` let something happen in its middle."""
    return {"job": "run_curate", "argv": curate_arguments(run_id), **steered}


def publish_arguments(run_id: str, *exchanges: str) -> list[str]:
    return [*COMMON, "--exchanges", json.dumps(exchanges), "--exchange_bucket", EXCHANGE_BUCKET, "--run_id", run_id]


def publish_command(run_id: str, *exchanges: str, **steered: Any) -> dict[str, Any]:
    return {"job": "run_publish", "argv": publish_arguments(run_id, *exchanges), **steered}


def events(output: str) -> list[dict[str, Any]]:
    """The log lines of a job's output."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


@contextmanager
def serve(site: Site) -> Iterator[None]:
    """moto with our extensions, for as long as the block lasts."""
    site.state.mkdir(parents=True, exist_ok=True)
    log = site.state / "aws.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.clouds.aws"],
            cwd=ROOT,
            env={**os.environ, **site.environment()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(site, process, log)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        shutil.rmtree(site.state, ignore_errors=True)


def _await(site: Site, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{site.aws_url}/moto-api/data.json", timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            sleep(0.05)
    raise AssertionError(f"the AWS server did not start:\n{log.read_text()}")


def named(log: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [e for e in log if e["event"] == event]


def compact(table: str) -> str:
    return f"CALL glue_catalog.system.rewrite_data_files(table => '{table}', options => map('rewrite-all', 'true'))"


def expire(table: str) -> str:
    """All snapshots but the present one."""
    return f"CALL glue_catalog.system.expire_snapshots(table => '{table}', older_than => TIMESTAMP '2100-01-01')"
