"""The recorded graphs are those of the components' tests."""

from tests.components.conftest import prod

__all__ = ["prod"]
