"""Where a data stack is deployed: which role a run takes, and what the program says of those that may deploy."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.account.deployment_target import DeploymentTarget, from_stack

ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
OUTPUTS = {
    "accounts": {"prod-core": ACCOUNT},
    "deploy_roles": {"prod-core": f"{ROLE}novaretail-deploy"},
    "preview_roles": {"prod-core": f"{ROLE}novaretail-preview"},
    "organization_id": "o-exampleorgid",
    "log_archive_bucket": "novaretail-log-archive",
    "log_archive_key_arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
}


class Reference:
    def __init__(self, name: str, *, stack_name: str) -> None:
        self.outputs = self

    async def future(self) -> dict[str, Any]:
        return OUTPUTS


@pytest.fixture
def zones(monkeypatch: pytest.MonkeyPatch) -> dict[str, DeploymentTarget]:
    monkeypatch.setattr(pulumi, "StackReference", Reference)
    return {
        role: asyncio.run(from_stack("o/p/organization", role=role, environment="prod", account=ACCOUNT))
        for role in ("deploy", "preview", "admin")
    }


def test_a_run_takes_the_role_that_is_asked_for(zones: dict[str, DeploymentTarget]) -> None:
    assert {role: zone.role_arn for role, zone in zones.items()} == {
        "deploy": f"{ROLE}novaretail-deploy",
        "preview": f"{ROLE}novaretail-preview",
        "admin": f"{ROLE}OrganizationAccountAccessRole",
    }


def test_who_may_deploy_does_not_depend_on_who_runs_the_program(zones: dict[str, DeploymentTarget]) -> None:
    # Else the preview of a pull request would show a change of every bucket's policy.
    assert {zone.deployer_arns for zone in zones.values()} == {
        (f"{ROLE}novaretail-deploy", f"{ROLE}OrganizationAccountAccessRole")
    }
