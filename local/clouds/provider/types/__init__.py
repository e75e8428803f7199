"""The resource types: one row each, in the file of its cloud, and for what exists on a site one class below `live`.

What a program declares beyond the rows is held against its SDK's schema and kept as state, with the facts of its
cloud. A new type on the site is a row in `aws`, `azure` or `gcp`, and its class.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from local.clouds.provider.live.base import Live
from local.clouds.provider.types import aws, azure, gcp
from local.clouds.provider.types.row import Computed, Family, Made, Naming, ResourceType

__all__ = [
    "FAMILIES",
    "TYPES",
    "Computed",
    "Family",
    "Made",
    "Naming",
    "ResourceType",
    "family_of",
    "live_class",
    "live_types",
    "row_of",
]

FAMILIES = {"aws": aws.FAMILY, "azure-native": azure.FAMILY, "gcp": gcp.FAMILY}
"""By the name of the SDK's package, with which every token begins."""


def _by_token(rows: Iterable[ResourceType]) -> dict[str, ResourceType]:
    found: dict[str, ResourceType] = {}
    for row in rows:
        if row.token in found:
            raise ValueError(f"{row.token} has two rows")
        found[row.token] = row
    return found


TYPES = _by_token((*aws.ROWS, *azure.ROWS, *gcp.ROWS))


def row_of(token: str) -> ResourceType:
    """The row of a type; an empty one if it has none."""
    return TYPES.get(token) or ResourceType(token)


def family_of(token: str) -> Family:
    """What holds for the types of this one's cloud; KeyError if it is of another."""
    return FAMILIES[token.split(":", 1)[0]]


def live_types() -> frozenset[str]:
    """The tokens of the types that exist on a site."""
    return frozenset(token for token, row in TYPES.items() if row.live)


def live_class(token: str) -> type[Live]:
    """The class of a live type; KeyError if it is none."""
    live = TYPES[token].live
    if live is None:
        raise KeyError(token)
    module, name = live.split(":")
    found: type[Live] = getattr(importlib.import_module(module, "local.clouds.provider.live"), name)
    return found
