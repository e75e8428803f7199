"""The NovaRetail data backbone: read everything that people wrote, then make the stack that the settings say."""

from __future__ import annotations

import pulumi

import contracts
import settings
from components.account.deployment_target import DeploymentTargetError
from components.blocks.protection import Replaceable
from settings import reading
from stacks.environment import environment
from stacks.organization import organization


async def build() -> None:
    """Make one stack; what is wrong in settings or contracts ends it before the first resource."""
    config = reading.load()
    data = contracts.load()
    replaceable = Replaceable(config.protection.replaceable)
    if isinstance(config, settings.OrganizationStack):
        organization(config)
    else:
        await environment(config, data)
    if problems := reading.unprotected(config, replaceable.seen):
        raise pulumi.RunError("\n".join(map(str, problems)))


async def main() -> None:
    try:
        await build()
    except (settings.SettingsError, contracts.ContractErrors, DeploymentTargetError) as error:
        # Whoever reads this wrote a stack file or a contract: the list of problems helps, a traceback does not.
        raise pulumi.RunError(str(error)) from error


pulumi.run(main)
