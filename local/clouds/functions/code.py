"""A function as it can be run: its archive and its layers unpacked, as Lambda lays out /var/task and /opt."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import urllib.request
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOWNLOAD_SECONDS = 60
BOTO3 = ("boto3", "botocore", "jmespath", "s3transfer", "dateutil", "six.py", "urllib3")
"""What Lambda's Python runtime has besides the standard library."""


class CodeError(RuntimeError):
    """A function's code cannot be fetched or unpacked."""


@dataclass(frozen=True)
class Function:
    """One function in one state of its code and configuration; equal if nothing that matters to a run differs."""

    name: str
    arn: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: tuple[tuple[str, str], ...]
    code_sha: str
    layer_arns: tuple[str, ...]


@dataclass(frozen=True)
class Unpacked:
    """Where a function's code lies."""

    task: Path
    """Stands for /var/task."""
    opt: Path
    """Stands for /opt; empty without layers."""


def function_of(configuration: Mapping[str, Any]) -> Function:
    """The part of a function's configuration (GetFunction) that decides how it runs."""
    return Function(
        name=configuration["FunctionName"],
        arn=configuration["FunctionArn"],
        handler=configuration["Handler"],
        timeout_seconds=configuration["Timeout"],
        memory_mb=configuration["MemorySize"],
        environment=tuple(sorted(configuration.get("Environment", {}).get("Variables", {}).items())),
        code_sha=configuration["CodeSha256"],
        layer_arns=tuple(layer["Arn"] for layer in configuration.get("Layers", [])),
    )


def unpack(function: Function, client: Any, folder: Path) -> Unpacked:
    """Unpack a function and its layers below `folder`, unless they are there; `client` is Lambda's.

    Raises: CodeError.
    """
    task = folder / function.name / _hex(function.code_sha) / "task"
    if not task.exists():
        _extract([client.get_function(FunctionName=function.name)["Code"]["Location"]], task, function.name)
    layers = [_layer(client, arn) for arn in function.layer_arns]
    combination = hashlib.sha256("\n".join(layer["CodeSha256"] for layer in layers).encode()).hexdigest()[:16]
    opt = folder / "layers" / combination / "opt"
    if not opt.exists():
        _extract([layer["Location"] for layer in layers], opt, function.name)
    return Unpacked(task=task, opt=opt)


def runtime_packages(folder: Path) -> Path:
    """A folder with boto3 and what it needs, and nothing else of this program's environment."""
    import boto3

    installed = Path(boto3.__file__).parents[1]
    packages = folder / "runtime"
    packages.mkdir(parents=True, exist_ok=True)
    for name in BOTO3:
        link = packages / name
        if not link.exists():
            link.unlink(missing_ok=True)  # a link to an environment that has moved
            link.symlink_to(installed / name)
    return packages


def _layer(client: Any, arn: str) -> dict[str, Any]:
    name, version = arn.split(":")[-2:]
    return client.get_layer_version(LayerName=name, VersionNumber=int(version))["Content"]


def _extract(locations: Sequence[str], target: Path, function: str) -> None:
    """Unpack archives over each other, in order, as layers are; the target appears when it is whole."""
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine's own server
    for location in locations:
        try:
            with opener.open(location, timeout=DOWNLOAD_SECONDS) as answer:
                archive = zipfile.ZipFile(io.BytesIO(answer.read()))
            archive.extractall(unfinished)  # zipfile itself keeps members inside the folder
        except (OSError, zipfile.BadZipFile) as error:
            raise CodeError(f"function {function}: the archive at {location} cannot be unpacked: {error}") from error
    unfinished.rename(target)


def _hex(base64_sha: str) -> str:
    """AWS gives sums as base64, which may hold a slash; a folder's name cannot."""
    return base64.b64decode(base64_sha).hex()[:16]
