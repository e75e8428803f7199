"""The identity that GitHub signs for a job is one that the role it takes trusts, by the organization's own graph."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from delivery import logins
from tests.graphs.recording import ROOT, record

from .runner import workflow

REPOSITORY = "novaretail/data-backbone"
LOGIN = "./.github/actions/log-in"


def subjects(name: str, job: dict[str, Any]) -> set[str]:
    """Who a job is, for each event that starts its workflow (GitHub's reference of OpenID Connect subjects)."""
    if "environment" in job:
        return {f"repo:{REPOSITORY}:environment:{job['environment']}"}
    if "pull_request" in workflow(name)["on"]:
        return {f"repo:{REPOSITORY}:pull_request"}
    assert job["if"] == "github.ref == 'refs/heads/main'"
    return {f"repo:{REPOSITORY}:ref:refs/heads/main"}


def logged_in() -> list[Any]:
    """Every job that logs in, with each stack it does so for."""
    found = []
    for name in ("preview", "deploy", "drift"):
        for key, job in workflow(name)["jobs"].items():
            for step in job["steps"]:
                if step.get("uses") == LOGIN:
                    given = step["with"]
                    stacks = job.get("strategy", {}).get("matrix", {}).get("stack", [given["stack"]])
                    found += [
                        pytest.param(name, job, stack, given["use"], id=f"{name}-{key}-{stack}") for stack in stacks
                    ]
    return found


@pytest.mark.parametrize(("name", "job", "stack", "use"), logged_in())
def test_the_role_trusts_the_job(name: str, job: dict[str, Any], stack: str, use: Any) -> None:
    role = logins.target(stack, use)["aws_role"].split("/")[1]
    made = record("organization").one(f"delivery-{stack}-core-{use}")
    assert made.inputs["name"] == role
    trusted = made.json("assumeRolePolicy")["Statement"][0]
    claim = trusted["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]

    assert trusted["Action"] in ("sts:AssumeRoleWithWebIdentity", ["sts:AssumeRoleWithWebIdentity"])
    assert subjects(name, job) <= set(claim if isinstance(claim, list) else [claim])


@pytest.mark.parametrize("stack", ["nonprod", "prod"])
def test_a_stacks_login_is_to_its_own_account_region_and_project(stack: str) -> None:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    found = logins.target(stack, "preview")

    assert found["aws_role"] == f"arn:aws:iam::{config['novaretail:account']}:role/novaretail-preview"
    assert found["aws_region"] == config["aws:region"]
    assert found["google_project"] == config["novaretail:gcp"]["project"]
    assert found["azure_client"] != logins.target(stack, "deploy")["azure_client"]


def test_no_job_logs_in_to_the_organization() -> None:
    with pytest.raises(logins.LoginError, match="has no login for 'organization', only for nonprod, prod"):
        logins.target("organization", "deploy")
