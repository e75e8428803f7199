"""What really exists on a site: one class a type, named by the type's row (`local.clouds.provider.types`)."""

from __future__ import annotations

from local.clouds.provider.live.base import Clients, Live, PartlyMadeError

__all__ = ["Clients", "Live", "PartlyMadeError"]
