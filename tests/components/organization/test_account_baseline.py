"""The baseline: the same settings in every account, by that account's own provider."""

from __future__ import annotations

import pytest

from tests.graphs.recording import Recording

ACCOUNTS = {
    "management": "",
    "nonprod-core": "organization-nonprod-core-provider",
    "prod-core": "organization-prod-core-provider",
    "shared-services": "organization-shared-services-provider",
}
REGIONS = {"eu-central-1", "eu-west-1"}


@pytest.mark.parametrize(("account", "provider"), ACCOUNTS.items())
def test_an_account_shares_nothing_and_encrypts_its_volumes(
    organization: Recording, account: str, provider: str
) -> None:
    made = [r for r in organization.resources if r.parent == f"baseline-{account}"]
    assert {r.provider for r in made} == {provider}
    assert all(r.retain_on_delete for r in made)

    (block,) = [r for r in made if r.kind == "AccountPublicAccessBlock"]
    assert set(block.inputs.values()) == {True}
    assert len(block.inputs) == 4
    for kind, argument, value in (
        ("EncryptionByDefault", "enabled", True),
        ("SnapshotBlockPublicAccess", "state", "block-all-sharing"),
        ("ImageBlockPublicAccess", "state", "block-new-sharing"),
        ("InstanceMetadataDefaults", "httpTokens", "required"),
    ):
        settings = {r.inputs["region"]: r.inputs[argument] for r in made if r.kind == kind}
        assert settings == dict.fromkeys(REGIONS, value), kind


def test_the_guardrails_forbid_to_take_the_baseline_back(organization: Recording) -> None:
    text = organization.one("guardrails-data").inputs["content"]
    for action in (
        "s3:PutAccountPublicAccessBlock",
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:DisableImageBlockPublicAccess",
        "ec2:DisableSnapshotBlockPublicAccess",
    ):
        assert f'"{action}"' in text
