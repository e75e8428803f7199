"""The organization: accounts that this program never closes."""

from __future__ import annotations

import json

from tests.graphs.recording import Recording


def test_the_organization_has_all_features(organization: Recording) -> None:
    (made,) = organization.of("organizations/organization:Organization")
    assert made.inputs["featureSet"] == "ALL"
    assert "SERVICE_CONTROL_POLICY" in made.inputs["enabledPolicyTypes"]


def test_the_accounts_are_in_their_units_protected_and_never_closed(organization: Recording) -> None:
    accounts = {a.inputs["name"]: a for a in organization.of("organizations/account:Account")}
    assert {name: a.inputs["parentId"] for name, a in accounts.items()} == {
        "prod-core": "organization-production-id",
        "nonprod-core": "organization-non-production-id",
        "shared-services": "organization-shared-id",
    }
    for account in accounts.values():
        assert account.protect
        assert account.retain_on_delete
        assert account.inputs["closeOnDeletion"] is False
        assert account.ignore_changes == ["iamUserAccessToBilling", "roleName"]


def test_units_lie_directly_below_the_root(organization: Recording) -> None:
    assert {u.inputs["parentId"] for u in organization.of("OrganizationalUnit")} == {"r-abcd"}


def test_an_organization_stack_has_nothing_of_the_data_path(organization: Recording) -> None:
    modules = {r.type.split(":")[1].split("/")[0] for r in organization.resources if r.custom}
    assert modules.isdisjoint({"vpc", "glue", "msk", "mskconnect", "rds", "dms", "redshiftserverless", "lambda", "sfn"})
    # Of networks and machines it has what the baseline settles for an account.
    assert {r.kind for r in organization.resources if r.type.startswith("aws:ec2/")} == {
        "ImageBlockPublicAccess",
        "InstanceMetadataDefaults",
    }


def test_the_services_that_work_for_the_whole_organization_are_let_in(organization: Recording) -> None:
    (made,) = organization.of("organizations/organization:Organization")
    services = set(made.inputs["awsServiceAccessPrincipals"])
    assert {
        "access-analyzer.amazonaws.com",
        "cloudtrail.amazonaws.com",
        "guardduty.amazonaws.com",
        "iam.amazonaws.com",
        "tagpolicies.tag.amazonaws.com",
    } <= services
    assert set(made.inputs["enabledPolicyTypes"]) == {
        "RESOURCE_CONTROL_POLICY",
        "SERVICE_CONTROL_POLICY",
        "TAG_POLICY",
    }


def test_root_users_of_members_are_managed_centrally(organization: Recording) -> None:
    (features,) = organization.of("OrganizationsFeatures")
    assert features.inputs["enabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]


def test_each_account_has_a_provider_that_refuses_every_other(organization: Recording) -> None:
    providers = {r.name: r.inputs for r in organization.resources if r.type == "pulumi:providers:aws"}
    assert len(providers) == 3
    for account in ("prod-core", "nonprod-core", "shared-services"):
        inputs = providers[f"organization-{account}-provider"]
        assert json.loads(inputs["allowedAccountIds"]) == [f"organization-{account}-id"]
        (role,) = json.loads(inputs["assumeRoles"])
        assert role["roleArn"] == f"arn:aws:iam::organization-{account}-id:role/OrganizationAccountAccessRole"
        assert inputs["region"] == "eu-west-1"


def test_what_other_stacks_take_from_the_organization_is_exported(organization: Recording) -> None:
    outputs = organization.outputs
    assert outputs["organization_id"] == "organization-organization-id"
    assert outputs["accounts"]["prod-core"] == "organization-prod-core-id"
    assert outputs["log_archive_bucket"] == "novaretail-log-archive-organization-shared-services-id"
    assert outputs["log_archive_key_arn"].endswith(":log-archive-key")
