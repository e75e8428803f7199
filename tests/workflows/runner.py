"""Runs a job of a workflow here: its `run` steps as they are, with other programs in the place of clouds and GitHub.

It knows as much of GitHub's language as the workflows use: `${{ name }}` by lookup, outputs and variables by files,
composite actions of the tree, artifacts as folders. What an action of somebody else would do is only noted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def workflow(name: str) -> dict[str, Any]:
    """A workflow as YAML 1.2 has it: `on` is a word."""
    read = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in read.items()}


def names() -> list[str]:
    return sorted(path.stem for path in WORKFLOWS.glob("*.yml"))


def action(uses: str) -> dict[str, Any]:
    """A composite action of the tree, by its path."""
    return dict(yaml.safe_load((ROOT / uses / "action.yml").read_text("utf-8")))


@dataclass
class Runner:
    """One run of a workflow; `known` has the values of expressions, `folder` what lives as long as the run."""

    folder: Path
    environment: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The actions of others that a job named, with what they were given."""
    failed: list[str] = field(default_factory=list)
    """The scripts that did not end well."""

    def job(self, name: str, job: str, **matrix: str) -> bool:
        """Run a job's steps; returns whether all of them ended well."""
        place = self.folder / f"{job}-{'-'.join(matrix.values())}"
        place.mkdir(parents=True)
        before = len(self.failed)
        known = {**self.known, **{f"matrix.{key}": value for key, value in matrix.items()}}
        self._steps(workflow(name)["jobs"][job]["steps"], known, place, {})
        return len(self.failed) == before

    def _steps(self, steps: list[Any], known: dict[str, str], place: Path, variables: dict[str, str]) -> None:
        broken = False
        for step in steps:
            if broken and "!cancelled()" not in str(step.get("if", "")):
                continue
            given = {key: self._text(value, known) for key, value in (step.get("with") or {}).items()}
            if "run" in step:
                broken = not self._script(step, known, place, variables) or broken
            elif step["uses"].startswith("./"):
                inner = {**known, **{f"inputs.{key}": value for key, value in given.items()}}
                self._steps(action(step["uses"])["runs"]["steps"], inner, place, variables)
            else:
                self._action(step["uses"], given, place)

    def _script(self, step: Mapping[str, Any], known: dict[str, str], place: Path, variables: dict[str, str]) -> bool:
        output, added = place / "output", place / "variables"
        for file in (output, added):
            file.write_text("")
        own = {key: self._text(value, known) for key, value in (step.get("env") or {}).items()}
        assert "${{" not in step["run"], "an expression inside a script can be injected into; give it by env"
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=ROOT,
            env={
                **self.environment,
                "NOVARETAIL_PLANS": str(place / "build" / "plan"),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_ENV": str(added),
                **variables,
                **own,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            known[f"steps.{step.get('id', '')}.outputs.{key}"] = value
        variables.update(dict(line.split("=", 1) for line in added.read_text().splitlines()))
        if done.returncode != 0:
            self.failed.append(f"{step['run']}\n{done.stdout}{done.stderr}")
        return done.returncode == 0

    def _action(self, uses: str, given: dict[str, str], place: Path) -> None:
        kept = self.folder / "artifacts"
        self.used.append((uses.split("@")[0], given))
        if uses.startswith("actions/upload-artifact@"):
            shutil.copytree(place / given["path"], kept / given["name"])
        elif uses.startswith("actions/download-artifact@"):
            for found in sorted(kept.glob(given["pattern"])):
                shutil.copytree(found, place / given["path"], dirs_exist_ok=True)

    def _text(self, value: Any, known: Mapping[str, str]) -> str:
        return EXPRESSION.sub(lambda found: known[found[1]], str(value))


def environment(folder: Path, programs: Path) -> dict[str, str]:
    """What a script sees: the programs of a test first, and `make` without the installations."""
    programs.mkdir(parents=True, exist_ok=True)
    make = programs / "make"
    real = shutil.which("make")
    make.write_text(f'#!/bin/sh\nexec {real} -o toolchain -o package "$@"\n')
    make.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI", "AWS", "ARM", "MAKE"))}
    return {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "novaretail/data-backbone",
        "HOME": str(folder),
    }
