"""A stack's graph as text that people review: sorted, without what changes on its own.

Assets are paths, generated text is left out, policy documents are decoded, and the base tags stand once at the top.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.values import readable
from tests.graphs.recording import Recording, Registered, record

STACKS = ("organization", "prod", "nonprod")
FOLDER = Path(__file__).parent

Snapshot = dict[str, dict[str, Any]]
"""By `type name`."""


def file_of(stack: str) -> Path:
    return FOLDER / f"{stack}.json"


def snapshot(recording: Recording) -> Snapshot:
    tags = _base_tags(recording)
    types = {r.name: r.type for r in recording.resources}
    found = {f"{r.type} {r.name}": _resource(r, types, tags) for r in recording.resources}
    return {"base tags": tags, **dict(sorted(found.items()))}


def text(taken: Snapshot) -> str:
    return json.dumps(taken, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def committed(stack: str) -> Snapshot:
    return dict(json.loads(file_of(stack).read_text("utf-8")))


def write(stack: str) -> Path:
    file = file_of(stack)
    file.write_text(text(snapshot(record(stack))), "utf-8")
    return file


def _base_tags(recording: Recording) -> dict[str, Any]:
    """The tags that all tagged AWS resources share, with one value."""
    tagged = [r.inputs["tags"] for r in recording.resources if r.type.startswith("aws:") and r.inputs.get("tags")]
    first = tagged[0] if tagged else {}
    return {key: value for key, value in first.items() if all(tags.get(key) == value for tags in tagged)}


def _resource(resource: Registered, types: Mapping[str, str], base: Mapping[str, Any]) -> dict[str, Any]:
    taken: dict[str, Any] = {"parent": f"{types.get(resource.parent, '')} {resource.parent}".strip()}
    inputs = {name: readable(value) for name, value in resource.inputs.items()}
    if isinstance(inputs.get("tags"), dict):
        inputs["tags"] = {"base": True} | {k: v for k, v in inputs["tags"].items() if base.get(k) != v}
    if inputs:
        taken["inputs"] = inputs
    if resource.protect:
        taken["protect"] = True
    if resource.retain_on_delete:
        taken["retain_on_delete"] = True
    if resource.ignore_changes:
        taken["ignore_changes"] = sorted(resource.ignore_changes)
    return taken
