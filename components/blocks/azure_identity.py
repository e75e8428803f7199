"""The identity that Azure gives a resource, which roles are assigned to."""

from __future__ import annotations

from typing import Any

from pulumi import Output


def principal_id(resource: Any) -> Output[str]:
    """Return the object id of a resource's own identity.

    Raises: ValueError if it has none: Azure would refuse the role's assignment later, and not name the reason.
    """
    return _part(resource, "principal_id")


def tenant_id(resource: Any) -> Output[str]:
    """Return the directory that the resource's identity is in. Raises: ValueError if it has none."""
    return _part(resource, "tenant_id")


def _part(resource: Any, name: str) -> Output[str]:
    def known(identity: Any) -> str:
        value = getattr(identity, name, None)
        if not isinstance(value, str) or not value:
            raise ValueError(
                f"{resource.pulumi_resource_name} has no identity of its own: declare one (SystemAssigned)"
            )
        return value

    found: Output[str] = resource.identity.apply(known)
    return found
