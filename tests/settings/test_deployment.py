"""By which way a stack gets into its account."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, data_of, raw_of

PLAIN = {
    "role_arn": "arn:aws:iam::210987654321:role/deploy",
    "organization_id": "o-exampleorgid",
    "log_archive_bucket": "novaretail-log-archive",
    "log_archive_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
}


def test_plain_settings_are_the_way_out_of_the_stack_reference() -> None:
    parsed = data_of(raw_of("prod") | {"deployment": PLAIN})
    assert parsed.deployment.stack is None
    assert parsed.deployment.role_arn == PLAIN["role_arn"]


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (
            {"stack": "organization/novaretail/organization", "role_arn": PLAIN["role_arn"]},
            [
                'role_arn = "arn:aws:iam::210987654321:role/deploy": it comes from the outputs of '
                "organization/novaretail/organization already. Remove it, or remove novaretail:deployment.stack."
            ],
        ),
        (
            {"stack": "organization"},
            [
                "stack = \"organization\": string should match pattern '^[^/\\s]+/[^/\\s]+/[^/\\s]+$'. "
                "Give full name of the organization's stack, such as organization/novaretail/organization."
            ],
        ),
        (
            {key: value for key, value in PLAIN.items() if key != "organization_id"},
            [
                "organization_id = null: it is missing, and so is novaretail:deployment.stack, whose outputs would "
                "have it. Give the AWS Organization's id, such as o-exampleorgid, or stack."
            ],
        ),
        (
            PLAIN | {"role": "preview"},
            [
                'role = "preview": it chooses among the roles of the organization\'s stack, and there is no '
                "novaretail:deployment.stack. Remove it, or name the stack."
            ],
        ),
        (
            {key: value for key, value in PLAIN.items() if key != "role_arn"},
            [
                "role_arn = null: only the local platform is deployed without a role. Give the role that deploys, "
                "such as arn:aws:iam::111122223333:role/deploy, or novaretail:deployment.stack."
            ],
        ),
        (
            PLAIN | {"role_arn": "arn:aws:iam::109876543210:role/deploy"},
            [
                'role_arn = "arn:aws:iam::109876543210:role/deploy": it is no role of novaretail:account '
                "(210987654321). Name the role of that account, or correct novaretail:account."
            ],
        ),
    ],
)
def test_a_stack_is_deployed_by_exactly_one_way(deployment: dict[str, str], expected: list[str]) -> None:
    problems = changed(lambda raw: raw.update(deployment=deployment))
    assert problems == [f"novaretail:deployment.{problem}" for problem in expected]
