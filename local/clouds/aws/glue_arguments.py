"""A Glue run's arguments: which of them the script gets, and which of them shape its process.

Glue hands the script every argument of the run, the special ones that only switch services on
(`--enable-metrics`, `--job-language`, `--TempDir`, `--datalake-formats`) included, so scripts must
ignore what they do not know. The ones below are for the launcher and do not reach the script.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LAUNCHER_ARGUMENTS = ("--conf", "--extra-py-files", "--extra-files", "--extra-jars")
"""Arguments that the launcher takes and the script does not see."""

REFUSED_ARGUMENTS = {
    "--additional-python-modules": "packages are not installed while a job runs here; add them to requirements.in",
}


class ArgumentError(ValueError):
    """A run's arguments cannot be carried out; the text names the argument, its value and the rule."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How to start a run's script: its own arguments, and what the launcher must provide."""

    script_arguments: tuple[str, ...]
    spark: Mapping[str, str]
    py_files: tuple[str, ...]
    files: tuple[str, ...]
    jars: tuple[str, ...]
    datalake_formats: frozenset[str]


def parse(arguments: Mapping[str, str], *, job_name: str, run_id: str) -> Launch:
    """Sort the merged arguments of a run.

    Raises: ArgumentError for a `--conf` that is not `name=value`, and for arguments that the local
    platform cannot honour.
    """
    for name, reason in REFUSED_ARGUMENTS.items():
        if name in arguments:
            raise ArgumentError(f"{name}={arguments[name]}: {reason}")
    script = ["--JOB_NAME", job_name, "--JOB_RUN_ID", run_id]
    for name, value in arguments.items():
        if name not in LAUNCHER_ARGUMENTS and name not in ("--JOB_NAME", "--JOB_RUN_ID"):
            script += [name, value]
    return Launch(
        script_arguments=tuple(script),
        spark=spark_properties(arguments.get("--conf", "")),
        py_files=_list(arguments.get("--extra-py-files", "")),
        files=_list(arguments.get("--extra-files", "")),
        jars=_list(arguments.get("--extra-jars", "")),
        datalake_formats=frozenset(_list(arguments.get("--datalake-formats", ""))),
    )


def spark_properties(conf: str) -> dict[str, str]:
    """The properties of Glue's `--conf`, which holds several in one value: `a=1 --conf b=2`.

    Raises: ArgumentError for a part that is not `name=value`.
    """
    properties: dict[str, str] = {}
    for part in re.split(r"(?:^|\s+)--conf\s+", conf.strip()):
        if not part.strip():
            continue
        name, equals, value = part.strip().partition("=")
        if not equals or not name or " " in name:
            raise ArgumentError(f"--conf: {part.strip()!r} is not name=value (several are joined by ' --conf ')")
        properties[name] = value
    return properties


def submit_arguments(properties: Mapping[str, str], class_path: Iterable[Path]) -> str:
    """PYSPARK_SUBMIT_ARGS for a driver with these properties.

    The archives are put on the driver's class path: in local mode it is the executors' too, and
    `spark.jars` would copy some hundred megabytes for every run.
    """
    words = ["--driver-class-path", ":".join(str(path) for path in class_path)] if class_path else []
    for name, value in properties.items():
        words += ["--conf", f"{name}={value}"]
    return " ".join([*map(shlex.quote, words), "pyspark-shell"])


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())
