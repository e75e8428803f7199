"""Detection: the account for shared services watches every other, in every region in use."""

from __future__ import annotations

from tests.graphs.recording import Recording

SHARED = "organization-shared-services-provider"
SHARED_ID = "organization-shared-services-id"
REGIONS = ["eu-central-1", "eu-west-1"]


def test_the_shared_account_is_made_administrator_by_the_management_account(organization: Recording) -> None:
    (analyzer,) = organization.of("DelegatedAdministrator")
    assert analyzer.inputs == {"accountId": SHARED_ID, "servicePrincipal": "access-analyzer.amazonaws.com"}
    (trails,) = organization.of("OrganizationDelegatedAdminAccount")
    assert trails.inputs == {"accountId": SHARED_ID}
    guards = organization.of("OrganizationAdminAccount")
    assert sorted(g.inputs["region"] for g in guards) == REGIONS
    assert {g.inputs["adminAccountId"] for g in guards} == {SHARED_ID}
    assert {r.provider for r in (analyzer, trails, *guards)} == {""}


def test_the_detector_is_there_before_the_account_is_named(organization: Recording) -> None:
    # Naming it turns GuardDuty on there; a detector could not be made any more.
    for region in REGIONS:
        named = organization.one(f"detection-{region}-administrator")
        assert {f"detection-{region}-detector", f"detection-{region}-management"} <= set(named.depends_on)
        members = organization.one(f"detection-{region}-members")
        assert named.name in members.depends_on


def test_every_account_old_and_new_is_guarded_with_the_plans_for_what_it_holds(organization: Recording) -> None:
    plans = {"LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"}
    for region in REGIONS:
        detector = organization.one(f"detection-{region}-detector")
        assert detector.provider == SHARED
        assert detector.inputs["enable"] is True
        assert organization.one(f"detection-{region}-management").provider == ""
        members = organization.one(f"detection-{region}-members")
        assert members.inputs["autoEnableOrganizationMembers"] == "ALL"
        for kind, argument, value in (
            ("OrganizationConfigurationFeature", "autoEnable", "ALL"),
            ("DetectorFeature", "status", "ENABLED"),
        ):
            features = [f for f in organization.of(kind) if f.inputs["region"] == region]
            assert {f.inputs["name"] for f in features} == plans
            assert {f.inputs[argument] for f in features} == {value}
            assert {f.inputs["detectorId"] for f in features} == {f"{detector.name}-id"}
            assert {f.provider for f in features} == {SHARED}


def test_analyzers_see_what_is_open_to_outsiders_everywhere_and_what_nobody_uses_once(organization: Recording) -> None:
    analyzers = organization.of("Analyzer")
    assert {a.provider for a in analyzers} == {SHARED}
    external = [a for a in analyzers if a.inputs["type"] == "ORGANIZATION"]
    assert sorted(a.inputs["region"] for a in external) == REGIONS
    (unused,) = [a for a in analyzers if a.inputs["type"] == "ORGANIZATION_UNUSED_ACCESS"]
    assert unused.inputs["configuration"] == {"unusedAccess": {"unusedAccessAge": 90}}
    for analyzer in analyzers:
        assert "detection-access-analyzer" in analyzer.depends_on
