"""What a data stack takes from the organization: the role that deploys, and what the organization holds for it.

The organization is another stack. Its outputs are read before the first resource is made, so that a wrong account
stops the program while nothing has happened yet; read later, as an Output, they would stop it halfway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.blocks.names import ADMIN_ROLE


class DeploymentTargetError(Exception):
    """The organization does not hold what this stack needs; the message names the key, its value and the way out."""


@dataclass(frozen=True, kw_only=True)
class DeploymentTarget:
    """Where a data stack is deployed, and by whom."""

    role_arn: str | None
    """The role in the stack's account that this run takes; None runs with the caller's own rights."""
    deployer_arns: tuple[str, ...]
    """The roles that may deploy, whichever this run takes: what the program makes must not depend on who runs it."""
    organization_id: str
    log_archive_bucket: str
    """The organization's bucket for audit logs, in another account."""
    log_archive_key_arn: str
    """The key that must be used there."""

    def provider(self, name: str, *, account: str, region: str) -> aws.Provider:
        """Make the provider of all of the stack's AWS resources: it refuses every other account than `account`."""
        # As an object: a provider's arguments travel as JSON text, in which the SDK leaves a dict's names as they are.
        role = aws.ProviderAssumeRoleArgs(
            role_arn=self.role_arn, session_name=f"pulumi-{pulumi.get_project()}-{pulumi.get_stack()}"
        )
        return aws.Provider(
            name,
            region=region,
            allowed_account_ids=[account],
            assume_roles=[role] if self.role_arn else None,
        )


async def from_stack(stack: str, *, role: str, environment: str, account: str) -> DeploymentTarget:
    """Return the target of an environment, from the outputs of the organization's stack.

    Args:
        role: deploy or preview, which the organization made, or admin, which AWS made for its management account.
        account: the account that the stack's own settings name; the organization must have the same for this
            environment.
    Raises: DeploymentTargetError if it has another, or lacks an output.
    """
    reference = pulumi.StackReference("organization", stack_name=stack)
    outputs = await reference.outputs.future() or {}
    name = f"{environment}-core"
    found = _required(outputs, "accounts", stack).get(name)
    if found != account:
        raise DeploymentTargetError(
            f'novaretail:account = "{account}": the organization ({stack}) has '
            + (f"the account {found} for {name}" if found else f"no account {name}")
            + f". Set it to the account of {environment}, or correct novaretail:deployment.stack; nothing was created"
            " or changed."
        )
    deploy, admin = _role(outputs, "deploy_roles", name, stack, account), f"arn:aws:iam::{account}:role/{ADMIN_ROLE}"
    return DeploymentTarget(
        role_arn=admin if role == "admin" else _role(outputs, f"{role}_roles", name, stack, account),
        deployer_arns=(deploy, admin),
        organization_id=_required(outputs, "organization_id", stack),
        log_archive_bucket=_required(outputs, "log_archive_bucket", stack),
        log_archive_key_arn=_required(outputs, "log_archive_key_arn", stack),
    )


def _role(outputs: Mapping[str, Any], output: str, name: str, stack: str, account: str) -> str:
    role = _required(outputs, output, stack).get(name)
    if not role or role.split(":")[4] != account:
        raise DeploymentTargetError(
            f"novaretail:deployment.stack = {stack}: its output {output} has {role or 'no role'} for {name}, which"
            f" is no role of the account {account}. Apply that stack again, or name the role yourself:"
            " novaretail:deployment with role_arn in the place of stack."
        )
    return str(role)


def _required(outputs: Mapping[str, Any], name: str, stack: str) -> Any:
    value = outputs.get(name)
    if not value:
        raise DeploymentTargetError(
            f"novaretail:deployment.stack = {stack}: that stack has no output {name}. Apply it first"
            " (`pulumi up` of the organization), or give the values yourself: novaretail:deployment with role_arn,"
            " organization_id, log_archive_bucket and log_archive_key_arn in the place of stack."
        )
    return value
