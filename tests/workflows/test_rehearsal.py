"""The workflows as they run: their own scripts, with programs in the place of Pulumi, GitHub and the clouds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from delivery.comment import DRIFT_MARK, PREVIEW_MARK
from tests.delivery.plans import STEPS, step

from .fakes import install_gh, install_pulumi
from .runner import ROOT, Runner, environment

SAME = step("same", "aws:s3/bucket:Bucket", "raw", {}, {})
BY_HAND = step(
    "update", "aws:s3/bucket:Bucket", "raw", {"tags": {"zone": "raw"}}, {"tags": {"zone": "hand"}}, diffReasons=["tags"]
)
CONTEXT = {
    "github.event.pull_request.number": "7",
    "github.event.pull_request.base.sha": "HEAD",
    "github.server_url": "https://github.example",
    "github.repository": "novaretail/data-backbone",
    "github.run_id": "42",
    "github.token": "token-of-the-job",
    "github.event.before || 'none'": "HEAD",
}


class Rehearsal:
    """GitHub, a backend and two clouds' worth of stacks, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        install_gh(self.programs)
        install_pulumi(self.programs)
        self.runs = 0
        self.exit = 0

    def engine_says(self, operation: str, stack: str, steps: list[Any]) -> None:
        (self.folder / f"{operation}-{stack}.json").write_text(json.dumps({"steps": steps}))

    def start(self, **context: str) -> Runner:
        """A new run of a workflow."""
        self.runs += 1
        variables = {
            **environment(self.folder, self.programs),
            "FAKE_GITHUB": str(self.folder / "texts.json"),
            "FAKE_PULUMI_LOG": str(self.folder / "pulumi.log"),
            "FAKE_PULUMI_EXIT": str(self.exit),
            "FAKE_PLANS": str(self.folder),
        }
        return Runner(self.folder / f"run-{self.runs}", variables, {**CONTEXT, **context})

    @property
    def texts(self) -> list[dict[str, Any]]:
        """What GitHub has."""
        file = self.folder / "texts.json"
        return list(json.loads(file.read_text())) if file.exists() else []

    @property
    def asked(self) -> list[list[str]]:
        """What the engine was asked for."""
        return [json.loads(line) for line in (self.folder / "pulumi.log").read_text().splitlines()]


def role_of(asked: list[str]) -> str:
    """The role that the settings of a run name, if they are not the stack's own."""
    if "--config-file" not in asked:
        return ""
    settings = yaml.safe_load(Path(asked[asked.index("--config-file") + 1]).read_text())
    committed = yaml.safe_load((ROOT / f"Pulumi.{asked[asked.index('--stack') + 1]}.yaml").read_text())
    role = settings["config"]["novaretail:deployment"].pop("role")
    assert settings == committed
    return str(role)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path)


def preview(rehearsal: Rehearsal) -> Runner:
    """A pull request's run: every stack's plan, then the comment."""
    run = rehearsal.start()
    for stack in ("nonprod", "prod"):
        run.job("preview", "plan", stack=stack)
    run.job("preview", "comment")
    return run


def drift(rehearsal: Rehearsal) -> Runner:
    run = rehearsal.start()
    for stack in ("nonprod", "prod"):
        run.job("drift", "look", stack=stack)
    run.job("drift", "tell")
    return run


def test_a_pull_request_gets_one_comment_that_is_updated_with_the_worst_on_top(rehearsal: Rehearsal) -> None:
    rehearsal.engine_says("preview", "nonprod", [SAME])
    rehearsal.engine_says("preview", "prod", STEPS)
    first = preview(rehearsal)
    rehearsal.engine_says("preview", "prod", [SAME])
    second = preview(rehearsal)

    assert first.failed + second.failed == []
    (comment,) = rehearsal.texts
    assert comment["on"] == "7"
    assert comment["body"].startswith(PREVIEW_MARK)
    assert "**prod**: Nothing changes in this stack." in comment["body"]
    assert "https://github.example/novaretail/data-backbone/actions/runs/42" in comment["body"]
    earlier = (first.folder / "comment-" / "build" / "plan" / "comment.md").read_text()
    parts = ["| prod | 0 | **1** | **1** | **1** |", "🔴", "🟠", "🟡", "<details>"]
    assert sorted(parts, key=earlier.index) == parts


def test_a_pull_request_logs_in_to_read_only_and_runs_the_policy_pack(rehearsal: Rehearsal) -> None:
    for stack in ("nonprod", "prod"):
        rehearsal.engine_says("preview", stack, [SAME])
    run = preview(rehearsal)

    given = {name: told for name, told in run.used if name == "aws-actions/configure-aws-credentials"}
    assert given["aws-actions/configure-aws-credentials"]["role-to-assume"].endswith(":role/novaretail-preview")
    google = [told["service_account"] for name, told in run.used if name == "google-github-actions/auth"]
    assert [account.split("@")[0] for account in google] == ["preview", "preview"]
    logins = [asked for asked in rehearsal.asked if asked[0] == "login"]
    assert [asked[1] for asked in logins] == ["gs://novaretail-pulumi-state"] * 2
    plans = [asked for asked in rehearsal.asked if asked[0] == "preview"]
    for asked in plans:
        assert asked[asked.index("--policy-pack") + 1] == str(ROOT / "policy")
        assert role_of(asked) == "preview"
    assert [asked for asked in rehearsal.asked if asked[0] not in ("login", "preview")] == []


def test_a_plan_that_stops_fails_its_job_and_is_told_all_the_same(rehearsal: Rehearsal) -> None:
    rehearsal.exit = 255
    for stack in ("nonprod", "prod"):
        rehearsal.engine_says("preview", stack, [])
    run = preview(rehearsal)

    assert len(run.failed) == 3  # both plans, and the comment's own job
    (comment,) = rehearsal.texts
    assert "### prod: ⛔ the plan stops" in comment["body"]


def test_a_deployment_brings_a_stack_up_with_the_environments_role(rehearsal: Rehearsal) -> None:
    run = rehearsal.start()

    assert run.job("deploy", "nonprod")
    assert run.job("deploy", "prod")
    ups = [asked for asked in rehearsal.asked if asked[0] == "up"]
    assert [(asked[asked.index("--stack") + 1], "--yes" in asked) for asked in ups] == [
        ("nonprod", True),
        ("prod", True),
    ]
    assert [role_of(asked) for asked in ups] == ["", ""]
    roles = [told["role-to-assume"] for name, told in run.used if name == "aws-actions/configure-aws-credentials"]
    assert [role.split("/")[1] for role in roles] == ["novaretail-deploy"] * 2
    assert len({role.split(":")[4] for role in roles}) == 2


def test_a_deployment_that_fails_fails_its_job(rehearsal: Rehearsal) -> None:
    rehearsal.exit = 1

    assert not rehearsal.start().job("deploy", "nonprod")


@pytest.mark.parametrize(("before", "said"), [("HEAD", "same"), ("none", "changed"), ("0" * 40, "changed")])
def test_the_organization_waits_for_a_person_only_where_it_changed(
    rehearsal: Rehearsal, before: str, said: str
) -> None:
    run = rehearsal.start(**{"github.event.before || 'none'": before})

    assert run.job("deploy", "what")
    output = next(run.folder.glob("what-/output")).read_text()
    assert output == f"organization={said}\n"


def test_drift_fails_and_keeps_one_issue_until_all_is_as_deployed(rehearsal: Rehearsal) -> None:
    rehearsal.engine_says("refresh", "nonprod", [SAME])
    rehearsal.engine_says("refresh", "prod", [BY_HAND])
    first, second = drift(rehearsal), drift(rehearsal)

    assert len(first.failed) == len(second.failed) == 1
    (issue,) = rehearsal.texts
    assert issue["on"] == "issues"
    assert issue["state"] == "open"
    assert issue["body"].startswith(DRIFT_MARK)
    assert '`tags: {"zone": "raw"} -> {"zone": "hand"}`' in issue["body"]
    assert "**nonprod**: All is as it was deployed." in issue["body"]

    rehearsal.engine_says("refresh", "prod", [SAME])
    assert drift(rehearsal).failed == []
    assert [text["state"] for text in rehearsal.texts] == ["closed"]


def test_a_look_for_drift_changes_nothing_and_leaves_out_what_holds_keys(rehearsal: Rehearsal) -> None:
    for stack in ("nonprod", "prod"):
        rehearsal.engine_says("refresh", stack, [SAME])
    drift(rehearsal)

    looks = [asked for asked in rehearsal.asked if asked[0] == "refresh"]
    assert len(looks) == 2
    for asked in looks:
        assert {"--preview-only", "--run-program", "--json"} <= set(asked)
        assert any("aws:ec2/vpnConnection:VpnConnection" in word for word in asked)
        assert role_of(asked) == "preview"
