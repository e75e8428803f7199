"""The modules of the live types; importing one registers its classes."""

from __future__ import annotations

import importlib

MODULES: tuple[str, ...] = ()


def load() -> None:
    for module in MODULES:
        importlib.import_module(f"local.provider.live.{module}")
