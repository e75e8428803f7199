"""Which account a stack goes into: by the organization's stack, or by plain settings; a wrong one stops it at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.clouds.engine import engine as engine_module
from local.clouds.engine.engine import Engine, EngineError
from local.clouds.engine.references import ACCOUNT_TYPE, account_ids
from local.site import ROOT, Site

pytestmark = pytest.mark.engine
PLAIN = {
    "role_arn": "arn:aws:iam::210987654321:role/deploy",
    "organization_id": "o-exampleorgid",
    "log_archive_bucket": "novaretail-log-archive",
    "log_archive_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


@pytest.fixture(scope="session")
def organization_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The organization of the committed program, brought up once for all tests here."""
    site = Site(state=tmp_path_factory.mktemp("organization"))
    Engine(site, "prod").preview(site.state / "preview.json")
    return site.state / "references"


@pytest.fixture
def prod(tmp_path: Path, project: Path, organization_up: Path) -> Engine:
    shutil.copytree(organization_up, tmp_path / "site" / "references")
    return Engine(Site(state=tmp_path / "site"), "prod", project)


def change(project: Path, alter: Callable[[dict[str, Any]], object]) -> None:
    file = project / "Pulumi.prod.yaml"
    whole = yaml.safe_load(file.read_text())
    alter(whole["config"])
    file.write_text(yaml.safe_dump(whole, sort_keys=False))


def steps(project: Path) -> list[dict[str, Any]]:
    return list(json.loads((project / "build" / "preview" / "prod.json").read_text())["steps"])


def test_prod_takes_its_role_from_the_organizations_stack(prod: Engine, project: Path) -> None:
    prod.preview()
    (provider,) = [s["newState"]["inputs"] for s in steps(project) if "::pulumi:providers:aws::" in s["urn"]]

    assert [s["op"] for s in steps(project) if "StackReference" in s["urn"]] == ["read"]
    assert json.loads(provider["allowedAccountIds"]) == ["210987654321"]
    assert json.loads(provider["assumeRoles"])[0]["roleArn"] == "arn:aws:iam::210987654321:role/novaretail-deploy"


@pytest.mark.parametrize(
    ("role", "assumed"), [("preview", "novaretail-preview"), ("admin", "OrganizationAccountAccessRole")]
)
def test_a_preview_takes_the_role_that_the_settings_choose(
    prod: Engine, project: Path, role: str, assumed: str
) -> None:
    change(project, lambda config: config["novaretail:deployment"].update(role=role))
    prod.preview()
    (provider,) = [s["newState"]["inputs"] for s in steps(project) if "::pulumi:providers:aws::" in s["urn"]]

    (taken,) = json.loads(provider["assumeRoles"])
    assert taken["roleArn"] == f"arn:aws:iam::210987654321:role/{assumed}"


def test_a_preview_adds_no_stack_to_the_site(prod: Engine) -> None:
    prod.preview()

    assert not Path(prod.site.state, "pulumi").exists()
    assert replace(prod, stack="organization").state() == []


def test_an_organization_that_was_only_previewed_here_is_brought_up_beside(prod: Engine, project: Path) -> None:
    replace(prod, stack="organization").preview()
    prod.preview()

    assert any(":glue/job:Job" in step["urn"] for step in steps(project))


def test_the_organization_is_brought_up_once_for_all_previews_of_the_same_program(prod: Engine, project: Path) -> None:
    prod.preview()
    (first,) = Path(prod.site.state, "references").iterdir()
    made = first.stat().st_mtime_ns
    prod.preview()
    assert [kept.stat().st_mtime_ns for kept in Path(prod.site.state, "references").iterdir()] == [made]

    file = project / "Pulumi.organization.yaml"
    text = file.read_text()
    file.unlink()  # a link to the committed one
    file.write_text(text.replace("unused_days: 90", "unused_days: 60"))
    prod.preview()
    (other,) = Path(prod.site.state, "references").iterdir()
    assert other.name != first.name


def test_an_account_that_the_organization_does_not_have_stops_before_the_first_resource(
    prod: Engine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = account_ids(project, "novaretail") | {(ACCOUNT_TYPE, "prod-core"): "444455556666"}
    monkeypatch.setattr(engine_module, "account_ids", lambda *_: ids)

    with pytest.raises(EngineError) as raised:
        prod.preview()

    assert str(raised.value) == (
        "pulumi preview of the stack 'prod' failed:\n"
        'novaretail:account = "210987654321": the organization (organization/novaretail/organization) has the account'
        " 444455556666 for prod-core. Set it to the account of prod, or correct novaretail:deployment.stack; nothing"
        " was created or changed."
    )
    assert raised.value.resources == ()


def test_an_organization_that_lacks_an_output_is_to_be_applied_first(prod: Engine, project: Path) -> None:
    stacks = project / "stacks"
    stacks.unlink()
    shutil.copytree(ROOT / "stacks", stacks)
    file = stacks / "organization.py"
    text = file.read_text()
    assert 'pulumi.export("organization_id"' in text
    file.write_text(text.replace('pulumi.export("organization_id"', 'pulumi.export("organisation_id"'))

    with pytest.raises(EngineError) as raised:
        prod.preview()

    assert (
        "novaretail:deployment.stack = organization/novaretail/organization: that stack has no output organization_id."
        " Apply it first (`pulumi up` of the organization), or give the values yourself: novaretail:deployment with"
        " role_arn, organization_id, log_archive_bucket and log_archive_key_arn in the place of stack."
    ) in str(raised.value)
    assert raised.value.resources == ()


def test_plain_settings_need_no_other_stack(prod: Engine, project: Path) -> None:
    change(project, lambda config: config.update({"novaretail:deployment": PLAIN}))
    prod.preview()
    (provider,) = [s["newState"]["inputs"] for s in steps(project) if "::pulumi:providers:aws::" in s["urn"]]

    assert json.loads(provider["assumeRoles"])[0]["roleArn"] == PLAIN["role_arn"]
    assert [s["urn"] for s in steps(project) if "StackReference" in s["urn"]] == []
