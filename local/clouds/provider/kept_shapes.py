"""The shapes of the installed SDKs' types, each read once.

Importing an SDK costs seconds (gcp.compute alone takes two), so a type is read once per SDK version and kept as JSON
beside the toolchain; what is not there is read again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from local.clouds.provider.shapes import Field, Shape, Type
from local.site import TOOLCHAIN

FORMAT = 1
"""Raise it when what is kept in the JSON files changes."""


class Shapes:
    """The shapes of all installed SDKs, each read on first use. Safe for concurrent calls."""

    def __init__(self, cache: Path | None = TOOLCHAIN / "shapes") -> None:
        """`cache` is the folder of the kept JSON files; None reads every type from the SDK."""
        self._cache = cache
        self._known: dict[str, Shape | None] = {}
        self._lock = threading.Lock()  # besides, two threads must not import one SDK module at the same time

    def get(self, token: str) -> Shape | None:
        """The shape of a type; None if the installed SDK has no such type."""
        with self._lock:
            if token not in self._known:
                self._known[token] = self._load(token)
            return self._known[token]

    def _load(self, token: str) -> Shape | None:
        file = self._file(token)
        if file is not None and file.exists():
            return _from_json(json.loads(file.read_text("utf-8")))
        from local.clouds.provider import sdk  # imports pulumi: half a second that a warm start does without

        shape = sdk.read(token)
        if shape is not None and file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(asdict(shape)), "utf-8")
            part.replace(file)
        return shape

    def _file(self, token: str) -> Path | None:
        package = token.split(":", 1)[0]
        if self._cache is None:
            return None
        try:
            version = metadata.version(f"pulumi-{package}")
        except metadata.PackageNotFoundError:
            return None
        return self._cache / f"{FORMAT}-{package}-{version}" / f"{token.replace(':', '.').replace('/', '.')}.json"


def _from_json(kept: Mapping[str, Any]) -> Shape:
    objects = {name: _fields(fields) for name, fields in kept["objects"].items()}
    return Shape(kept["token"], _fields(kept["inputs"]), _fields(kept["outputs"]), objects)


def _fields(kept: Mapping[str, Any]) -> dict[str, Field]:
    return {name: Field(_type(f["type"]), f["required"], f["replaces"]) for name, f in kept.items()}


def _type(kept: Mapping[str, Any]) -> Type:
    return Type(
        kept["kind"],
        item=_type(kept["item"]) if kept["item"] else None,
        object=kept["object"],
        members=tuple(_type(member) for member in kept["members"]),
        values=tuple(kept["values"]),
        open=kept["open"],
    )
