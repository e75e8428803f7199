"""Into which account a data stack is deployed, and by which role."""

from __future__ import annotations

from components.account.deployment_target import DeploymentTarget, from_stack
from settings import DataStack


async def deployment_target(config: DataStack) -> DeploymentTarget:
    """What the organization's stack says of the environment, or the plain settings in its place.

    Raises: DeploymentTargetError if the organization's stack has another account, or lacks an output.
    """
    chosen = config.deployment
    if chosen.stack:
        return await from_stack(chosen.stack, role=chosen.role, environment=config.environment, account=config.account)
    # Without a stack, the section's own checks have asked for these.
    return DeploymentTarget(
        role_arn=chosen.role_arn,
        deployer_arns=(chosen.role_arn,) if chosen.role_arn else (),
        organization_id=chosen.organization_id or "",
        log_archive_bucket=chosen.log_archive_bucket or "",
        log_archive_key_arn=chosen.log_archive_key_arn or "",
    )
