"""What is set once an account, whatever runs in it: nothing public, nothing unencrypted, no weak password.

The guardrails forbid everybody else to take these back (`components/organization/guardrails.py`).
So the organization's own role makes them here, and no environment's stack does.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

import settings
from components.blocks.place import Place


@dataclass(frozen=True, kw_only=True)
class AccountBaselineArgs:
    """Which account, and what it may use."""

    where: Place
    """The account, by its provider."""
    organization: settings.Organization
    """Which regions the account may use."""


class AccountBaseline(ComponentResource):
    """Settings of one account refuse what is public, unencrypted or weakly protected."""

    def __init__(self, name: str, args: AccountBaselineArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:AccountBaseline", name, {}, args.where.options(opts))
        # Without them the account would be open: they stay when the stack is destroyed.
        kept = ResourceOptions(parent=self, retain_on_delete=True)
        aws.s3.AccountPublicAccessBlock(
            f"{name}-s3",
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=kept,
        )
        # People come by IAM Identity Center; this holds where somebody makes an IAM user all the same (CIS 1.8, 1.9).
        aws.iam.AccountPasswordPolicy(
            f"{name}-passwords",
            minimum_password_length=14,
            password_reuse_prevention=24,
            require_lowercase_characters=True,
            require_numbers=True,
            require_symbols=True,
            require_uppercase_characters=True,
            allow_users_to_change_password=True,
            opts=kept,
        )
        for region in args.organization.regions:
            aws.ebs.EncryptionByDefault(f"{name}-{region}-volumes", region=region, enabled=True, opts=kept)
            aws.ebs.SnapshotBlockPublicAccess(
                f"{name}-{region}-snapshots", region=region, state="block-all-sharing", opts=kept
            )
            aws.ec2.ImageBlockPublicAccess(
                f"{name}-{region}-images", region=region, state="block-new-sharing", opts=kept
            )
            aws.ec2.InstanceMetadataDefaults(
                f"{name}-{region}-metadata",
                region=region,
                http_tokens="required",
                http_put_response_hop_limit=1,
                opts=kept,
            )
        self.register_outputs({})
