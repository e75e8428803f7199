"""Code of other folders as Pulumi assets, by path: what is shipped depends on the sources only.

Compiled files are left out: they change with every run, and would make every run an update.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi import Asset, AssetArchive, FileAsset, StringAsset


def sources(folder: Path, *, below: str = "") -> dict[str, Asset]:
    """Return path in the archive -> file, for each source file of a folder.

    Args:
        folder: relative to the program, as the engine's assets are.
        below: folder in the archive, such as the package's name.
    Raises: FileNotFoundError if there is none, before anything is registered.
    """
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    if not files:
        raise FileNotFoundError(f"{folder} has no source files to ship; run from the program's folder")
    prefix = f"{below}/" if below else ""
    return {f"{prefix}{file.relative_to(folder).as_posix()}": FileAsset(str(file)) for file in files}


def archive(*parts: Mapping[str, Asset]) -> AssetArchive:
    """Join several parts into one archive.

    Raises: ValueError if two parts have the same path, an error of the program.
    """
    merged: dict[str, Any] = {}
    for part in parts:
        twice = merged.keys() & part.keys()
        if twice:
            raise ValueError(f"two parts of an archive have {', '.join(sorted(twice))}")
        merged.update(part)
    return AssetArchive(merged)


def json_asset(value: Any) -> StringAsset:
    """Return a value as JSON with sorted keys, so that the same value is the same asset."""
    return StringAsset(json.dumps(value, indent=1, sort_keys=True))
