"""The AWS Organization: units, and one account an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

UNITS = {"prod-core": "production", "nonprod-core": "non-production", "shared-services": "shared"}
"""Account -> the unit that it is in."""
SERVICES = (
    "access-analyzer.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "guardduty.amazonaws.com",
    "ram.amazonaws.com",
    "sso.amazonaws.com",
)
_UNREADABLE = ["iamUserAccessToBilling", "roleName"]
"""AWS does not read these back, and a change of either would make the account anew."""
POLICY_TYPES = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY")


@dataclass(frozen=True, kw_only=True)
class OrganizationArgs:
    """`accounts` is name -> mail address of the root user."""

    accounts: Mapping[str, str]
    tags: Mapping[str, str]


class Organization(ComponentResource):
    """`accounts` and `units` by name; accounts are protected and never closed by this program."""

    def __init__(self, name: str, args: OrganizationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:Organization", name, {}, opts)
        kept = ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        self.organization = aws.organizations.Organization(
            f"{name}-organization",
            feature_set="ALL",
            aws_service_access_principals=list(SERVICES),
            enabled_policy_types=list(POLICY_TYPES),
            opts=kept,
        )
        root = self.organization.roots[0].id
        self.units = {
            unit: aws.organizations.OrganizationalUnit(
                f"{name}-{unit}", name=unit, parent_id=root, tags=args.tags, opts=kept
            )
            for unit in sorted(set(UNITS.values()))
        }
        self.accounts = {
            account: aws.organizations.Account(
                f"{name}-{account}",
                name=account,
                email=mail,
                parent_id=self.units[UNITS[account]].id,
                iam_user_access_to_billing="DENY",
                close_on_deletion=False,
                tags=args.tags,
                # AWS cannot read these two back, and a change of either would make the account anew.
                opts=ResourceOptions.merge(
                    kept, ResourceOptions(ignore_changes=["iamUserAccessToBilling", "roleName"])
                ),
            )
            for account, mail in sorted(args.accounts.items())
        }
        self.register_outputs({"accounts": {name: account.id for name, account in self.accounts.items()}})
