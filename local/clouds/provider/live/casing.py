"""Names of the SDK as AWS's APIs write them."""

from __future__ import annotations

from typing import Any


def pascal(value: Any) -> Any:
    """`{"storageClass": ..}` as `{"StorageClass": ..}`, at every depth; what is null is left out.

    Not for maps whose keys are data (tags, environment variables, properties).
    """
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: pascal(item) for name, item in value.items() if item is not None}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def camel(value: Any) -> Any:
    """The inverse of `pascal`: what an API reports, as the SDK writes it."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: camel(item) for name, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value
