"""The AWS Organization: units, one account an environment, and a provider for each account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

import settings
from components.blocks.names import ADMIN_ROLE
from components.blocks.place import Place

UNITS = {"prod-core": "production", "nonprod-core": "non-production", "shared-services": "shared"}
"""Account -> the unit that it is in."""
ENVIRONMENTS = {"prod-core": "prod", "nonprod-core": "nonprod", "shared-services": "shared"}
"""Account -> the environment that the repository's pipeline deploys there, by its name in both places."""
SHARED = "shared-services"
"""The account that runs what all share: log archive, GuardDuty, Access Analyzer."""
SERVICES = (
    "access-analyzer.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "guardduty.amazonaws.com",
    "iam.amazonaws.com",
    "ram.amazonaws.com",
    "sso.amazonaws.com",
    "tagpolicies.tag.amazonaws.com",
)
_UNREADABLE = ["iamUserAccessToBilling", "roleName"]
"""AWS does not read these back, and a change of either would make the account anew."""
POLICY_TYPES = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY")


@dataclass(frozen=True, kw_only=True)
class OrganizationArgs:
    """Where the management account is, and which accounts there are."""

    where: Place
    organization: settings.Organization
    """Its `accounts`: name -> mail address of the root user."""


class Organization(ComponentResource):
    """An organization holds one account an environment; this program protects the accounts and never closes one."""

    organization: aws.organizations.Organization
    units: dict[str, aws.organizations.OrganizationalUnit]
    accounts: dict[str, aws.organizations.Account]
    account_ids: dict[str, Output[str]]
    providers: dict[str, aws.Provider]
    """By an account's name: what makes resources in it, with the role that AWS makes in every account."""

    def __init__(self, name: str, args: OrganizationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:Organization", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        # The organization is no environment's data: it stays, whatever the settings say.
        kept = ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        self.organization = aws.organizations.Organization(
            f"{name}-organization",
            feature_set="ALL",
            aws_service_access_principals=list(SERVICES),
            enabled_policy_types=list(POLICY_TYPES),
            opts=kept,
        )
        # Members' root users lose their passwords and keys; the management account acts for them, a task at a time.
        aws.iam.OrganizationsFeatures(
            f"{name}-root-access",
            enabled_features=["RootCredentialsManagement", "RootSessions"],
            opts=ResourceOptions(parent=self, depends_on=[self.organization]),
        )
        root = self.organization.roots[0].id
        self.units = {
            unit: aws.organizations.OrganizationalUnit(
                f"{name}-{unit}", name=unit, parent_id=root, tags=args.where.tags, opts=kept
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
                role_name=ADMIN_ROLE,
                close_on_deletion=False,
                tags=args.where.tags,
                opts=ResourceOptions.merge(kept, ResourceOptions(ignore_changes=_UNREADABLE)),
            )
            for account, mail in sorted(args.organization.accounts.items())
        }
        self.account_ids = {account: made.id for account, made in self.accounts.items()}
        self.providers = {account: self._member(account, id_) for account, id_ in self.account_ids.items()}
        self.register_outputs({"accounts": self.account_ids})

    def _member(self, account: str, id_: Output[str]) -> aws.Provider:
        """Make a provider that takes the role AWS makes in every account of an organization, and refuses others."""
        role = Output.concat("arn:aws:iam::", id_, ":role/", ADMIN_ROLE)
        return aws.Provider(
            f"{self._name}-{account}-provider",
            region=self._args.where.region,
            allowed_account_ids=[id_],
            # Its class, for a plain dict would reach the provider with keys in Python's spelling, which it ignores.
            assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role, session_name="pulumi-novaretail-organization")],
            opts=ResourceOptions(parent=self),
        )
