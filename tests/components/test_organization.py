"""The organization: accounts that this program never closes."""

from __future__ import annotations

from tests.components.recording import Recording


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
    assert {r.type.split(":")[1].split("/")[0] for r in organization.resources if r.custom} == {"organizations"}
