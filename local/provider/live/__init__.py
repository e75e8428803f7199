"""The types that really exist on a site: one small class each, registered by its type token."""

from __future__ import annotations

from local.provider.live.base import REGISTRY, Live, PartlyMadeError

__all__ = ["REGISTRY", "Live", "PartlyMadeError", "live_types"]


def live_types() -> dict[str, type[Live]]:
    """Type token -> class, of all live types."""
    from local.provider.live import modules  # imports boto3 and the rest, which a preview does without

    modules.load()
    return REGISTRY
