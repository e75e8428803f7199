"""Where a stack is made, from its settings."""

from __future__ import annotations

import settings
from components.blocks.place import Place
from components.blocks.tagging import base_tags


def place_of(config: settings.Settings) -> Place:
    """The stack's place; its organization and its provider are known later."""
    return Place(
        environment=config.environment,
        account=config.account,
        region=config.region,
        keep_data=config.protection.keep_data,
        organization_id="",
        tags=base_tags(config.environment, config.tags),
    )
