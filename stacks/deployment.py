"""Into which account a data stack is deployed, and by which role."""

from __future__ import annotations

from components.account.deployment_target import DeploymentTarget, DeploymentTargetError, from_stack
from settings import DataStack


async def deployment_target(config: DataStack) -> DeploymentTarget:
    """What the organization's stack says of the environment, or the plain settings in its place.

    Raises: DeploymentTargetError if the organization's stack has another account, or lacks an output, or a plain
        setting is missing.
    """
    chosen = config.deployment
    if chosen.stack:
        return await from_stack(chosen.stack, role=chosen.role, environment=config.environment, account=config.account)
    return DeploymentTarget(
        role_arn=chosen.role_arn,
        deployer_arns=(chosen.role_arn,) if chosen.role_arn else (),
        organization_id=_given("organization_id", chosen.organization_id),
        log_archive_bucket=_given("log_archive_bucket", chosen.log_archive_bucket),
        log_archive_key_arn=_given("log_archive_key_arn", chosen.log_archive_key_arn),
    )


def _given(key: str, value: str | None) -> str:
    """The value of a key that the section's own checks ask for where there is no stack to read it from."""
    if value is None:
        raise DeploymentTargetError(f"novaretail:deployment.{key} is missing, and so is novaretail:deployment.stack")
    return value
