"""Tags of AWS resources and labels of Google Cloud's, from one place."""

from __future__ import annotations

import re
from collections.abc import Mapping

import settings


def base_tags(environment: str, tags: settings.Tags) -> dict[str, str]:
    """Return the tags that every AWS resource carries; a component may add its own."""
    return {
        "Project": "novaretail",
        "Environment": environment,
        "Owner": tags.owner,
        "CostCenter": tags.cost_center,
        "Repository": tags.repository,
        "ManagedBy": "pulumi",
    }


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as Google Cloud takes them: lower case, [a-z0-9_-], 63 characters, keys begin with a letter."""
    return {_legal(key): _legal(value) for key, value in tags.items()}


def _legal(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:63]
