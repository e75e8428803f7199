"""The program under Pulumi's mocks: every registration of a stack, as plain values.

`record(stack)` runs the program of a stack's committed file in a process of its own (`program.py`), for configuration
and mocks are global in the SDK. A test run does so once a stack and set of changes, however many workers ask for it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.once import once

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("organization", "prod", "nonprod", "local")


@dataclass(frozen=True)
class Registered:
    """One resource as the engine would be asked for it; `inputs` have camelCase names."""

    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    protect: bool
    retain_on_delete: bool
    ignore_changes: list[str]
    depends_on: list[str]
    provider: str
    """The name of the explicit provider instance; empty for the default one."""

    @property
    def kind(self) -> str:
        """The last part of the type: Bucket."""
        return self.type.rsplit(":", 1)[-1]

    def json(self, name: str) -> Any:
        """An input that is JSON text, decoded."""
        return json.loads(self.inputs[name])


@dataclass(frozen=True)
class Recording:
    resources: tuple[Registered, ...]
    outputs: dict[str, Any]

    def of(self, kind: str) -> list[Registered]:
        """The resources of a kind, such as Bucket, or s3/bucket:Bucket where two modules have one."""
        return [r for r in self.resources if r.kind == kind or f":{r.type}".endswith(f":{kind}")]

    def one(self, name: str) -> Registered:
        (found,) = [r for r in self.resources if r.name == name]
        return found


@functools.cache
def record(stack: str, changes: str = "{}") -> Recording:
    """
    Args:
        changes: as JSON text, settings that take the place of the stack file's: {"novaretail:azure": {"mode": ...}}.
            Fields of a section are laid over the file's; null removes a section.
    Raises: AssertionError with the program's error if it fails.
    """
    digest = hashlib.sha256(changes.encode()).hexdigest()[:16]
    found = json.loads(once(f"graph-{stack}-{digest}.json", lambda: _run(stack, changes)))
    return Recording(tuple(Registered(**r) for r in found["resources"]), found["outputs"])


def _run(stack: str, changes: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.graphs.program", stack, changes],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the program of {stack} fails:\n{done.stderr}")
    return done.stdout


def statements(recording: Recording) -> Iterator[tuple[Registered, str, dict[str, Any]]]:
    """(resource, property, statement) of every policy document of the graph."""
    for resource in recording.resources:
        for name in ("policy", "assumeRolePolicy", "content"):
            text = resource.inputs.get(name)
            if isinstance(text, str) and text.startswith('{"Version"'):
                for statement in json.loads(text)["Statement"]:
                    yield resource, name, statement
